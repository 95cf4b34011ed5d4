"""The events of all tickets checked: every chain read as it lies in the database, hashed anew, held to its ticket.

Counties are checked side by side, each by a process of its own that streams its rows: a million events never lie in
memory, and hashing takes as many cores as there are.
"""

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

import psycopg
from psycopg.rows import dict_row
from sqlalchemy.engine import make_url

from audit.chain import COLUMNS, ChainFault, verify
from data_access.engine import database_address

ROWS_AT_ONCE = 5_000
_COLUMNS = ", ".join("org_path::text AS org_path" if name == "org_path" else name for name in (*COLUMNS, "hash"))
_EVENTS = f"SELECT {_COLUMNS} FROM ticket_event WHERE county_code = %s ORDER BY county_code, ticket_number, sequence"  # noqa: S608 - names of our own columns
_TICKETS = "SELECT number, version, status FROM audit_ticket WHERE county_code = %s"
# Skips from county to county along the keys instead of reading them all.
_COUNTIES = """
WITH RECURSIVE found AS (
    (SELECT min(county_code) AS county FROM {table})
    UNION ALL
    SELECT (SELECT min(county_code) FROM {table} WHERE county_code > county) FROM found WHERE county IS NOT NULL
) SELECT county FROM found WHERE county IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Broken:
    """A ticket whose log does not hold, and the first row at which it breaks.

    `reason`: as in `audit.chain.ChainFault`, or `ticket` (there is no such ticket), or `status` (the ticket stands
    elsewhere than its last event says).
    """

    county: str
    ticket: str
    sequence: int
    reason: str


@dataclass(slots=True)
class Verified:
    """What was checked and what did not hold."""

    tickets: int = 0
    events: int = 0
    broken: list[Broken] = field(default_factory=list)
    seconds: float = 0.0


def verify_log(address: str | None = None, *, processes: int | None = None) -> Verified:
    """Check the events of all tickets. `address`: default the web login's; blocking, call it from a thread.

    Raises:
        psycopg.Error: the database is not there.
        data_access.engine.NoDatabase: no address is known.
    """
    began = time.monotonic()
    place = make_url(address or database_address()).set(drivername="postgresql").render_as_string(hide_password=False)
    with _connected(place) as connection:
        asked = [connection.execute(_COUNTIES.format(table=table)) for table in ("ticket_event", "audit_ticket")]
        counties = sorted({row["county"] for rows in asked for row in rows})
    whole = Verified()
    count = min(processes or os.cpu_count() or 1, max(1, len(counties)))
    for part in _checked(place, counties, count):
        whole.tickets += part.tickets
        whole.events += part.events
        whole.broken += part.broken
    whole.seconds = time.monotonic() - began
    return whole


def _checked(place: str, counties: Sequence[str], processes: int) -> Iterator[Verified]:
    if processes == 1:
        yield from (check_county(place, county) for county in counties)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(check_county, [place] * len(counties), counties)


def _connected(place: str) -> psycopg.Connection[dict[str, Any]]:
    return psycopg.connect(
        place, row_factory=dict_row, options="-c role=gridaudit_system -c timezone=UTC", connect_timeout=5
    )


def check_county(place: str, county: str) -> Verified:
    """Check the tickets of one county, in one snapshot: what is appended meanwhile is left for the next time."""
    found = Verified()
    with _connected(place) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        tickets = {row["number"]: row for row in connection.execute(_TICKETS, (county,))}
        with connection.cursor("events") as cursor:
            cursor.itersize = ROWS_AT_ONCE
            cursor.execute(_EVENTS, (county,))
            for number, rows in groupby(cursor, itemgetter("ticket_number")):
                _check_ticket(found, county, number, rows, tickets.pop(number, None))
    found.tickets += len(tickets)
    found.broken += [Broken(county, number, 1, "missing") for number in tickets]
    return found


def _check_ticket(
    found: Verified, county: str, number: str, rows: Iterable[dict[str, Any]], ticket: Mapping[str, Any] | None
) -> None:
    events = list(rows)
    found.tickets += 1
    found.events += len(events)
    fault = verify(events, expected_count=ticket["version"] if ticket else None)
    last = len(events)
    if fault is None and ticket is None:
        fault = ChainFault(number, 1, "ticket")
    elif fault is None and ticket is not None and ticket["version"] != last:
        fault = ChainFault(number, last, "sequence")
    elif fault is None and ticket is not None and ticket["status"] != events[-1]["to_status"]:
        fault = ChainFault(number, last, "status")
    if fault is not None:
        found.broken.append(Broken(county, number, fault.sequence, fault.reason))
