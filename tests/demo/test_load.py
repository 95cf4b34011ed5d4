"""Loading: everything lands in the database, is recognised when finished, and done again when interrupted."""

import json
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import argon2
import psycopg
import pytest

import demo.load as loading
from audit.chain import COLUMNS, verify
from data_access.catalogue import sync_catalogue
from data_access.demo_load import AlreadyLoaded, DatabaseNotEmpty, demo_state
from data_access.secret import digest
from demo.load import LoadReport, load, reset
from demo.size import SIZES

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
SEED = 11


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, float]]:
    return []


@pytest.fixture(scope="module")
def report(database_url: str, folder: Path, steps: list[tuple[str, float]]) -> LoadReport:
    begun = time.monotonic()
    made = load(
        database_url,
        size="small",
        seed=SEED,
        now=NOW,
        data_dir=folder,
        progress=lambda step, share: steps.append((step, share)),
    )
    print(f"\nsize small loaded in {time.monotonic() - begun:.1f} s")
    return made


@pytest.fixture(scope="module")
def loaded(report: LoadReport, database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def count(connection: psycopg.Connection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return row[0] if row else 0


def values(connection: psycopg.Connection, query: str) -> list[Any]:
    return [row[0] if len(row) == 1 else row for row in connection.execute(query)]


def test_every_table_has_its_rows(loaded: psycopg.Connection) -> None:
    size = SIZES["small"]
    expected = {
        "business_type": 9,
        "anomaly_type": 81,
        "rule_version": 81,
        "customer": size.customers,
        "meter WHERE removed_on IS NULL": size.customers,
        "transformer_district": size.districts,
        "risk_point": size.risk_points,
        "device": size.inspectors,
        "inspector_position": size.inspectors,
        "app_user": 7,
        "api_token": 1,
    }
    assert {table: count(loaded, table) for table in expected} == expected
    for table in ("feeder", "substation", "reading_section", "ticket_event", "problem", "demo_truth", "work_shift"):
        assert count(loaded, table) > 0, table
    assert count(loaded, "position_fix") > 10_000


def test_demo_data_says_that_it_is(loaded: psycopg.Connection) -> None:
    for table in ("employee", "customer", "audit_ticket", "app_user"):
        assert values(loaded, f"SELECT DISTINCT is_demo FROM {table}") == [True], table


def test_places_lie_in_their_unit(loaded: psycopg.Connection) -> None:
    for table in ("transformer_district", "customer", "risk_point", "audit_ticket"):
        outside = values(
            loaded,
            f"SELECT count(*) FROM {table} AS placed JOIN organisation ON organisation.code = placed.county_code"
            " WHERE NOT ST_Covers(boundary, location) OR NOT placed.org_path <@ organisation.org_path",
        )
        assert outside == [0], table
    assert values(loaded, "SELECT count(*) FROM organisation WHERE NOT ST_IsValid(boundary)") == [0]
    assert values(loaded, "SELECT count(*) FROM transformer_district WHERE NOT ST_IsValid(service_area)") == [0]
    assert values(loaded, "SELECT ST_NumGeometries(boundary) > 1 FROM organisation WHERE code = '1310'") == [True]


def test_the_chains_hold_after_the_way_through_the_database(loaded: psycopg.Connection) -> None:
    columns = (*COLUMNS, "hash")
    names = ", ".join("org_path::text" if column == "org_path" else column for column in columns)
    rows = [
        dict(zip(columns, row, strict=True))
        for row in loaded.execute(f"SELECT {names} FROM ticket_event ORDER BY ticket_number, sequence")
    ]
    versions = dict(values(loaded, "SELECT number, version FROM audit_ticket"))
    by_ticket: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_ticket.setdefault(row["ticket_number"], []).append(row)
    assert by_ticket.keys() == versions.keys()
    for number, chain in by_ticket.items():
        assert verify(chain, expected_count=versions[number]) is None


def test_check_ins_stand_in_the_chains_and_low_scores_have_their_reason(loaded: psycopg.Connection) -> None:
    found = values(
        loaded,
        "SELECT count(*), count(*) FILTER (WHERE event.body->>'score' = check_in.score::text),"
        " count(*) FILTER (WHERE check_in.score < 60), count(check_in.reason)"
        " FROM check_in LEFT JOIN ticket_event AS event ON event.ticket_number = check_in.ticket_number"
        " AND event.kind = 'check_in' AND event.actor = check_in.employee_number",
    )
    total, told, low, reasons = found[0]
    assert total == told > 10 and 0 < low < total / 3 and reasons >= low


def test_the_risk_layer_is_packed(loaded: psycopg.Connection) -> None:
    assert values(loaded, "SELECT sum(count) FROM risk_chunk") == [SIZES["small"].risk_points]
    assert count(loaded, "risk_chunk_dirty") == 0
    assert values(loaded, "SELECT version FROM layer_version WHERE layer = 'risk'") == [1]


def test_points_in_a_ticket_and_open_tickets_agree(loaded: psycopg.Connection) -> None:
    assert values(
        loaded,
        "SELECT count(*) FROM audit_ticket AS ticket JOIN risk_point AS point ON point.number = risk_number"
        " WHERE (closed_at IS NULL) <> (point.state = 3)",
    ) == [0]


def test_scores_keep_their_parts(loaded: psycopg.Connection) -> None:
    for score, parts in values(loaded, "SELECT score, score_parts FROM risk_point LIMIT 200"):
        assert abs(sum(float(part["points"]) for part in parts.values()) - score) <= 0.8


def test_everybody_can_sign_in_and_secrets_are_not_stored(
    loaded: psycopg.Connection, report: LoadReport, database_url: str
) -> None:
    stored = {login: (hashed, path) for login, hashed, path in values(
        loaded, "SELECT login, password_hash, org_path::text FROM app_user"
    )}  # fmt: skip
    assert [(login, role) for login, _, role, _ in report.accounts] == [
        ("manager", "manager"), ("dispatcher", "supervisor"), ("supervisor", "supervisor"), ("county", "supervisor"),
        ("lead", "lead"), ("inspector", "inspector"), ("admin", "admin"),
    ]  # fmt: skip
    hasher = argon2.PasswordHasher()
    for login, password, _, unit in report.accounts:
        assert hasher.verify(stored[login][0], password)
        assert stored[login][1].endswith(unit)
        assert stored[login][0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert values(loaded, "SELECT token_hash FROM api_token") == [digest(report.wall_token)]
    linked = values(loaded, "SELECT login, kind FROM app_user JOIN employee ON number = employee_number ORDER BY 1")
    assert linked == [
        ("county", "officer"), ("dispatcher", "officer"), ("inspector", "inspector"), ("supervisor", "officer"),
    ]  # fmt: skip


def test_the_phones_file_is_private_and_complete(loaded: psycopg.Connection, report: LoadReport) -> None:
    path = report.device_tokens_file
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    tokens = [row["token"] for row in json.loads(path.read_text(encoding="utf-8"))["inspectors"]]
    assert {digest(token) for token in tokens} == set(values(loaded, "SELECT token_hash FROM device"))


def test_steps_rise_to_the_end(report: LoadReport, steps: list[tuple[str, float]]) -> None:
    shares = [share for _, share in steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert steps[0][0] == "Stations, lines and districts"


def test_a_second_load_is_refused(loaded: psycopg.Connection, database_url: str, folder: Path) -> None:
    with pytest.raises(AlreadyLoaded, match="size small, seed 11"):
        load(database_url, size="small", seed=SEED, now=NOW, data_dir=folder)


def test_the_catalogue_can_be_brought_up_again_without_touching_rules(loaded: psycopg.Connection) -> None:
    from audit.catalogue import catalogue

    loaded.execute("UPDATE rule_version SET thresholds = '{\"own\": 1}' WHERE anomaly_code = 'DJ03'")
    loaded.execute("UPDATE anomaly_type SET name_en = 'wrong' WHERE code = 'DJ03'")
    sync_catalogue(loaded, catalogue())
    assert values(loaded, "SELECT thresholds FROM rule_version WHERE anomaly_code = 'DJ03'") == [{"own": 1}]
    assert values(loaded, "SELECT name_en FROM anomaly_type WHERE code = 'DJ03'") == ["Two-part not applied"]


def test_reset_and_interruption(
    loaded: psycopg.Connection, database_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load that stops in the middle leaves its mark and nothing else; the next one does it all."""
    reset(database_url)
    assert count(loaded, "organisation") == 0
    assert demo_state(database_url) is None

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loading, "_write_tracks", stop)
        with pytest.raises(KeyboardInterrupt):
            load(database_url, size="small", seed=SEED, now=NOW, data_dir=folder)
    state = demo_state(database_url)
    assert state is not None and state.finished_at is None
    assert count(loaded, "organisation") == count(loaded, "customer") == count(loaded, "ticket_event") == 0

    monkeypatch.setenv("GRIDAUDIT_DEMO_PASSWORD", "given by the test")
    again = load(database_url, size="small", seed=SEED, now=NOW, data_dir=folder)
    assert {password for _, password, _, _ in again.accounts} == {"given by the test"}
    state = demo_state(database_url)
    assert state is not None and state.finished_at is not None
    assert count(loaded, "customer") == SIZES["small"].customers


def test_foreign_data_is_not_mixed_with_the_demo(loaded: psycopg.Connection, database_url: str, folder: Path) -> None:
    reset(database_url)
    loaded.execute(
        "INSERT INTO organisation (code, level, name_zh, name_en, org_path) VALUES ('other', 0, '某', 'Other', 'other')"
    )
    with pytest.raises(DatabaseNotEmpty):
        load(database_url, size="small", seed=SEED, now=NOW, data_dir=folder)
    assert demo_state(database_url) is None


def test_an_owner_who_is_no_superuser_can_load(server_url: str) -> None:
    """Row security with FORCE refuses COPY to such an owner: the rows take another way in."""
    from data_access.bulk import BulkWriter

    with psycopg.connect(server_url) as connection:
        connection.execute("CREATE ROLE gridaudit_test_owner")
        connection.execute("SET ROLE gridaudit_test_owner")
        connection.execute("CREATE TEMP TABLE secured (code text, detail jsonb)")
        connection.execute("ALTER TABLE secured ENABLE ROW LEVEL SECURITY")
        connection.execute("ALTER TABLE secured FORCE ROW LEVEL SECURITY")
        connection.execute("CREATE POLICY own ON secured USING (true) WITH CHECK (true)")
        with (
            pytest.raises(psycopg.errors.FeatureNotSupported),
            connection.transaction(),
            connection.cursor().copy("COPY secured FROM STDIN") as copy,
        ):
            copy.write_row(("a", "{}"))
        writer = BulkWriter(connection)
        assert writer.write("secured", ("code", "detail"), [("a", {"n": 1}), ("b", {})]) == 2
        assert writer.write("secured", ("detail", "code"), [({}, "c")]) == 1
        assert values(connection, "SELECT code FROM secured ORDER BY 1") == ["a", "b", "c"]
        connection.rollback()
