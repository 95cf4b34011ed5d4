"""Figures of stations rolled up to the units above them (domain sheet 1.7). Counts and amounts add; rates come last."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from fractions import Fraction
from typing import Any

from audit.performance import economic_result, rate

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """What is counted in one unit. Money in yuan, energies in kWh; `districts` are those whose loss of the day could be
    computed, of `districts_known`.
    """

    open_by_level: tuple[int, int, int, int] = (0, 0, 0, 0)
    open_tickets: int = 0
    overdue: int = 0
    closed: int = 0
    checked: int = 0
    confirmed: int = 0
    recovered_kwh: Decimal = ZERO
    recovered_yuan: Decimal = ZERO
    breach_yuan: Decimal = ZERO
    districts_known: int = 0
    districts: int = 0
    high_loss: int = 0
    negative_loss: int = 0
    meters: int = 0
    meters_read: int = 0

    def __add__(self, other: "UnitFigures") -> "UnitFigures":
        levels = tuple(mine + theirs for mine, theirs in zip(self.open_by_level, other.open_by_level, strict=True))
        rest = {
            field.name: getattr(self, field.name) + getattr(other, field.name)
            for field in fields(self)
            if field.name != "open_by_level"
        }
        return UnitFigures(open_by_level=levels, **rest)  # type: ignore[arg-type]

    @property
    def open_risks(self) -> int:
        """Open risk points of all levels."""
        return sum(self.open_by_level)

    @property
    def confirmation(self) -> Fraction | None:
        """查实率."""
        return rate(self.confirmed, self.checked)

    @property
    def result_yuan(self) -> Decimal:
        """稽查成效."""
        return economic_result(self.recovered_yuan, self.breach_yuan)

    @property
    def high_loss_share(self) -> Fraction | None:
        """高损台区占比 of a day."""
        return rate(self.high_loss, self.districts)

    @property
    def negative_loss_share(self) -> Fraction | None:
        """负损台区占比 of a day."""
        return rate(self.negative_loss, self.districts)

    @property
    def collection(self) -> Fraction | None:
        """采集成功率 of a day: meters read over meters."""
        return rate(self.meters_read, self.meters)


def rolled_up(stations: Iterable[tuple[str, Mapping[str, Any]]], depth: int) -> dict[str, UnitFigures]:
    """Figures by unit. `stations` are (org path, values of `UnitFigures`); a path may come several times.

    `depth` is the number of labels of the units asked for; a path with fewer labels counts under itself.
    """
    found: dict[str, UnitFigures] = defaultdict(UnitFigures)
    for path, values in stations:
        found[".".join(path.split(".")[:depth])] += UnitFigures(**values)
    return dict(found)
