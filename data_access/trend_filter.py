"""Which trends are meant: unit, types, levels, span, and the two periods compared; read strictly from an address."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from audit.catalogue import catalogue
from audit.trend_figures import MEASURES
from data_access.months import month_back
from data_access.parameters import BadParameter

MONTHS: Final = 36
"""Whole months that are looked at; the running one comes on top."""
SPANS: Final = (12, 24, 36)
PARAMETERS: Final = ("unit", "business", "anomaly", "level", "span", "measure", "compare", "now", "before")
_UNIT = re.compile(r"[A-Za-z0-9_]{1,32}")
_PERIOD = re.compile(r"(\d{4}-\d{2})\.\.(\d{4}-\d{2})")
PRESETS: Final[Mapping[str, tuple[int, int]]] = {
    "quarter_year_ago": (3, 12),
    "quarter": (3, 3),
    "half": (6, 6),
    "year": (12, 12),
}
"""Ready-made comparisons: the last n whole months, and the same number that many months earlier."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole months from `first` to `last`, both included, as their first days."""

    first: date
    last: date

    def __contains__(self, month: date) -> bool:
        return self.first <= month <= self.last

    @property
    def months(self) -> int:
        """How many."""
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1

    @property
    def text(self) -> str:
        """As it stands in an address."""
        return f"{self.first:%Y-%m}..{self.last:%Y-%m}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendFilter:
    """Every part narrows; an empty part leaves all. `running` is the month that it is now (Asia/Shanghai)."""

    running: date
    unit: str | None = None
    """Code of an organisation; None: the viewer's own."""
    business: frozenset[str] = field(default_factory=frozenset)
    anomalies: frozenset[str] = field(default_factory=frozenset)
    levels: frozenset[int] = field(default_factory=frozenset)
    span: int = MONTHS
    """Whole months on the chart."""
    measure: str = "points"
    compare: str = "quarter_year_ago"
    """A name of `PRESETS`, or `own`: the periods stand in `now` and `before`."""
    now: Period
    before: Period

    @property
    def first(self) -> date:
        """The first month that is read."""
        return month_back(self.running, MONTHS)

    @property
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

    @classmethod
    def from_query(cls, values: Mapping[str, str], running: date, *, others: tuple[str, ...] = ()) -> "TrendFilter":
        """Reads `PARAMETERS`; lists are comma separated, periods are `2026-08..2026-10`.

        Raises:
            BadParameter: a name nobody knows, or a value that cannot be meant.
        """
        for name in values:
            if name not in PARAMETERS and name not in others:
                raise BadParameter(name, values[name], f"one of the parameters {', '.join((*PARAMETERS, *others))}")
        given = {name: values[name].strip() for name in PARAMETERS if (values.get(name) or "").strip()}
        unit = given.get("unit")
        if unit is not None and not _UNIT.fullmatch(unit):
            raise BadParameter("unit", unit, "the code of an organisation, such as 1302 or 130202")
        known = catalogue()
        compare, now, before = _compared(given, running)
        return cls(
            running=running,
            unit=unit,
            business=_choices("business", given, [kind.code for kind in known.business_types]),
            anomalies=_choices("anomaly", given, [kind.code for kind in known.anomaly_types]),
            levels=frozenset(map(int, _choices("level", given, ["1", "2", "3", "4"]))),
            span=int(_one("span", given, [str(span) for span in SPANS]) or MONTHS),
            measure=_one("measure", given, list(MEASURES)) or "points",
            compare=compare,
            now=now,
            before=before,
        )


def preset(name: str, running: date) -> tuple[Period, Period]:
    """The two periods of a ready-made comparison: the later one and the earlier one."""
    months, back = PRESETS[name]
    now = Period(month_back(running, months), month_back(running, 1))
    return now, Period(month_back(now.first, back), month_back(now.last, back))


def _compared(given: Mapping[str, str], running: date) -> tuple[str, Period, Period]:
    if ("now" in given) != ("before" in given):
        raise BadParameter("now" if "now" in given else "before", "", "both periods, now and before, or none")
    if "now" not in given:
        name = _one("compare", given, list(PRESETS)) or "quarter_year_ago"
        return name, *preset(name, running)
    now, before = (_period(name, given[name], running) for name in ("now", "before"))
    if now.first <= before.last and before.first <= now.last:
        raise BadParameter("before", given["before"], f"months that are not in now={now.text} as well")
    return "own", now, before


def _period(name: str, text: str, running: date) -> Period:
    expected = f"whole months such as {month_back(running, 3):%Y-%m}..{month_back(running, 1):%Y-%m},"
    expected += f" from {month_back(running, MONTHS):%Y-%m} on, the running month not among them"
    found = _PERIOD.fullmatch(text)
    try:
        first, last = (date.fromisoformat(f"{part}-01") for part in found.groups()) if found else (None, None)
    except ValueError:
        first = last = None
    if first is None or last is None or not month_back(running, MONTHS) <= first <= last < running:
        raise BadParameter(name, text, expected)
    return Period(first, last)


def _one(name: str, given: Mapping[str, str], allowed: list[str]) -> str | None:
    value = given.get(name)
    if value is not None and value not in allowed:
        raise BadParameter(name, value, f"one of {', '.join(allowed)}")
    return value


def _choices(name: str, given: Mapping[str, str], allowed: list[str]) -> frozenset[str]:
    if name not in given:
        return frozenset()
    chosen = frozenset(part.strip() for part in given[name].split(","))
    for part in sorted(chosen):
        if part not in allowed:
            raise BadParameter(name, part, f"a comma separated choice of {', '.join(allowed)}")
    return chosen
