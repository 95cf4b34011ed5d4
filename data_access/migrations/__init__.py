"""Alembic migrations; `data_access.migrate` runs them."""
