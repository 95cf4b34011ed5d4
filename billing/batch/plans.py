"""Plans as tables: the prices of every kind of account in a batch as integers, looked up by position."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np

from billing.batch.columns import PERIODS, SCHEMES, SUPPLIES, VOLTAGES, Columns, Integers
from billing.exact import CONTEXT
from billing.model.case import PolicyChoice
from billing.single import chosen_policy
from billing.tariff.book import TariffBook
from billing.tariff.plan import Plan, PlanKey, Priced, Segment, compile_plan
from billing.tariff.rows import PolicyRow

EPOCH = date(1970, 1, 1)
PRICE_SCALE = 8
BASIC_PRICE_SCALE = 3
HIGHEST_PRICE = 900_000_000
"""9 yuan/kWh: with at most 10^8 kWh a row every product fits 63 bits."""
NOTHING_PRICED = Priced({}, (), None, (), ())
NO_PRICE = int(np.iinfo(np.int64).min)


BY_PLAN = (
    "fault", "beyond", "first_segment", "segments", "energy_unit", "over_share", "over_jump", "thirty_days",
    "discount_limit",
)  # fmt: skip
BY_SEGMENT = (
    "days", "start", "end", "year", "price_row", "tier_persons", "tier_extension", "tier_low", "tier_high",
)  # fmt: skip


def day_of(number: int) -> date:
    """The local day of a column value."""
    return EPOCH + timedelta(days=number)


def scaled(value: Decimal, scale: int) -> int | None:
    """value x 10^scale when that is whole, else None."""
    moved = value.scaleb(scale, context=CONTEXT)
    return int(moved) if moved == moved.to_integral_value() else None


@dataclass(frozen=True)
class PlanTable:
    """Arrays by plan, by segment, and the prices by `price_row`. `beyond`: not exact in these scales."""

    plans: tuple[Plan, ...]
    fault: Integers
    beyond: Integers
    first_segment: Integers
    segments: Integers
    energy_unit: Integers
    over_share: Integers
    over_jump: Integers
    thirty_days: Integers
    discount_limit: Integers
    days: Integers
    start: Integers
    end: Integers
    year: Integers
    price_row: Integers
    prices: Integers
    discounted: Integers
    tier_limits: Integers
    tier_extension: Integers
    tier_persons: Integers


class PlanCache:
    """Plans of a whole run, compiled once and kept over the chunks."""

    def __init__(self, book: TariffBook, policy: PolicyChoice, known_at: datetime | None = None) -> None:
        self.book = book
        self.choice = policy
        self.known_at = known_at
        self.areas = tuple(book.areas)
        self._positions: dict[int, int] = {}
        self._plans: list[Plan] = []
        self._table: PlanTable | None = None
        self._by_plan: dict[str, list[int]] = {name: [] for name in BY_PLAN}
        self._by_segment: dict[str, list[int]] = {name: [] for name in BY_SEGMENT}
        self._rows: list[tuple[list[int], list[int], bool]] = []
        self._row_of: dict[int, int] = {}
        self._segments: list[Segment] = []

    def positions(self, columns: Columns, scheme: Integers, plain: bool = False) -> Integers:
        """The plan of each row; `plain` is for sub-accounts: no time-of-use, agency, no penalty."""
        zero = np.zeros(columns.size, np.int64)
        area, voltage = columns.get("area"), columns.get("voltage")
        area = np.where((area >= 0) & (area < len(self.areas)), area, 255)
        time_of_use = zero if plain else (columns.get("time_of_use") != 0).astype(np.int64)
        supply = zero if plain else columns.get("supply")
        penalty = zero if plain else (columns.get("agency_penalty") != 0).astype(np.int64)
        start, end = columns.get("period_start"), columns.get("period_end")
        span = np.clip(end - start, 0, 1023)
        words = (
            area | (scheme << 8) | (voltage << 12) | (time_of_use << 16) | (supply << 17) | (penalty << 19)
            | (span << 20) | (np.clip(start, 0, 100_000) << 30)
        )  # fmt: skip
        kinds, inverse = np.unique(words, return_inverse=True)
        places = np.empty(len(kinds), np.int64)
        for position, word in enumerate(kinds.tolist()):
            places[position] = self._place(word)
        return places[inverse]

    def _place(self, word: int) -> int:
        place = self._positions.get(word)
        if place is not None:
            return place
        area, start = word & 255, day_of(word >> 30)
        key = PlanKey(
            self.areas[area] if area < len(self.areas) else f"area {area}",
            SCHEMES[word >> 8 & 15],
            VOLTAGES[word >> 12 & 15],
            bool(word >> 16 & 1),
            SUPPLIES[word >> 17 & 3],
            bool(word >> 19 & 1),
            start,
            start + timedelta(days=word >> 20 & 1023),
            self.known_at,
        )
        self._add(compile_plan(self.book, key))
        self._positions[word] = len(self._plans) - 1
        return len(self._plans) - 1

    def table(self) -> PlanTable:
        """All plans compiled so far as arrays."""
        if self._table is None:
            arrays = {name: np.array(values, np.int64) for name, values in (self._by_plan | self._by_segment).items()}
            limits = np.stack([arrays.pop("tier_low"), arrays.pop("tier_high")])
            rows = [np.array([item[kind] for item in self._rows], np.int64) for kind in (0, 1)]
            self._table = PlanTable(
                plans=tuple(self._plans), prices=rows[0], discounted=rows[1], tier_limits=limits, **arrays
            )
        return self._table

    def slots(self) -> int:
        """Price slots of a segment: one for each component and period."""
        return len(self.book.components) * len(PERIODS)

    def _add(self, plan: Plan) -> None:
        """Append a plan and its segments to the growing columns."""
        add = dict.fromkeys(self._by_plan, 0)
        add |= {"fault": int(plan.fault), "first_segment": len(self._by_segment["days"]), "energy_unit": 1}
        add["segments"] = max(1, len(plan.segments))
        exact = True
        if plan.policy is None:
            self._add_segment({"price_row": self._empty_row()})
            self._segments.append(Segment(plan.key.start, plan.key.end, NOTHING_PRICED))
        else:
            policy = chosen_policy(plan.policy, self.choice)
            exact = self._policy(add, plan, policy)
            for segment in plan.segments:
                exact &= self._segment(segment, policy)
        add["beyond"] = not exact
        for name, value in add.items():
            self._by_plan[name].append(value)
        self._plans.append(plan)
        self._table = None

    def _add_segment(self, values: dict[str, int]) -> None:
        for name, column in self._by_segment.items():
            column.append(values.get(name, 0))

    def _empty_row(self) -> int:
        if not self._rows:
            self._rows.append(([NO_PRICE] * self.slots(), [NO_PRICE] * len(self.book.components), True))
        return 0

    def _segment(self, segment: Segment, policy: PolicyRow) -> bool:
        """One segment's columns; False when one of its numbers is not exact in these scales."""
        self._empty_row()
        place = self._row_of.get(id(segment.priced))
        if place is None:
            self._rows.append(self._price_row(segment, policy))
            place = self._row_of[id(segment.priced)] = len(self._rows) - 1
        values = {
            "days": segment.days,
            "start": (segment.start - EPOCH).days,
            "end": (segment.end - EPOCH).days,
            "year": segment.start.year,
            "price_row": place,
        }
        exact = self._rows[place][2]
        if segment.tiers is not None:
            tiers = segment.tiers
            numbers = [scaled(item, 2) for item in (*tiers.limits, tiers.extension_kwh)]
            exact = exact and None not in numbers
            values["tier_persons"] = 2**31 if tiers.extension_persons is None else tiers.extension_persons
            values |= zip(("tier_low", "tier_high", "tier_extension"), (item or 0 for item in numbers), strict=True)
        self._add_segment(values)
        self._segments.append(segment)
        return exact

    def segment(self, position: int) -> Segment:
        """The segment at a position of the table's segment arrays."""
        return self._segments[position]

    def _policy(self, add: dict[str, int], plan: Plan, policy: PolicyRow) -> bool:
        digits = plan.energy_digits if self.choice.energy_digits is None else self.choice.energy_digits
        share, limit = scaled(policy.over_demand_share, 2), scaled(policy.demand_discount_kwh_per_kva, 2)
        add["energy_unit"] = 10 ** max(0, 2 - digits)
        add["over_share"] = share or 0
        add["over_jump"] = policy.over_demand == "jump"
        add["thirty_days"] = policy.partial_month == "thirty_days"
        add["discount_limit"] = (limit or 0) if policy.demand_discount else NO_PRICE
        return digits <= 2 and share is not None and limit is not None

    def _price_row(self, segment: Segment, policy: PolicyRow) -> tuple[list[int], list[int], bool]:
        """Prices by slot, discounted prices by component, and whether each is exact in the scale of its product."""
        prices, discounted = [NO_PRICE] * self.slots(), [NO_PRICE] * len(self.book.components)
        exact = True
        numbers = {component.code: number for number, component in enumerate(self.book.components)}
        for (code, period), price in segment.prices.items():
            number = numbers[code]
            component = self.book.components[number]
            basic = component.quantity in ("basic_capacity", "basic_demand")
            value = scaled(price.value, BASIC_PRICE_SCALE if basic else PRICE_SCALE)
            if value is None or abs(value) > HIGHEST_PRICE:
                exact = False
                continue
            prices[number * len(PERIODS) + PERIODS.index(period)] = value
            if basic and component.discount:
                reduced = scaled(CONTEXT.multiply(price.value, policy.demand_discount_factor), BASIC_PRICE_SCALE)
                exact = exact and reduced is not None
                discounted[number] = reduced or 0
        return prices, discounted, exact
