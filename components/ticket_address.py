"""The address of the ticket list: what is shown stands in the URL, so that a link shows somebody else the same view."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import parse_qsl, urlencode

from data_access.parameters import BadParameter
from data_access.ticket_filter import PARAMETERS, Sort, TicketFilter

PATH = "/tickets"
VIEWS: Mapping[str, Mapping[str, str]] = {
    "open": {},
    "mine": {"mine": "1"},
    "overdue": {"due": "overdue"},
    "today": {"due": "today"},
    "dispatch": {"status": "10,20,30", "handler": "none"},
    "review": {"status": "80"},
    "returned": {"status": "85"},
    "closed": {"state": "closed"},
}
"""Ready-made views: a name and what stands in its address."""
_OWN = ("sort", "view", "map", "sel", "lang")
_KEPT = ("view", "map", "lang")
"""What stays when one goes to another view: how one looks, not at what."""
Look = Literal["table", "board"]


@dataclass(frozen=True, slots=True)
class Address:
    """A view of the list, read from its query."""

    query: Mapping[str, str]
    chosen: TicketFilter
    sort: Sort
    look: Look
    with_map: bool

    @classmethod
    def parse(cls, query: str | Mapping[str, str]) -> "Address":
        """Of a query text (with or without its question mark) or its values; parameters of nobody are left out.

        Raises:
            BadParameter: a value that cannot be meant.
        """
        given = dict(parse_qsl(query.removeprefix("?"))) if isinstance(query, str) else dict(query)
        values = {name: given[name] for name in (*PARAMETERS, *_OWN) if given.get(name)}
        chosen = TicketFilter.from_query(values, others=_OWN)
        look = values.get("view", "table")
        if look not in ("table", "board"):
            raise BadParameter("view", look, "table or board")
        return cls(
            values,
            chosen,
            Sort.parse(values.get("sort"), state=chosen.state),
            cast(Look, look),
            values.get("map") != "0",
        )

    def href(self, **changes: str | None) -> str:
        """The address with some values changed; None or nothing takes one out."""
        values = {**self.query, **{name: value or "" for name, value in changes.items()}}
        # Another set of tickets has another order, and what was selected may not be in it.
        values.pop("sel", None)
        return address(values)

    def view(self, name: str) -> str:
        """The address of a ready-made view, looked at as now."""
        return address({**{key: self.query[key] for key in _KEPT if key in self.query}, **VIEWS[name]})

    @property
    def filters(self) -> dict[str, str]:
        """What narrows the list, without how it is looked at."""
        return {name: value for name, value in self.query.items() if name in PARAMETERS}

    @property
    def view_name(self) -> str | None:
        """The ready-made view that this is, if it is one."""
        return next((name for name, filters in VIEWS.items() if dict(filters) == self.filters), None)

    @property
    def machine_query(self) -> str:
        """Filters and order as the doors for machines take them."""
        return urlencode({**self.filters, "sort": self.sort.text}, safe=",:")


def address(values: Mapping[str, str]) -> str:
    """`/tickets` with a query, its names in a fixed order: equal views have equal addresses."""
    known = [(name, values[name]) for name in (*PARAMETERS, *_OWN) if values.get(name)]
    return PATH + ("?" + urlencode(known, safe=",:") if known else "")


def toggled(present: frozenset[str] | frozenset[int], value: str | int) -> str:
    """A comma separated choice with one value put in or taken out, in order."""
    return ",".join(map(str, sorted({*map(str, present)} ^ {str(value)})))
