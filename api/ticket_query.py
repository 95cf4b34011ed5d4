"""The ticket filter as it stands in an address: one dependency for the doors that take it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Request

from data_access.ticket_filter import Sort, TicketFilter

OTHERS = ("sort", "lang", "token")


@dataclass(frozen=True, slots=True)
class TicketQuery:
    """A filter with its order, and the text that it was read from."""

    chosen: TicketFilter
    sort: Sort
    text: str


async def ticket_query(
    request: Request,
    state: Annotated[str | None, Query(description="`open` (default), `closed` or `all`")] = None,
    status: Annotated[str | None, Query(description="Status codes, comma separated, e.g. `30,40`")] = None,
    level: Annotated[str | None, Query(description="Levels 1 (highest) to 4, comma separated")] = None,
    business: Annotated[str | None, Query(description="Business types, comma separated, e.g. `DJ,CH`")] = None,
    anomaly: Annotated[str | None, Query(description="Anomaly types, comma separated, e.g. `DJ01`")] = None,
    unit: Annotated[str | None, Query(description="Code of an organisation: objects at or below it")] = None,
    due: Annotated[str | None, Query(description="`overdue`, `today` or `soon` (24 hours)")] = None,
    handler: Annotated[str | None, Query(description="Number of an inspector, or `none`")] = None,
    mine: Annotated[str | None, Query(description="`1`: what waits for the caller")] = None,
    q: Annotated[str | None, Query(description="Whole number of a ticket, customer or district")] = None,
    first_day: Annotated[str | None, Query(alias="from", description="First day, YYYY-MM-DD, Asia/Shanghai")] = None,
    last_day: Annotated[str | None, Query(alias="to", description="Last day, YYYY-MM-DD, Asia/Shanghai")] = None,
    bbox: Annotated[str | None, Query(description="`west,south,east,north` in degrees, WGS-84")] = None,
    sort: Annotated[
        str | None, Query(description="`due`, `opened`, `closed`, `number` or `level`; a minus before it turns it")
    ] = None,
) -> TicketQuery:
    """The filter and order of this request.

    Raises:
        data_access.parameters.BadParameter: an unknown name, or a value that cannot be meant.
    """
    given: dict[str, str] = {}
    # Read from the address itself: a name written twice is a longer list, an unknown name an error, never ignored.
    for name, value in request.query_params.multi_items():
        given[name] = f"{given[name]},{value}" if name in given else value
    chosen = TicketFilter.from_query(given, others=OTHERS)
    return TicketQuery(chosen, Sort.parse(sort, state=chosen.state), request.url.query)
