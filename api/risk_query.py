"""The risk filter as it stands in an address: one dependency for every door that takes it."""

from typing import Annotated

from fastapi import Query, Request

from data_access import risk
from data_access.risk_filter import RiskFilter
from data_access.scope import require_viewer

OTHERS = ("v", "palette", "scale", "zoom", "bbox", "limit", "offset", "token", "resolution")
"""Parameters beside the filter that the doors of this part take themselves."""


async def risk_filter(
    request: Request,
    business: Annotated[str | None, Query(description="Business types, comma separated, e.g. `DJ,CH`")] = None,
    anomaly: Annotated[str | None, Query(description="Anomaly types, comma separated, e.g. `DJ01`")] = None,
    level: Annotated[str | None, Query(description="Levels 1 (highest) to 4, comma separated")] = None,
    state: Annotated[
        str | None,
        Query(
            description="States, comma separated: `new`, `confirmed`, `cleared`, `in_ticket`, `confirmed_on_site`,"
            " `rejected`"
        ),
    ] = None,
    unit: Annotated[str | None, Query(description="Code of an organisation: points at or below it")] = None,
    first_day: Annotated[
        str | None, Query(alias="from", description="First day of detection, YYYY-MM-DD, Asia/Shanghai")
    ] = None,
    last_day: Annotated[
        str | None, Query(alias="to", description="Last day of detection, YYYY-MM-DD, Asia/Shanghai")
    ] = None,
    opened: Annotated[str | None, Query(alias="open", description="`1`: open points only")] = None,
) -> RiskFilter:
    """The filter of this request.

    Raises:
        data_access.parameters.BadParameter: an unknown name, or a value that cannot be meant.
    """
    given: dict[str, str] = {}
    # Read from the address itself: a name written twice is a longer list, an unknown name an error, never ignored.
    for name, value in request.query_params.multi_items():
        given[name] = f"{given[name]},{value}" if name in given else value
    return RiskFilter.from_query(given, await risk.catalogue(require_viewer()), others=OTHERS)
