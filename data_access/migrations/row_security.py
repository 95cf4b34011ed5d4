"""How a migration gives a new table its row security, the same for every table."""

from alembic import op

IN_SCOPE = "org_path <@ (SELECT viewer_path())"
ANY_VIEWER = "(SELECT viewer_path()) IS NOT NULL"
NOBODY = "false"


def secure(policies: dict[str, str]) -> None:
    """Row security as on every table: forced, the program's role all rows, viewers what the condition lets through."""
    for table, condition in policies.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY system_all ON {table} TO gridaudit_system USING (true) WITH CHECK (true)")
        op.execute(f"CREATE POLICY owner_all ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO gridaudit_system")
        if condition == NOBODY:
            continue
        op.execute(f"CREATE POLICY viewer_read ON {table} FOR SELECT TO gridaudit_viewer USING ({condition})")
        op.execute(f"GRANT SELECT ON {table} TO gridaudit_viewer")
