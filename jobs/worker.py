"""The worker: takes jobs from the database's own queue (procrastinate) under `gridaudit_system`.

A job that a worker left behind when it was killed is taken up again: its worker's heartbeat stops, and whoever still
lives puts it back into the queue.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from procrastinate import App, PsycopgConnector, RetryStrategy
from psycopg import OperationalError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from data_access.engine import database_address
from data_access.risk_runs import counties
from data_access.roll_ups import fold
from data_access.tracks import today
from jobs.billing_run import bill_run
from jobs.imports.run import import_queued
from jobs.risk_scan import scan, scan_nightly
from jobs.rule_quality import measure_and_store, month_ends
from jobs.ticket_clock import run_clock
from jobs.work_ranking import rank_all, rank_county

log = logging.getLogger("gridaudit.worker")

QUEUES = ("billing", "tickets", "imports", "risk")
CLOCK = "*/5 * * * *"
"""How often the clocks of tickets are looked at, as cron says it."""
NIGHTLY = "40 19,21,23 * * *"
"""When the newest readings are scanned, UTC: 03:40 in Asia/Shanghai, and twice more for those that came later."""
RANKED = "10 16 * * *"
"""When work is ranked anew, UTC: ten past midnight in Asia/Shanghai, so that a week's control visits are there when it
begins. Each scan ranks its county as well.
"""
AHEAD = 1_000
"""Its priority: it takes a moment and doesn't wait for a year of bills."""
HEARTBEAT_S = 5.0
DEAD_AFTER_S = 20.0
"""A worker whose heart has not beaten for so long is taken for dead."""
STOP_WITHIN_S = 5.0
"""How long a job may go on after the worker was told to stop; then its open chunk is rolled back."""
RESTART_AFTER_S = 3.0
KEEP_HOURS = 24 * 7
"""How long a finished job stays readable."""


def make_app(address: str | None = None) -> App:
    """The app with all its tasks. `address`: default the web login's."""
    plain = make_url(address or database_address()).set(drivername="postgresql")
    connector = PsycopgConnector(
        conninfo=plain.render_as_string(hide_password=False),
        kwargs={"options": "-c timezone=UTC -c role=gridaudit_system", "connect_timeout": 5},
        min_size=1,
        max_size=4,
    )
    app = App(connector=connector)

    @app.task(
        name="bill_month",
        queue="billing",
        retry=RetryStrategy(
            max_attempts=20,
            wait=2,
            linear_wait=5,
            # Cancelled: this worker is told to stop; another one goes on.
            retry_exceptions=[OperationalError, DBAPIError, OSError, asyncio.CancelledError],  # type: ignore[list-item]
        ),
    )
    async def bill_month(county: str, run: int) -> None:
        await bill_run(county, run)

    @app.periodic(cron=CLOCK)
    @app.task(name="ticket_clock", queue="tickets", queueing_lock="ticket_clock", priority=AHEAD)
    async def ticket_clock(timestamp: int) -> None:
        await run_clock(datetime.now(UTC))

    @app.periodic(cron=CLOCK)
    @app.task(name="fold_roll_ups", queue="tickets", queueing_lock="fold_roll_ups", priority=AHEAD)
    async def fold_roll_ups(timestamp: int) -> None:
        await fold()

    @app.task(
        name="import_file",
        queue="imports",
        retry=RetryStrategy(
            max_attempts=5,
            wait=2,
            linear_wait=5,
            retry_exceptions=[OperationalError, DBAPIError, OSError, asyncio.CancelledError],  # type: ignore[list-item]
        ),
    )
    async def import_file(number: int) -> None:
        await import_queued(number)

    @app.task(
        name="risk_scan",
        queue="risk",
        retry=RetryStrategy(
            max_attempts=20,
            wait=2,
            linear_wait=5,
            retry_exceptions=[OperationalError, DBAPIError, OSError, asyncio.CancelledError],  # type: ignore[list-item]
        ),
    )
    async def risk_scan(county: str, run: int) -> None:
        await scan(county, run)
        await rank_county(county, datetime.now(UTC))

    @app.task(
        name="rule_quality",
        queue="risk",
        retry=RetryStrategy(
            max_attempts=5,
            wait=2,
            linear_wait=5,
            retry_exceptions=[OperationalError, DBAPIError, OSError, asyncio.CancelledError],  # type: ignore[list-item]
        ),
    )
    async def rule_quality(county: str) -> None:
        path = dict(await counties()).get(county)
        if path is not None:
            await measure_and_store(county, path, month_ends(today()))

    @app.periodic(cron=NIGHTLY)
    @app.task(name="risk_nightly", queue="risk", queueing_lock="risk_nightly", priority=AHEAD)
    async def risk_nightly(timestamp: int) -> None:
        await scan_nightly(datetime.now(UTC))

    @app.periodic(cron=RANKED)
    @app.task(name="rank_work", queue="risk", queueing_lock="rank_work", priority=AHEAD)
    async def rank_work(timestamp: int) -> None:
        await rank_all(datetime.now(UTC))

    return app


async def revive(app: App, dead_after_s: float = DEAD_AFTER_S) -> int:
    """Put the jobs of dead workers back into the queue; returns how many."""
    count = 0
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=dead_after_s):
        log.warning("job %s (%s) was left behind by its worker: queued again", job.id, job.task_name)
        await app.job_manager.retry_job(job)
        count += 1
    return count


async def _keep_reviving(app: App, dead_after_s: float) -> None:
    while True:
        try:
            await revive(app, dead_after_s)
            await app.job_manager.delete_old_jobs(nb_hours=KEEP_HOURS, include_failed=True)
        except Exception:
            log.warning("looking after left jobs failed, again soon", exc_info=True)
        await asyncio.sleep(dead_after_s / 2)


async def run_worker(
    address: str | None = None,
    *,
    concurrency: int = 1,
    wait: bool = True,
    heartbeat_s: float = HEARTBEAT_S,
    dead_after_s: float = DEAD_AFTER_S,
    **options: Any,
) -> None:
    """Work until cancelled; with `wait` False until the queue is empty.

    Cancelling lets the running chunk end or roll back; what is left of a run is done by the next worker.
    """
    app = make_app(address)
    async with app.open_async():
        await revive(app, dead_after_s)
        looking = asyncio.create_task(_keep_reviving(app, dead_after_s))
        try:
            await app.run_worker_async(
                queues=list(QUEUES),
                concurrency=concurrency,
                wait=wait,
                install_signal_handlers=False,
                update_heartbeat_interval=heartbeat_s,
                stalled_worker_timeout=dead_after_s,
                fetch_job_polling_interval=2.0,
                shutdown_graceful_timeout=STOP_WITHIN_S,
                **options,
            )
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking


async def keep_working(stop: asyncio.Event, *, concurrency: int = 1) -> None:
    """A worker until `stop` is set; begins anew when the database was lost."""
    while not stop.is_set():
        work = asyncio.create_task(run_worker(concurrency=concurrency))
        told = asyncio.create_task(stop.wait())
        await asyncio.wait({work, told}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if not work.done():
            work.cancel()
        try:
            await work
        except asyncio.CancelledError:
            if not stop.is_set():
                raise
        except Exception:
            log.warning("the worker stopped, begins again in %d s", RESTART_AFTER_S, exc_info=True)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(stop.wait(), RESTART_AFTER_S)
