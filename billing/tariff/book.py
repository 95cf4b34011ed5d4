"""The tariff book: which row held on which day, as known at which instant."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from billing.components import Component, read_components
from billing.model.terms import Period, Scheme, Supply, Voltage
from billing.tariff.load import read_power_factor, read_tariff, shipped
from billing.tariff.rows import (
    HoursRow,
    PolicyRow,
    PowerFactorFile,
    PriceRow,
    RatioRow,
    Row,
    TariffFile,
    TierRow,
)

Dated = TypeVar("Dated", bound=Row)


def _latest(rows: Iterable[Dated], day: date, known_at: datetime | None) -> Dated | None:
    """The row valid on the day that was recorded last, of those recorded by `known_at`."""
    best: Dated | None = None
    for row in rows:
        if not row.covers(day) or (known_at and row.recorded_at and row.recorded_at > known_at):
            continue
        if best is None or (row.recorded_at and (best.recorded_at is None or row.recorded_at > best.recorded_at)):
            best = row
    return best


class Area:
    """The rows of one area. `known_at` in every question is the second clock; None means everything known today."""

    def __init__(self, tariff: TariffFile) -> None:
        self.name = tariff.area
        self.tariff = tariff
        self.priced: dict[tuple[object, ...], Any] = {}
        """What plans have looked up, between two changes of the tariff: a book never changes, so this never ages."""
        self._changes: dict[tuple[Scheme, Voltage], list[date]] = {}
        self._schemes = {scheme for row in tariff.prices for scheme in row.schemes}
        self._every_scheme = any(not row.schemes for row in tariff.prices)
        self._prices: dict[tuple[str, Period], list[PriceRow]] = {}
        for row in tariff.prices:
            self._prices.setdefault((row.component, row.period), []).append(row)

    def price(
        self, component: str, period: Period, scheme: Scheme, voltage: Voltage, day: date, known_at: datetime | None
    ) -> PriceRow | None:
        """The price row, by its own period first, else the row for all periods."""
        for key in ((component, period), (component, Period.ALL)):
            suiting = (row for row in self._prices.get(key, ()) if row.suits(scheme, voltage))
            found = _latest(suiting, day, known_at)
            if found is not None:
                return found
        return None

    def tiers(self, scheme: Scheme, voltage: Voltage, day: date, known_at: datetime | None) -> TierRow | None:
        """The annual tiers."""
        return _latest((row for row in self.tariff.tiers if row.suits(scheme, voltage)), day, known_at)

    def ratios(self, scheme: Scheme, voltage: Voltage, day: date, known_at: datetime | None) -> RatioRow | None:
        """The time-of-use ratios."""
        return _latest((row for row in self.tariff.ratios if row.suits(scheme, voltage)), day, known_at)

    def hours(self, scheme: Scheme, voltage: Voltage, day: date, known_at: datetime | None) -> HoursRow | None:
        """The time-of-use hours."""
        return _latest((row for row in self.tariff.hours if row.suits(scheme, voltage)), day, known_at)

    def policy(self, day: date, known_at: datetime | None) -> PolicyRow | None:
        """How the open questions are read on the day."""
        return _latest(self.tariff.policies, day, known_at)

    def changes(self, scheme: Scheme, voltage: Voltage) -> list[date]:
        """Days on which some row of this scheme and voltage begins or ends, in order."""
        known = self._changes.get((scheme, voltage))
        if known is None:
            rows = (*self.tariff.prices, *self.tariff.tiers, *self.tariff.ratios)
            days = {
                day for row in rows if row.suits(scheme, voltage) for day in (row.valid_from, row.valid_until) if day
            }
            known = self._changes[scheme, voltage] = sorted(days)
        return known

    def knows(self, scheme: Scheme) -> bool:
        """True when the area prices the scheme at all."""
        return self._every_scheme or scheme in self._schemes


class TariffBook:
    """All areas, the power-factor table and the component registry that bills are made with."""

    def __init__(
        self, tariffs: Sequence[TariffFile], power_factor: PowerFactorFile, components: Sequence[Component]
    ) -> None:
        self.areas = {tariff.area: Area(tariff) for tariff in tariffs}
        self.power_factor = power_factor
        self.components = tuple(components)
        self._suiting: dict[tuple[Scheme, Supply], tuple[Component, ...]] = {}

    def components_for(self, scheme: Scheme, supply: Supply) -> tuple[Component, ...]:
        """The components of a bill of this scheme and supply, in bill order."""
        found = self._suiting.get((scheme, supply))
        if found is None:
            found = tuple(item for item in self.components if item.suits(scheme, supply))
            self._suiting[scheme, supply] = found
        return found

    def with_tariffs(self, *tariffs: TariffFile) -> "TariffBook":
        """A new book with these areas added or replaced."""
        kept = {name: area.tariff for name, area in self.areas.items()} | {item.area: item for item in tariffs}
        return TariffBook(list(kept.values()), self.power_factor, self.components)

    def with_components(self, *components: Component) -> "TariffBook":
        """A new book with further components: the way a utility adds a charge."""
        return TariffBook(
            [area.tariff for area in self.areas.values()], self.power_factor, (*self.components, *components)
        )

    @staticmethod
    def load(*paths: Path) -> "TariffBook":
        """The shipped book with further tariff files. Raises DataRefused."""
        return standard_book().with_tariffs(*(read_tariff(path) for path in paths))


@cache
def standard_book() -> TariffBook:
    """The book that the package ships. Raises DataRefused when a shipped file is damaged."""
    data = files("billing").joinpath("data")
    return TariffBook(
        [read_tariff(path) for path in shipped("tariffs")],
        read_power_factor(data.joinpath("power_factor.yaml")),
        read_components(data.joinpath("components.yaml")),
    )
