"""Runs and their jobs: queued together, done once whatever is killed, failed with a text that may be shown."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from billing import standard_book
from data_access import billing_runs, tariffs
from data_access.billing_runs import MayNotBill, queue_history, queue_run, run_progress
from data_access.tariffs import TariffRowChanged
from jobs import billing_run
from jobs.billing_run import bill_run
from jobs.worker import make_app, revive, run_worker
from settings import ROOT
from tests.builders import NORTH, SOUTH, SOUTH_STATION, viewer
from tests.money import arrange
from tests.money.arrange import COUNTY, MONTH, RESIDENTIAL, Given, value

CUSTOMERS = 40
KILLED = """
import asyncio, os, signal, sys
import jobs.billing_run as billing_run
from data_access.billing_runs import ChunkWork
from jobs.worker import run_worker

billing_run.CHUNK_CUSTOMERS = 10
billing_run.bill_run.__kwdefaults__["chunk_customers"] = 10
write, written = ChunkWork.write, []

async def write_and_die(self, *columns):
    await write(self, *columns)
    written.append(1)
    if len(written) == 3:
        # In the transaction: two chunks are there to stay, the third was written and is not.
        os.kill(os.getpid(), signal.SIGKILL)

ChunkWork.write = write_and_die
asyncio.run(run_worker(wait=False))
"""


@pytest.fixture(scope="module", autouse=True)
def utility(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        arrange.county(owner)
        for place in range(CUSTOMERS):
            kwh = str(1000 + place)
            arrange.account(owner, f"{COUNTY}{place:06d}", Given(RESIDENTIAL, {"total": ("900", kwh)}))


@pytest.fixture(autouse=True)
def clean_queue(owner: psycopg.Connection) -> Iterator[None]:
    yield
    owner.execute("DELETE FROM procrastinate_events")
    owner.execute("DELETE FROM procrastinate_jobs")
    owner.execute("DELETE FROM procrastinate_workers")
    owner.execute("DELETE FROM billing_run")


def jobs_by_status(owner: psycopg.Connection) -> dict[str, int]:
    rows = owner.execute(
        "SELECT status::text, count(*)::int FROM procrastinate_jobs WHERE queue_name = 'billing' GROUP BY status"
    )
    return dict(rows.fetchall())


def test_a_run_and_its_job_come_into_being_together_or_not_at_all(owner: psycopg.Connection) -> None:
    with owner.transaction(force_rollback=True):
        arrange.queue(owner)
        assert value(owner, "SELECT count(*) FROM procrastinate_jobs") == 1
    assert value(owner, "SELECT count(*) FROM procrastinate_jobs") == 0
    assert value(owner, "SELECT count(*) FROM billing_run") == 0
    number = arrange.queue(owner)
    job = owner.execute("SELECT queue_name, task_name, lock, args, status::text FROM procrastinate_jobs").fetchone()
    assert job == ("billing", "bill_month", f"bill:{COUNTY}:2026-07", {"run": number, "county": COUNTY}, "todo")


async def test_who_may_ask_for_a_run(owner: psycopg.Connection) -> None:
    supervisor = viewer("jibei.1302", "supervisor")
    number = await queue_run(supervisor, COUNTY, date(2026, 7, 19))
    row = owner.execute("SELECT month, requested_by, state, org_path::text FROM billing_run WHERE id = %s", (number,))
    assert row.fetchone() == (MONTH, supervisor.subject, "queued", SOUTH)
    assert value(owner, "SELECT detail->>'month' FROM audit_log WHERE action = 'bill'") == "2026-07"
    section = await queue_run(supervisor, COUNTY, MONTH, "A")
    path = value(owner, "SELECT org_path::text FROM billing_run WHERE id = %s", section)
    assert path == SOUTH_STATION
    for wrong in (viewer(SOUTH, "inspector"), viewer(SOUTH, "manager"), viewer(NORTH, "supervisor"),
                  viewer(SOUTH_STATION, "supervisor")):  # fmt: skip
        with pytest.raises(MayNotBill):
            await queue_run(wrong, COUNTY, MONTH)
    for county, part in (("999999", None), (COUNTY, "no such section")):
        with pytest.raises(LookupError):
            await queue_run(supervisor, county, MONTH, part)


def test_the_newest_month_is_billed_first(owner: psycopg.Connection) -> None:
    count = queue_history(owner, date(2026, 5, 1), date(2026, 7, 1), "tester", datetime.now(UTC))
    assert count == 3
    order = owner.execute(
        "SELECT month FROM procrastinate_jobs JOIN billing_run ON billing_run.id = (args->>'run')::bigint"
        " ORDER BY priority DESC, procrastinate_jobs.id"
    ).fetchall()
    assert order == [(date(2026, 7, 1),), (date(2026, 6, 1),), (date(2026, 5, 1),)]


@pytest.mark.faults
async def test_a_worker_killed_in_the_middle_leaves_no_bill_twice_and_none_out(owner: psycopg.Connection) -> None:
    """SIGKILL with a chunk written but not committed; the next worker finishes the run: exactly one bill each."""
    number = arrange.queue(owner)
    dead = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", KILLED], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    assert dead.returncode == -signal.SIGKILL, dead.stderr.decode()[-2000:]
    assert value(owner, "SELECT count(*) FROM bill") == 20
    assert jobs_by_status(owner) == {"doing": 1}
    state = owner.execute("SELECT state, billed, customers FROM billing_run WHERE id = %s", (number,)).fetchone()
    assert state == ("running", 20, CUSTOMERS)

    # The dead worker's heart stopped long ago.
    owner.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
    await run_worker(wait=False)

    rows = owner.execute("SELECT customer_number, count(*) FROM bill GROUP BY 1 HAVING count(*) <> 1").fetchall()
    assert rows == []
    assert value(owner, "SELECT count(*) FROM bill") == CUSTOMERS
    assert value(owner, "SELECT count(DISTINCT customer_number) FROM bill_line") == CUSTOMERS
    state = owner.execute("SELECT state, billed, failed, attempts, total FROM billing_run").fetchone()
    assert state == ("done", CUSTOMERS, 0, 2, value(owner, "SELECT sum(total) FROM bill"))
    assert jobs_by_status(owner) == {"succeeded": 1}


async def test_two_workers_at_one_month_bill_nobody_twice(owner: psycopg.Connection) -> None:
    """As when a worker that was taken for dead still lives."""
    month = date(2026, 6, 1)
    for place in range(CUSTOMERS):
        number = f"{COUNTY}{place:06d}"
        arrange.reading(owner, number, f"M{number}-0", "total", month, "800", "period_end", date(2026, 5, 1))
    runs = [arrange.queue(owner, month), arrange.queue(owner, month)]
    await asyncio.gather(
        *(bill_run(COUNTY, run, chunk_customers=4) for run in [*runs, *runs]),
    )
    assert value(owner, "SELECT count(*) FROM bill WHERE month = %s", month) == CUSTOMERS
    assert value(owner, "SELECT sum(billed) FROM billing_run") == CUSTOMERS
    assert owner.execute("SELECT DISTINCT state FROM billing_run").fetchall() == [("done",)]


async def test_only_a_dead_workers_jobs_are_taken_up_again(owner: psycopg.Connection, database: str) -> None:
    arrange.queue(owner)
    app = make_app(database)
    async with app.open_async():
        worker = await app.job_manager.register_worker()
        assert await app.job_manager.fetch_job(["billing"], worker) is not None
        assert await revive(app) == 0
        owner.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
        assert await revive(app) == 1
    assert jobs_by_status(owner) == {"todo": 1}


async def test_a_run_that_breaks_says_a_safe_text_with_a_reference(
    owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail: password=hunter2")

    monkeypatch.setattr(billing_run, "_bill", broken)
    # The month before the arranged one: nobody has a bill of it.
    number = arrange.queue(owner, date(2026, 5, 1))
    await run_worker(wait=False)
    row = owner.execute(
        "SELECT state, error_code, error_reference FROM billing_run WHERE id = %s", (number,)
    ).fetchone()
    assert row is not None and row[:2] == ("failed", "billing.error_failed")
    assert "hunter2" not in str(row) and row[2] in caplog.text
    assert jobs_by_status(owner) == {"failed": 1}
    progress = await run_progress(viewer(SOUTH))
    assert progress["months"][0]["broken"] == 1


async def test_a_lost_database_leaves_the_run_to_be_taken_up_again(
    owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, psycopg.OperationalError("server closed the connection"))

    monkeypatch.setattr(billing_run, "_bill", lost)
    arrange.queue(owner, date(2026, 5, 1))
    await run_worker(wait=False)
    assert value(owner, "SELECT state FROM billing_run") == "running"
    assert jobs_by_status(owner) == {"todo": 1}, "tried again later"


async def test_an_edited_tariff_row_stops_the_run(owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bills name tariff rows: what a row says may be replaced by a newer row, never rewritten."""
    number = arrange.queue(owner, date(2026, 5, 1))
    await tariffs.mirror_tariffs(standard_book())
    rows = tariffs.tariff_rows(standard_book())
    rows["jibei", "jibei-line-loss-fee"]["content"]["value"] = "0.9"
    monkeypatch.setattr(tariffs, "tariff_rows", lambda _book: rows)
    monkeypatch.setattr(tariffs, "_mirrored", {})
    with pytest.raises(TariffRowChanged) as changed:
        await bill_run(COUNTY, number)
    assert changed.value.rows == ["jibei-line-loss-fee"]
    assert value(owner, "SELECT error_code FROM billing_run WHERE id = %s", number) == "billing.error_tariff_changed"


async def test_a_run_that_nobody_asked_for_is_no_run() -> None:
    with pytest.raises(LookupError):
        await bill_run(COUNTY, 0)


def test_only_the_programs_own_role_reaches_the_queue(owner: psycopg.Connection) -> None:
    reached = owner.execute(
        "SELECT role, proname FROM unnest(ARRAY['gridaudit_web', 'gridaudit_viewer']) AS role, pg_proc"
        " WHERE pronamespace = 'public'::regnamespace"
        " AND (proname LIKE 'procrastinate%' OR proname IN ('queue_billing_run', 'ensure_month_partitions'))"
        " AND has_function_privilege(role, pg_proc.oid, 'EXECUTE')"
    ).fetchall()
    assert reached == []
    assert {"admin", "supervisor"} == billing_runs.MAY_BILL
