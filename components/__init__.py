"""Parts that several screens share: map and its layers, filters, cards, tables, charts, icons. No SQL."""
