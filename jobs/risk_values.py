"""What a finding is worth and where it is: energy at stake in yuan at the customer's own mean price, place, score.

Exposure of a finding: what the rule itself says in cents, else its energy x the customer's mean price of the last
regular bills, else the price of the category (`audit/data/scan.yaml`, a design value).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import h3
import numpy as np

from audit.rules.detections import Detections
from audit.rules.partition import Ints, Partition, day_of
from audit.rules.rule import Rule
from audit.scan_settings import ScanSettings
from audit.scores import RiskInputs, risk_score
from data_access.risk_findings import Finding, Scored
from geo.cells import STORED_RESOLUTION

CENT = Decimal("0.01")
_MOST_KWH = 99_999_999_999.0
"""What the column holds; a fault of the data must not stop a run."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Mean prices: `customer` in hundredths of a fen a kWh for each customer, -1: by category."""

    customer: Ints
    by_category: Mapping[str, Decimal]

    def of_customer(self, position: int, category: str) -> Decimal:
        """Yuan a kWh."""
        own = int(self.customer[position])
        return Decimal(own).scaleb(-4) if own > 0 else self.by_category[category]


def mean_prices(partition: Partition, settings: ScanSettings) -> Prices:
    """Mean yuan a kWh of each customer's last regular bills, to the hundredth of a fen."""
    bills, count = partition.bills, len(partition.customers)
    kept = np.flatnonzero((bills.kind == "regular") & (bills.month > _month_limit(partition, settings)))
    cents, kwh = np.zeros(count, np.int64), np.zeros(count)
    np.add.at(cents, bills.customer[kept], bills.total_cents[kept])
    np.add.at(kwh, bills.customer[kept], np.nan_to_num(bills.billed_kwh[kept]))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where((kwh > 0) & (cents > 0), cents * 100 / kwh, -1.0)
    scaled = np.where(mean <= float(settings.price_highest) * 10_000, np.rint(mean), -1.0)
    by_category = {str(name): price for name, price in settings.price_yuan_a_kwh.items()}
    return Prices(scaled.astype(np.int64), by_category)


def _month_limit(partition: Partition, settings: ScanSettings) -> Ints:
    """For each bill the month that its customer's bills must be newer than: the newest one less the count wanted."""
    bills = partition.bills
    newest = np.full(len(partition.customers), -1, np.int64)
    np.maximum.at(newest, bills.customer, bills.month)
    return np.asarray(newest[bills.customer] - settings.price_bills)


@dataclass(frozen=True, slots=True)
class Valuer:
    """Turns positions into findings of a county at `path`; `centre` is where things without a place are shown."""

    partition: Partition
    path: str
    centre: tuple[float, float]
    settings: ScanSettings
    prices: Prices

    def findings(self, rule: Rule, found: Detections) -> list[Finding]:
        """The rule's detections, priced and placed, in their order."""
        return [self._finding(rule, found, place) for place in range(len(found))]

    def _finding(self, rule: Rule, found: Detections, place: int) -> Finding:
        position = int(found.position[place])
        customers, districts = self.partition.customers, self.partition.districts
        energy = Decimal(str(round(min(float(found.energy_kwh[place]), _MOST_KWH), 2))).quantize(CENT)
        if rule.of == "customer":
            at = int(customers.district[position])
            price = self.prices.of_customer(position, str(customers.category[position]))
            customer, key = str(customers.number[position]), str(customers.number[position])
            station = str(customers.station_code[position])
            where = (customers.longitude[position], customers.latitude[position])
        else:
            at, price = position, self.prices.by_category["district"]
            customer, key = None, str(districts.code[position])
            station, where = str(districts.station_code[position]), (math.nan, math.nan)
        if not all(map(math.isfinite, where)) and at >= 0:
            where = (districts.longitude[at], districts.latitude[at])
        longitude, latitude = map(float, where if all(map(math.isfinite, where)) else self.centre)
        cents = int(found.exposure_cents[place]) if len(found.exposure_cents) else -1
        exposure = Decimal(cents).scaleb(-2) if cents >= 0 else (energy * price).quantize(CENT, ROUND_HALF_UP)
        return Finding(
            object_key=key,
            since=day_of(int(found.since[place])),
            customer_number=customer,
            district_code=str(districts.code[at]) if at >= 0 else None,
            station_code=station,
            path=self.path if self.path.endswith(f".{station}") or not station else f"{self.path}.{station}",
            longitude=longitude,
            latitude=latitude,
            h3_cell=h3.str_to_int(h3.latlng_to_cell(latitude, longitude, STORED_RESOLUTION)),
            energy_kwh=energy,
            exposure_yuan=exposure,
            numbers={name: _number(values[place]) for name, values in found.facts.items()},
        )


def _number(value: float) -> float | None:
    """A fact as JSON has it: at most four decimals, None where it isn't known."""
    number = float(value)
    return round(number, 4) if math.isfinite(number) else None


def scorer(code: str, repeats: Mapping[tuple[str, str], int], precision: Decimal | None):  # type: ignore[no-untyped-def]
    """Score of a finding of the rule at a level (domain sheet 1.6). Nothing is overdue before it is in a ticket."""

    def score(one: Finding, level: int) -> Scored:
        inputs = RiskInputs(level, one.exposure_yuan, repeats.get((code, one.object_key), 0), precision)
        result = risk_score(inputs)
        return Scored(result.value, result.parts)

    return score
