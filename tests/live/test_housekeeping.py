"""Housekeeping: partitions are there before they are needed, and what is too old is really gone."""

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from jobs import housekeeping
from jobs.housekeeping import HousekeepingFailed, Report, run_once
from settings import get_settings
from tests import builders

NOW = datetime(2027, 3, 10, 12, 0, tzinfo=UTC)


def partitions(owner: psycopg.Connection) -> set[str]:
    rows = owner.execute(
        "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid"
        " WHERE inhparent = 'position_fix'::regclass"
    )
    return {row[0] for row in rows}


def name(day: date) -> str:
    return f"position_fix_{day:%Y%m%d}"


def old_work(owner: psycopg.Connection, number: str, day: datetime) -> None:
    """A fix, a track, a refusal and a shift of that day."""
    builders.inspector(owner, number)
    builders.shift(owner, number, day, day + timedelta(hours=8))
    owner.execute("SELECT ensure_fix_partitions(%s, %s)", (day.date(), day.date()))
    owner.execute(
        "INSERT INTO position_fix (county_code, employee_number, fixed_at, longitude, latitude, org_path)"
        " VALUES ('130202', %s, %s, 118.18, 39.63, %s)",
        (number, day, builders.SOUTH_STATION),
    )
    owner.execute(
        "INSERT INTO work_track (county_code, employee_number, day, distance_m, started_at, ended_at, org_path, line)"
        " VALUES ('130202', %s, %s, 10, %s, %s, %s,"
        " ST_GeomFromText('MULTILINESTRING((118 39, 118 39.1))', 4326))",
        (number, day.date(), day, day, builders.SOUTH_STATION),
    )
    owner.execute(
        "INSERT INTO position_rejection (day, device_id, reason, count, last_at, sample, employee_number, org_path)"
        " VALUES (%s, gen_random_uuid(), 'mock', 1, %s, '{}', %s, %s)",
        (day.date(), day, number, builders.SOUTH_STATION),
    )


def left(owner: psycopg.Connection, number: str) -> dict[str, int]:
    tables = ("position_fix", "work_track", "position_rejection", "work_shift")
    found = {}
    for table in tables:
        row = owner.execute(f"SELECT count(*) FROM {table} WHERE employee_number = %s", (number,)).fetchone()
        found[table] = row[0] if row else 0
    return found


async def test_days_ahead_have_their_partition(owner: psycopg.Connection) -> None:
    report = await run_once(NOW)
    ahead = get_settings().position.partitions_ahead_days
    wanted = {name((NOW + timedelta(days=n)).date()) for n in range(-1, ahead + 1)}
    assert wanted <= partitions(owner)
    assert report.partitions_made == len(wanted)
    assert (await run_once(NOW)).partitions_made == 0, "a second round finds all done"


async def test_a_new_partition_is_under_row_security(owner: psycopg.Connection) -> None:
    await run_once(NOW)
    rows = owner.execute(
        "SELECT relname FROM pg_class JOIN pg_inherits ON inhrelid = pg_class.oid"
        " WHERE inhparent = 'position_fix'::regclass AND NOT (relrowsecurity AND relforcerowsecurity)"
    ).fetchall()
    assert rows == []


async def test_retention_really_deletes(owner: psycopg.Connection) -> None:
    days = get_settings().position.retention_days
    old_work(owner, "OLD", NOW - timedelta(days=days + 2))
    old_work(owner, "KEPT", NOW - timedelta(days=days - 2))
    report = await run_once(NOW)
    assert left(owner, "OLD") == dict.fromkeys(left(owner, "OLD"), 0)
    assert set(left(owner, "KEPT").values()) == {1}
    gone = name((NOW - timedelta(days=days + 2)).date())
    assert gone in report.partitions_dropped
    assert gone not in partitions(owner)
    assert report.shifts_forgotten == 1


async def test_an_open_shift_is_kept_however_old(owner: psycopg.Connection) -> None:
    builders.inspector(owner, "OPEN")
    builders.shift(owner, "OPEN", NOW - timedelta(days=400))
    await run_once(NOW)
    assert left(owner, "OPEN")["work_shift"] == 1


async def test_the_feed_keeps_its_tail_and_its_newest_number(owner: psycopg.Connection) -> None:
    for number in range(5):
        owner.execute("SELECT append_change('layer', 'risk', %s, %s)", (builders.PROVINCE, f'{{"version": {number}}}'))
    owner.execute("UPDATE change_feed SET at = now() - interval '3 hours'")
    (newest,) = owner.execute("SELECT max(sequence) FROM change_feed").fetchone() or (None,)
    report = await run_once(NOW)
    assert report.feed_entries_pruned >= 4
    assert owner.execute("SELECT max(sequence) FROM change_feed").fetchone() == (newest,)


async def test_one_failed_step_keeps_no_other_from_running(
    owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_now: datetime, _report: Report) -> None:
        raise OSError("disk full")

    days = get_settings().position.retention_days
    old_work(owner, "OLD2", NOW - timedelta(days=days + 5))
    monkeypatch.setattr(housekeeping, "STEPS", (("partitions ahead", broken), *housekeeping.STEPS[1:]))
    with pytest.raises(HousekeepingFailed, match="partitions ahead: OSError"):
        await run_once(NOW)
    assert set(left(owner, "OLD2").values()) == {0}


async def test_ended_sign_ins_are_forgotten_after_a_month(owner: psycopg.Connection) -> None:
    owner.execute(
        "INSERT INTO app_user (login, display_name, password_hash, role, org_path)"
        " VALUES ('old', 'old', '-', 'lead', 'jibei')"
    )
    for hours, secret in ((24 * 60, "a"), (1, "b")):
        owner.execute(
            "INSERT INTO user_session (token_hash, user_id, created_at, revoked_at) SELECT %s, id,"
            " now() - make_interval(hours => %s), now() - make_interval(hours => %s) FROM app_user WHERE login = 'old'",
            (secret, hours, hours),
        )
    owner.execute(
        "INSERT INTO sign_in_attempt (login, address, succeeded, at)"
        " VALUES ('x', 'y', false, now() - interval '2 days')"
    )
    assert (await run_once(NOW)).sign_ins_pruned == 1
    assert owner.execute("SELECT token_hash FROM user_session").fetchall() == [("b",)]
    assert owner.execute("SELECT count(*) FROM sign_in_attempt").fetchone() == (0,)
