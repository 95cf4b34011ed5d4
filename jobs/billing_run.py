"""The billing of a county's month, chunk by chunk; after a crash it goes on where bills are missing.

Exactly once: a chunk's bills and the run's counts are one transaction, a chunk asks for customers without a bill, and
the primary key of `bill` has room for one regular bill a customer and month.
"""

import asyncio
import logging
import secrets

from psycopg import OperationalError
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import OperationalError as SqlOperationalError

from billing import standard_book
from data_access.bill_input import DueChunk
from data_access.billing_runs import Run, begin, chunk_work, end
from data_access.tariffs import Identifiers, TariffRowChanged
from jobs.month_bills import Certainties, MonthBills, month_bills
from jobs.month_cases import month_cases

log = logging.getLogger("gridaudit.billing")

CHUNK_CUSTOMERS = 4_000
"""One transaction: small enough to lose little in a crash, large enough that its fixed cost does not count."""
LOST_DATABASE = (OperationalError, SqlOperationalError, InterfaceError)
"""Faults that pass by themselves: the job is tried again."""


async def bill_run(county: str, number: int, *, chunk_customers: int = CHUNK_CUSTOMERS) -> None:
    """Do a run to its end. A run that was interrupted is taken up again; one that is done has nothing left to do.

    Raises:
        LookupError: no such run.
        psycopg.OperationalError, sqlalchemy.exc.DBAPIError: the database is lost; the run stays as it is.
    """
    try:
        run, identifiers = await begin(county, number)
    except TariffRowChanged as changed:
        await _fail(county, number, "tariff_changed", changed)
        raise
    try:
        await _chunks(run, identifiers, chunk_customers)
    except LOST_DATABASE:
        raise
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        await _fail(county, number, "failed", error)
        raise
    await end(county, number)
    log.info("billing run %d: %s %s done", number, county, f"{run.month:%Y-%m}")


async def _fail(county: str, number: int, code: str, error: Exception) -> None:
    reference = secrets.token_hex(4)
    log.error("billing run %d of %s failed, reference %s", number, county, reference, exc_info=error)
    await end(county, number, f"billing.error_{code}", reference)


async def _chunks(run: Run, identifiers: Identifiers, size: int) -> None:
    certainties = Certainties(standard_book())
    after = ""
    while True:
        async with chunk_work(run) as work:
            due = await work.read(after, size)
            if not due.accounts:
                return
            made = await asyncio.to_thread(_bill, due, run, identifiers, certainties)
            await work.write(made.bills, made.lines, made.failures)
        after = due.accounts[-1].number


def _bill(due: DueChunk, run: Run, identifiers: Identifiers, certainties: Certainties) -> MonthBills:
    book = standard_book()
    cases = month_cases(due, run.month, run.known_at, book)
    return month_bills(cases, run.known_at, book, identifiers, certainties)
