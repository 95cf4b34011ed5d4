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
from billing.tariff.plan import Plan, PlanKey, Segment, compile_plan
from billing.tariff.rows import PolicyRow

EPOCH = date(1970, 1, 1)
PRICE_SCALE = 8
BASIC_PRICE_SCALE = 3
HIGHEST_PRICE = 900_000_000
"""9 yuan/kWh: with at most 10^8 kWh a row every product fits 63 bits."""
NO_PRICE = int(np.iinfo(np.int64).min)


def day_of(number: int) -> date:
    """The local day of a column value."""
    return EPOCH + timedelta(days=number)


def scaled(value: Decimal, scale: int) -> int | None:
    """value x 10^scale when that is whole, else None."""
    moved = value.scaleb(scale, context=CONTEXT)
    return int(moved) if moved == moved.to_integral_value() else None


@dataclass(frozen=True)
class PlanTable:
    """Arrays by plan (first block) and by segment (second block). `beyond`: not exact in these scales."""

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
        self._plans.append(compile_plan(self.book, key))
        self._table = None
        self._positions[word] = len(self._plans) - 1
        return len(self._plans) - 1

    def table(self) -> PlanTable:
        """All plans compiled so far as arrays."""
        if self._table is None:
            self._table = self._build()
        return self._table

    def slots(self) -> int:
        """Price slots of a segment: one for each component and period."""
        return len(self.book.components) * len(PERIODS)

    def _build(self) -> PlanTable:
        plans = self._plans
        count = sum(max(1, len(plan.segments)) for plan in plans)
        by_plan = {
            name: np.zeros(len(plans), np.int64)
            for name in ("fault", "beyond", "first_segment", "segments", "energy_unit", "over_share", "over_jump",
                         "thirty_days", "discount_limit")
        }  # fmt: skip
        by_segment = {name: np.zeros(count, np.int64) for name in ("days", "start", "end", "year", "tier_persons",
                                                                   "tier_extension")}  # fmt: skip
        prices = np.full((count, self.slots()), NO_PRICE, np.int64)
        discounted = np.full((count, len(self.book.components)), NO_PRICE, np.int64)
        tier_limits = np.zeros((2, count), np.int64)
        place = 0
        for position, plan in enumerate(plans):
            by_plan["fault"][position] = int(plan.fault)
            by_plan["first_segment"][position] = place
            by_plan["segments"][position] = max(1, len(plan.segments))
            by_plan["energy_unit"][position] = 1
            if plan.policy is None:
                place += 1
                continue
            policy = chosen_policy(plan.policy, self.choice)
            exact = self._policy(by_plan, position, plan, policy)
            for segment in plan.segments:
                by_segment["days"][place] = segment.days
                by_segment["start"][place] = (segment.start - EPOCH).days
                by_segment["end"][place] = (segment.end - EPOCH).days
                by_segment["year"][place] = segment.start.year
                exact &= self._prices(prices[place], discounted[place], segment, policy)
                if segment.tiers is not None:
                    tiers = segment.tiers
                    by_segment["tier_persons"][place] = tiers.extension_persons or 2**31
                    numbers = [scaled(item, 2) for item in (*tiers.limits, tiers.extension_kwh)]
                    exact &= None not in numbers
                    tier_limits[:, place] = [number or 0 for number in numbers[:2]]
                    by_segment["tier_extension"][place] = numbers[2] or 0
                place += 1
            by_plan["beyond"][position] = not exact
        return PlanTable(
            plans=tuple(plans), prices=prices, discounted=discounted, tier_limits=tier_limits, **by_plan, **by_segment
        )

    def _policy(self, by_plan: dict[str, Integers], position: int, plan: Plan, policy: PolicyRow) -> bool:
        digits = plan.energy_digits if self.choice.energy_digits is None else self.choice.energy_digits
        share, limit = scaled(policy.over_demand_share, 2), scaled(policy.demand_discount_kwh_per_kva, 2)
        by_plan["energy_unit"][position] = 10 ** max(0, 2 - digits)
        by_plan["over_share"][position] = share or 0
        by_plan["over_jump"][position] = policy.over_demand == "jump"
        by_plan["thirty_days"][position] = policy.partial_month == "thirty_days"
        by_plan["discount_limit"][position] = (limit or 0) if policy.demand_discount else NO_PRICE
        return digits <= 2 and share is not None and limit is not None

    def _prices(self, prices: Integers, discounted: Integers, segment: Segment, policy: PolicyRow) -> bool:
        """Fill one segment's prices; False when a price is not exact in the scale of its product."""
        exact = True
        for number, component in enumerate(self.book.components):
            basic = component.quantity in ("basic_capacity", "basic_demand")
            for place, period in enumerate(PERIODS):
                price = segment.prices.get((component.code, period))
                if price is None:
                    continue
                value = scaled(price.value, BASIC_PRICE_SCALE if basic else PRICE_SCALE)
                if value is None or abs(value) > HIGHEST_PRICE:
                    exact = False
                    continue
                prices[number * len(PERIODS) + place] = value
                if basic and component.discount:
                    reduced = scaled(CONTEXT.multiply(price.value, policy.demand_discount_factor), BASIC_PRICE_SCALE)
                    exact &= reduced is not None
                    discounted[number] = reduced or 0
        return exact
