"""The schema shows nothing to whoever has no scope, and to a viewer only what lies below the own unit.

Made from the catalogue: a table added tomorrow is tested without a line here.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql

from tests.isolation.catalogue import NOT_OURS, ROLES, SOUTH, Table, fill, tables, take_any_row

SHARED = {
    "business_type", "anomaly_type", "rule_version", "rule_quality", "layer_version", "data_load", "tariff_version"
}  # fmt: skip
"""Catalogues without a unit: every viewer reads all of them."""
SHUT = {
    "user_session": "secrets of sign-ins, hashed",
    "sign_in_attempt": "for the throttle alone",
    "change_feed": "read by the live hub, which sorts it by scope",
    "risk_chunk_dirty": "a to-do list",
    "demo_truth": "the answer sheet",
    "learned_model": "numbers for the program; what they are worth stands in learned_panel",
    "ticket_change": "answers to changes, given again to whoever made them",
}
"""Tables that no viewer reads at all, and why."""
QUEUE = "procrastinate_"
"""Tables of background work: a library's own, for the program alone."""
ADMIN_ONLY = {"api_token", "audit_log", "app_user", "device", "data_import"}


@pytest.fixture(scope="module")
def schema(database_url) -> list[Table]:
    with psycopg.connect(database_url, autocommit=True) as owner:
        found = tables(owner)
        take_any_row(owner)
        for table in found:
            if not table.is_partition:
                for side in ("SOUTH", "NORTH") if not table.name.startswith(QUEUE) else ():
                    fill(owner, table, side)
    assert len(found) > 30
    return found


@contextmanager
def scoped(owner: psycopg.Connection, database_role: str, **scope: str) -> Iterator[None]:
    """A transaction as `data_access.engine` opens it, by hand: the database must hold whatever the program forgets."""
    with owner.transaction(force_rollback=True):
        for name, value in scope.items():
            owner.execute("SELECT set_config(%s, %s, true)", (f"gridaudit.{name}", value))
        owner.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(database_role)))
        yield


def viewer(owner: psycopg.Connection, path: str, role: str = "lead", employee: str = ""):
    return scoped(owner, "gridaudit_viewer", org_path=path, role=role, employee=employee, subject=f"{role}@{path}")


def count(owner: psycopg.Connection, table: Table, condition: str = "true") -> int | None:
    """Rows in sight; None when the role may not read the table at all."""
    try:
        with owner.transaction():
            query = sql.SQL("SELECT count(*) FROM {} WHERE " + condition).format(sql.Identifier(table.name))
            return owner.execute(query).fetchone()[0]
    except psycopg.errors.InsufficientPrivilege:
        return None


def test_every_table_has_row_security_that_binds_its_owner_too(owner, schema):
    policies = {row[0] for row in owner.execute("SELECT tablename FROM pg_policies WHERE schemaname = 'public'")}
    assert [t.name for t in schema if not (t.secured and t.forced)] == []
    assert [t.name for t in schema if t.name not in policies and not t.is_partition] == []


def test_partitions_are_reached_through_their_table_only(owner, schema):
    partitions = [table for table in schema if table.is_partition]
    assert partitions
    for table in partitions:
        for role in ROLES:
            with scoped(owner, role, org_path="jibei", role="admin"):
                assert count(owner, table) is None, (role, table.name)


def test_the_webs_roles_own_nothing_and_can_not_step_around(owner):
    owned = owner.execute(
        "SELECT relname FROM pg_class WHERE relowner::regrole::text = ANY(%(roles)s) UNION ALL"
        " SELECT proname FROM pg_proc WHERE proowner::regrole::text = ANY(%(roles)s) UNION ALL"
        " SELECT nspname FROM pg_namespace WHERE nspowner::regrole::text = ANY(%(roles)s)",
        {"roles": list(ROLES)},
    ).fetchall()
    assert owned == []
    rows = owner.execute(
        "SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolinherit FROM pg_roles"
        " WHERE rolname = ANY(%s)",
        (list(ROLES),),
    ).fetchall()
    assert sorted(rows) == sorted((role, False) for role in ROLES)
    assert owner.execute("SELECT has_schema_privilege('gridaudit_viewer', 'public', 'CREATE')").fetchone() == (False,)


def test_the_web_login_itself_reads_nothing(owner, schema):
    for table in schema:
        with scoped(owner, "gridaudit_web", org_path="jibei", role="admin"):
            assert count(owner, table) is None, table.name


@pytest.mark.parametrize("path", ["", "jibei.9999", "nowhere"])
def test_without_a_scope_there_is_nothing_to_see(owner, schema, path):
    """A forgotten or foreign scope shows no row; catalogues at most, and only to somebody with a scope."""
    for table in schema:
        if table.is_partition or (path and table.name in SHARED):
            continue
        with viewer(owner, path, "admin"):
            assert not count(owner, table), table.name


def test_a_viewer_of_one_county_sees_no_row_of_the_other(owner, schema):
    seen: dict[str, int] = {}
    for table in schema:
        if table.is_partition or "org_path" not in table.columns:
            continue
        for role in ("admin", "manager", "supervisor", "lead", "wall", "gis", "inspector"):
            with viewer(owner, SOUTH, role, "E-SOUTH"):
                assert not count(owner, table, f"NOT (org_path <@ '{SOUTH}' OR org_path @> '{SOUTH}')"), table.name
                seen[table.name] = max(seen.get(table.name, 0), count(owner, table, f"org_path <@ '{SOUTH}'") or 0)
    blind = {name for name, rows in seen.items() if rows == 0}
    assert blind == set(SHUT) & set(seen), "each table must show its own row to somebody"


def test_a_table_without_a_unit_is_a_catalogue_or_shut(schema):
    without = {t.name for t in schema if "org_path" not in t.columns and not t.is_partition}
    assert {name for name in without - set(SHUT) if not name.startswith(QUEUE)} == SHARED


def test_what_is_for_the_program_alone_no_viewer_may_even_ask_for(owner, schema):
    for table in schema:
        if table.name in SHUT or table.name.startswith(QUEUE):
            with viewer(owner, "jibei", "admin"):
                assert count(owner, table) is None, table.name


def test_an_inspector_sees_no_colleague_on_the_map(owner, schema):
    """Positions are personal: an inspector sees the own ones only (domain sheet 1.8)."""
    personal = [t for t in schema if "employee_number" in t.columns and not t.is_partition and t.name not in SHUT]
    assert {"inspector_position", "position_fix", "work_track", "work_shift"} <= {t.name for t in personal}
    for table in personal:
        with viewer(owner, SOUTH, "inspector", "E-SOMEBODY-ELSE"):
            assert not count(owner, table), table.name
        with viewer(owner, SOUTH, "gis"):
            assert not count(owner, table), table.name


def test_accounts_tokens_and_the_log_are_the_administrators(owner, schema):
    for table in schema:
        if table.name in ADMIN_ONLY:
            with viewer(owner, SOUTH, "manager"):
                assert not count(owner, table), table.name
            with viewer(owner, SOUTH, "admin"):
                assert count(owner, table) == 1, table.name


def test_a_viewer_writes_nothing_but_lines_of_the_log_about_itself(owner, schema):
    for table in schema:
        for action in ("INSERT", "UPDATE", "DELETE", "TRUNCATE"):
            allowed = owner.execute(
                "SELECT has_table_privilege('gridaudit_viewer', %s::oid, %s)", (table.oid, action)
            ).fetchone()[0]
            assert allowed == (table.name == "audit_log" and action == "INSERT"), (table.name, action)
    line = (
        "INSERT INTO audit_log (subject, role, action, object_kind, object_key, org_path)"
        " VALUES (%s, 'lead', 'viewed', 'track', 'E-SOUTH', %s)"
    )
    with viewer(owner, SOUTH):
        owner.execute(line, (f"lead@{SOUTH}", SOUTH))
        with pytest.raises(psycopg.errors.InsufficientPrivilege), owner.transaction():
            owner.execute(line, ("somebody.else", SOUTH))


def test_functions_that_run_as_their_owner_are_closed_to_the_public_and_to_other_schemas(owner):
    rows = owner.execute(
        "SELECT proname, proconfig::text, has_function_privilege('gridaudit_web', pg_proc.oid, 'EXECUTE')"
        " FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
        " AND prorettype <> 'trigger'::regtype"
        " AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')"
    ).fetchall()
    assert rows
    for name, configuration, public in rows:
        assert "search_path=public, pg_temp" in (configuration or ""), name
        assert not public, f"{name} may be run by the web's login"


def test_views_of_ours_ask_as_whoever_looks(owner):
    rows = owner.execute(
        "SELECT relname, reloptions::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('v', 'm')"
        " AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')"
    ).fetchall()
    assert [name for name, options in rows if "security_invoker=true" not in (options or "")] == []


def test_the_exceptions_still_exist(owner):
    for name in NOT_OURS:
        assert owner.execute("SELECT to_regclass(%s)", (name,)).fetchone()[0], name
