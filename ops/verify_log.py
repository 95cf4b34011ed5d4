"""`./run verify-log`: whether the log of every ticket still says what was written; exit code 1 says where not."""

import asyncio

import typer

from data_access.verify_log import Verified, verify_log
from ops.admin import with_database

REASONS = {
    "sequence": "a row is missing, inserted or out of order",
    "previous": "the row does not continue the one before",
    "hash": "the content of the row was changed",
    "version": "the row was hashed in a way that this program does not know",
    "missing": "rows at the end are gone",
    "ticket": "there is no such ticket",
    "status": "the ticket stands elsewhere than its last event says",
}


def run_verify_log(processes: int | None = None) -> int:
    """Check all tickets, say what was found; the exit code."""

    async def work() -> Verified:
        return await asyncio.to_thread(verify_log, processes=processes)

    found = with_database(work)
    rate = found.events / found.seconds if found.seconds else 0
    typer.echo(f"{found.events:,} events of {found.tickets:,} tickets in {found.seconds:.1f} s ({rate:,.0f} a second)")
    for one in found.broken:
        typer.echo(f"{one.county} {one.ticket}: event {one.sequence}: {REASONS[one.reason]}", err=True)
    typer.echo(f"{len(found.broken):,} broken" if found.broken else "every chain holds")
    return 1 if found.broken else 0
