"""Which tickets are meant, and in which order: one reading of the address for table, board, map, counts and export.

The address is read strictly, so that a mistyped view says what is wrong instead of showing something else.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from audit.catalogue import catalogue
from audit.workflow_states import CLOSED, Status
from data_access.parameters import BadParameter, parse_box, parse_day
from data_access.scope import Viewer
from settings import DISPLAY_ZONE

PARAMETERS: Final = (
    "state", "status", "level", "business", "anomaly", "unit", "due", "handler", "mine", "q", "from", "to", "bbox",
)  # fmt: skip
SORTS: Final[Mapping[str, str]] = {
    "due": "due_at",
    "opened": "opened_at",
    "closed": "closed_at",
    "number": "number",
    "level": "level",
}
"""Name in the address → column. Each has an index of its own (migration 0004); a minus before the name turns it."""
SOON = timedelta(hours=24)
SHORT_DAYS: Final = 60
STATES: Final = ("open", "closed", "all")
DUE: Final = ("overdue", "today", "soon")
_UNIT = re.compile(r"[A-Za-z0-9_]{1,32}")
_KEY = re.compile(r"[A-Za-z0-9_.\-]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter:
    """Every part narrows; an empty part leaves all. Days are calendar days in Asia/Shanghai, both inclusive."""

    state: str = "open"
    """`open`, `closed` or `all`."""
    statuses: frozenset[int] = field(default_factory=frozenset)
    levels: frozenset[int] = field(default_factory=frozenset)
    business: frozenset[str] = field(default_factory=frozenset)
    anomalies: frozenset[str] = field(default_factory=frozenset)
    unit: str | None = None
    """Code of an organisation: tickets whose object lies at or below it."""
    due: str | None = None
    """`overdue`, `today` (by the end of the day, not yet overdue) or `soon` (24 hours)."""
    handler: str | None = None
    """An inspector's number, or `none`: nobody has it yet."""
    mine: bool = False
    """What waits for the viewer: an inspector's own, or what a supervisor's unit is in charge of or reviews."""
    search: str | None = None
    """The whole number of a ticket, a customer or a district."""
    first_day: date | None = None
    last_day: date | None = None
    """Of opening; of closing where only closed ones are meant."""
    box: tuple[float, float, float, float] | None = None
    """West, south, east, north in degrees (WGS-84): tickets that lie there."""

    @classmethod
    def from_query(cls, values: Mapping[str, str], *, others: Sequence[str] = ()) -> "TicketFilter":
        """Reads `PARAMETERS`; lists are comma separated. `others` are names that belong to somebody else.

        Raises:
            BadParameter: a name nobody knows, or a value that cannot be meant.
        """
        for name in values:
            if name not in PARAMETERS and name not in others:
                raise BadParameter(name, values[name], f"one of the parameters {', '.join((*PARAMETERS, *others))}")
        given = {name: values[name].strip() for name in PARAMETERS if (values.get(name) or "").strip()}
        first, last = (parse_day(name, given[name]) if name in given else None for name in ("from", "to"))
        if first and last and first > last:
            raise BadParameter("from", first, f"a day not after to={last}")
        if given.get("mine", "0") not in ("0", "1"):
            raise BadParameter("mine", given["mine"], "1 or 0")
        return cls(
            state=_one("state", given.get("state"), STATES) or "open",
            statuses=frozenset(int(s) for s in _choices("status", given, [str(int(status)) for status in Status])),
            levels=frozenset(int(level) for level in _choices("level", given, ["1", "2", "3", "4"])),
            business=_choices("business", given, [kind.code for kind in catalogue().business_types]),
            anomalies=_choices("anomaly", given, [kind.code for kind in catalogue().anomaly_types]),
            unit=_like("unit", given.get("unit"), _UNIT, "the code of an organisation, such as 1302 or 130202"),
            due=_one("due", given.get("due"), DUE),
            handler=_like("handler", given.get("handler"), _KEY, "the number of an inspector, or none"),
            mine=given.get("mine") == "1",
            search=_like("q", given.get("q"), _KEY, "the number of a ticket, a customer or a district"),
            first_day=first,
            last_day=last,
            box=parse_box("bbox", given["bbox"]) if "bbox" in given else None,
        )

    def within(self, *, statuses: frozenset[int]) -> "TicketFilter":
        """The same, narrowed to some statuses: a column of the board."""
        return replace(self, statuses=self.statuses & statuses if self.statuses else statuses)

    def is_short(self, sort: "Sort", now: datetime) -> bool:
        """Whether days narrow the list to so few that they are read by their own index and sorted afterwards.

        The planner knows nothing of how days and another order hang together, and would read all years for a page.
        """
        column = "closed_at" if self.state == "closed" else "opened_at"
        if self.first_day is None or sort.column == column:
            return False
        last = self.last_day or now.astimezone(DISPLAY_ZONE).date()
        return (last - self.first_day).days <= SHORT_DAYS

    def kinds(self) -> list[str] | None:
        """Codes of the anomaly types that pass; None when all do."""
        if not self.business and not self.anomalies:
            return None
        return [
            kind.code
            for kind in catalogue().anomaly_types
            if (not self.anomalies or kind.code in self.anomalies)
            and (not self.business or kind.business_type in self.business)
        ]

    def conditions(
        self, viewer: Viewer, now: datetime, counties: Sequence[str] = (), *, below_county: bool = False
    ) -> tuple[str, dict[str, Any]]:
        """The filter as SQL over `audit_ticket AS ticket`: conditions joined by AND, and named parameters.

        `counties` are those that `unit` holds or lies in (the caller looks them up). Row security does the viewer's
        scope; the county is named besides where the scope has one, because that is the way in by index.
        """
        parts: list[str] = []
        values: dict[str, Any] = {}

        def narrow(condition: str, **more: Any) -> None:
            parts.append(condition)
            values.update(more)

        own_county = county_of(viewer.org_path)
        if own_county:
            narrow("ticket.county_code = :own_county", own_county=own_county)
        if self.state == "open":
            narrow("ticket.closed_at IS NULL")
        elif self.state == "closed":
            narrow("ticket.closed_at IS NOT NULL")
        if self.statuses:
            narrow("ticket.status = ANY(:statuses)", statuses=sorted(self.statuses))
        if self.levels and len(self.levels) < 4:
            narrow("ticket.level = ANY(:levels)", levels=sorted(self.levels))
        kinds = self.kinds()
        if kinds is not None:
            narrow("ticket.anomaly_code = ANY(:kinds)", kinds=kinds)
        if self.unit:
            # Counties say it all for a city or a county; of a match of paths the planner knows nothing.
            narrow("ticket.county_code = ANY(:counties)", counties=list(counties))
            if below_county:
                narrow("ticket.org_path ~ CAST(:unit AS lquery)", unit=f"*.{self.unit}.*")
        self._time(narrow, now)
        self._people(narrow, viewer)
        if self.search:
            narrow(_SEARCH, search=self.search)
        if self.box:
            narrow(
                "ticket.location && ST_MakeEnvelope(:west, :south, :east, :north, 4326)",
                **dict(zip(("west", "south", "east", "north"), self.box, strict=True)),
            )
        return " AND ".join(parts) or "true", values

    def _time(self, narrow: Any, now: datetime) -> None:
        tomorrow = _midnight(now.astimezone(DISPLAY_ZONE).date() + timedelta(days=1))
        # Written for each side, so that the planner sees values and takes the index on due_at.
        if self.due == "overdue":
            narrow("ticket.due_at < :now AND ticket.status <> 55", now=now)
        elif self.due == "today":
            narrow("ticket.due_at >= :now AND ticket.due_at < :tomorrow", now=now, tomorrow=tomorrow)
        elif self.due == "soon":
            narrow("ticket.due_at >= :now AND ticket.due_at < :soon", now=now, soon=now + SOON)
        column = "ticket.closed_at" if self.state == "closed" else "ticket.opened_at"
        if self.first_day:
            narrow(f"{column} >= :first_moment", first_moment=_midnight(self.first_day))
        if self.last_day:
            narrow(f"{column} < :end_moment", end_moment=_midnight(self.last_day + timedelta(days=1)))

    def _people(self, narrow: Any, viewer: Viewer) -> None:
        if self.handler == "none":
            narrow("ticket.handler_number IS NULL")
        elif self.handler:
            narrow("ticket.handler_number = :handler", handler=self.handler)
        if self.mine and viewer.role == "inspector":
            narrow("ticket.handler_number = :me", me=viewer.employee_number or "")
        elif self.mine:
            narrow(
                "(ticket.assigned_unit = :my_unit OR (ticket.status = 80 AND ticket.review_level = :my_level)"
                " OR (ticket.assigned_unit IS NULL AND :my_level = 0))",
                my_unit=viewer.org_path.rsplit(".", 1)[-1],
                my_level=viewer.org_path.count("."),
            )


_IN_SIGHT = "ARRAY(SELECT code FROM organisation WHERE level = 2)"
_SEARCH = (
    "(ticket.county_code, ticket.number) IN (SELECT county_code, number FROM audit_ticket WHERE number = :search"  # noqa: S608
    f" UNION ALL SELECT county_code, number FROM audit_ticket WHERE county_code = ANY({_IN_SIGHT})"
    f" AND customer_number = :search UNION ALL SELECT county_code, number FROM audit_ticket"
    f" WHERE county_code = ANY({_IN_SIGHT}) AND district_code = :search)"
)
"""Whole numbers only: each of the three has an index, and part of a number would have none under row security."""


@dataclass(frozen=True, slots=True)
class Sort:
    """An order: a column of `SORTS`, and its number after it, so that no two tickets are equal."""

    name: str = "due"
    descending: bool = False

    @classmethod
    def parse(cls, value: str | None, *, state: str = "open") -> "Sort":
        """`due`, `-opened`, …; nothing: by deadline, closed ones by the day of closing, newest first.

        Raises:
            BadParameter: another name.
        """
        if not value:
            return cls("due") if state == "open" else cls("closed", True) if state == "closed" else cls("opened", True)
        name = value.removeprefix("-")
        if name not in SORTS or (name == "closed" and state != "closed"):
            known = [known for known in SORTS if known != "closed" or state == "closed"]
            raise BadParameter("sort", value, f"one of {', '.join(known)}, with a minus before it to turn it round")
        return cls(name, value.startswith("-"))

    @property
    def text(self) -> str:
        """As it stands in the address."""
        return ("-" if self.descending else "") + self.name

    @property
    def column(self) -> str:
        """Of `audit_ticket`."""
        return SORTS[self.name]

    def order(self, table: str, *, along_index: bool = True) -> str:
        """For ORDER BY. Not `along_index`: the rows are few and found otherwise, no index of this order is entered."""
        way = " DESC" if self.descending else ""
        rest = "" if self.column == "number" else f", {table}.number{way}"
        column = f"{table}.{self.column}"
        if not along_index and self.column.endswith("_at"):
            column += " + interval '0'"
        elif not along_index:
            column += " + 0" if self.column == "level" else " || ''"
        return f"{column}{way}{rest}"

    def after(self) -> str:
        """The condition for rows behind the one with `:last_value` and `:last_number`."""
        sign = "<" if self.descending else ">"
        if self.column == "number":
            return f"ticket.number {sign} :last_number"
        # The first part says nothing new; it is the one that an index on the column alone can use.
        return (
            f"ticket.{self.column} {sign}= :last_value"
            f" AND (ticket.{self.column}, ticket.number) {sign} (:last_value, :last_number)"
        )


def county_of(org_path: str) -> str | None:
    """The county that a path lies in; None above the counties."""
    labels = org_path.split(".")
    return labels[2] if len(labels) > 2 else None


OPEN_STATUSES = frozenset(int(status) for status in Status) - frozenset(int(status) for status in CLOSED)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), DISPLAY_ZONE)


def _one(name: str, value: str | None, allowed: Sequence[str]) -> str | None:
    if value is not None and value not in allowed:
        raise BadParameter(name, value, "one of " + ", ".join(allowed))
    return value


def _like(name: str, value: str | None, pattern: re.Pattern[str], expected: str) -> str | None:
    if value is not None and not pattern.fullmatch(value):
        raise BadParameter(name, value, expected)
    return value


def _choices(name: str, given: Mapping[str, str], allowed: Sequence[str]) -> frozenset[str]:
    if name not in given:
        return frozenset()
    chosen = frozenset(part.strip() for part in given[name].split(",") if part.strip())
    for part in sorted(chosen):
        if part not in allowed:
            raise BadParameter(name, part, f"a comma separated choice of {', '.join(allowed)}")
    return chosen
