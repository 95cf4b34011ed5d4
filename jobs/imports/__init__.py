"""Files of another system into the tables: what can be imported, reading, checking, and the import itself."""
