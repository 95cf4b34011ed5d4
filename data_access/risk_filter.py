"""Which risk points are meant: one filter for tiles, hexagons, legend and lists, read strictly from a query string."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from data_access.parameters import BadParameter, parse_day
from settings import DISPLAY_ZONE

OPEN_STATES: Final = (0, 1, 3)
"""New, confirmed by later data, in ticket (`models.risk.RiskPoint.state`)."""
STATES: Final = ("new", "confirmed", "cleared", "in_ticket", "confirmed_on_site", "rejected")
"""What the states 0 to 5 are called in an address: new, confirmed by later data, cleared, in ticket, confirmed on site,
rejected."""
LEVELS: Final = (1, 2, 3, 4)
PARAMETERS: Final = ("business", "anomaly", "level", "state", "unit", "from", "to", "open")
_UNIT = re.compile(r"[A-Za-z0-9_]{1,32}")
_SWITCH = {"1": True, "true": True, "0": False, "false": False}


@dataclass(frozen=True, slots=True)
class RiskCatalogue:
    """The anomaly types: code → number in packed chunks, and code → business type."""

    ordinals: Mapping[str, int]
    business: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskFilter:
    """Every part narrows; an empty part leaves all. Days are calendar days in Asia/Shanghai, both inclusive."""

    business: frozenset[str] = field(default_factory=frozenset)
    anomalies: frozenset[str] = field(default_factory=frozenset)
    levels: frozenset[int] = field(default_factory=frozenset)
    states: frozenset[int] = field(default_factory=frozenset)
    """Numbers of states (`STATES`)."""
    unit: str | None = None
    """Code of an organisation: points at or below it."""
    first_day: date | None = None
    last_day: date | None = None
    open_only: bool = False

    @classmethod
    def from_query(
        cls, values: Mapping[str, str], catalogue: RiskCatalogue, *, others: tuple[str, ...] = ()
    ) -> "RiskFilter":
        """Reads `business`, `anomaly`, `level`, `state`, `unit`, `from`, `to`, `open`; lists are comma separated.

        `others` are parameter names that belong to somebody else. An empty value is the same as none.

        Raises:
            BadParameter: a name nobody knows, or a value that cannot be meant.
        """
        for name in values:
            if name not in PARAMETERS and name not in others:
                raise BadParameter(name, values[name], f"one of the parameters {', '.join((*PARAMETERS, *others))}")
        given = {name: values[name].strip() for name in PARAMETERS if values.get(name, "").strip()}
        unit = given.get("unit")
        if unit is not None and not _UNIT.fullmatch(unit):
            raise BadParameter("unit", unit, "the code of an organisation, such as 1302 or 130202")
        first, last = (parse_day(name, given[name]) if name in given else None for name in ("from", "to"))
        if first and last and first > last:
            raise BadParameter("from", first, f"a day not after to={last}")
        opened = given.get("open", "0").lower()
        if opened not in _SWITCH:
            raise BadParameter("open", opened, "1 or 0")
        return cls(
            business=_choices("business", given.get("business"), sorted(set(catalogue.business.values()))),
            anomalies=_choices("anomaly", given.get("anomaly"), sorted(catalogue.ordinals)),
            levels=frozenset(map(int, _choices("level", given.get("level"), [str(level) for level in LEVELS]))),
            states=frozenset(STATES.index(name) for name in _choices("state", given.get("state"), list(STATES))),
            unit=unit,
            first_day=first,
            last_day=last,
            open_only=_SWITCH[opened],
        )

    @property
    def cache_key(self) -> str:
        """The same text for the same meaning, whatever the order in which it was written."""
        return "|".join(
            (
                ",".join(sorted(self.business)),
                ",".join(sorted(self.anomalies)),
                "" if self.levels == frozenset(LEVELS) else ",".join(map(str, sorted(self.levels))),
                "" if len(self.states) == len(STATES) else ",".join(map(str, sorted(self.states))),
                self.unit or "",
                str(self.first_day or ""),
                str(self.last_day or ""),
                "open" if self.open_only else "",
            )
        )

    def kinds(self, catalogue: RiskCatalogue) -> list[str] | None:
        """Codes of the anomaly types that pass; None when all do."""
        if not self.business and not self.anomalies:
            return None
        return [
            code
            for code in catalogue.ordinals
            if (not self.anomalies or code in self.anomalies)
            and (not self.business or catalogue.business[code] in self.business)
        ]

    def conditions(self, catalogue: RiskCatalogue) -> tuple[str, dict[str, Any]]:
        """The filter as SQL over `risk_point`: ` AND …` with named parameters, empty for no filter."""
        parts: list[str] = []
        values: dict[str, Any] = {}

        def narrow(condition: str, name: str, value: Any) -> None:
            parts.append(f" AND {condition}")
            values[name] = value

        kinds = self.kinds(catalogue)
        if kinds is not None:
            narrow("anomaly_code = ANY(:kinds)", "kinds", kinds)
        if self.levels:
            narrow("level = ANY(:levels)", "levels", sorted(self.levels))
        if self.states:
            narrow("state = ANY(:states)", "states", sorted(self.states))
        if self.unit:
            narrow("org_path ~ CAST(:unit AS lquery)", "unit", f"*.{self.unit}.*")
        if self.first_day:
            narrow("detected_at >= :first_moment", "first_moment", _midnight(self.first_day))
        if self.last_day:
            narrow("detected_at < :end_moment", "end_moment", _midnight(self.last_day + timedelta(days=1)))
        if self.open_only:
            narrow("state = ANY(:open_states)", "open_states", list(OPEN_STATES))
        return "".join(parts), values


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), DISPLAY_ZONE)


def _choices(name: str, value: str | None, allowed: list[str]) -> frozenset[str]:
    if value is None:
        return frozenset()
    chosen = frozenset(part.strip() for part in value.split(","))
    for part in sorted(chosen):
        if part not in allowed:
            raise BadParameter(name, part, f"a comma separated choice of {', '.join(allowed)}")
    return chosen
