"""The demo's customers as the energy history needs them: read from the database, in columns, with how they are billed.

What the database does not hold about an account (persons, standard of the power factor, way of the basic charge,
contract demand) is drawn here by seed and written as its terms.
"""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from data_access.demo_energy import demo_accounts
from demo.load_shapes import Ints

Names = NDArray[np.bytes_]
HEATING_BEGINS, HEATING_ENDS = (11, 1), (4, 1)
"""Month and day: the heating season in which the heating price holds; tiers on the other days (domain sheet 7)."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """Columns, one entry a customer, ordered by county and district. Days are indices of `datetime64[D]`."""

    county: Names
    number: Names
    district: Names
    org_path: Names
    meter: Names
    category: NDArray[np.str_]
    scheme: NDArray[np.str_]
    voltage: NDArray[np.str_]
    trade: NDArray[np.str_]
    capacity: NDArray[np.float64]
    multiplier: Ints
    digits: Ints
    opened: Ints
    installed: Ints
    generation: NDArray[np.float64]
    """kW of own generation, 0 for none."""

    def __len__(self) -> int:
        return len(self.number)


def read_accounts(connection: psycopg.Connection[Any]) -> Accounts:
    """All open demo accounts with the meter that they have now."""
    columns = list(zip(*demo_accounts(connection), strict=True)) or [()] * 15

    def names(position: int) -> Names:
        return np.char.encode(np.array(columns[position], dtype=str), "utf-8")

    def words(position: int) -> NDArray[np.str_]:
        return np.array(columns[position], dtype=str)

    def numbers(position: int) -> Ints:
        return np.array(columns[position], np.int64)

    return Accounts(
        county=names(0), number=names(1), district=names(2), org_path=names(3), meter=names(4), category=words(5),
        scheme=words(6), voltage=words(7), trade=words(8), capacity=np.array(columns[9], float),
        multiplier=numbers(10), digits=numbers(11), opened=numbers(12), installed=numbers(13),
        generation=np.array(columns[14], float),
    )  # fmt: skip


@dataclass(slots=True)
class Terms:
    """How one account is billed; `changed` are further terms from a day on (planted faults in the file)."""

    content: dict[str, Any]
    changed: list[tuple[date, dict[str, Any]]]


def _two_part(content: dict[str, Any], capacity: float, roll: float, more: float) -> None:
    content["basic_charge"] = "capacity" if roll < 0.4 else "contract_demand" if roll < 0.7 else "actual_demand"
    if content["basic_charge"] == "contract_demand":
        content["contract_demand_kw"] = str(round(capacity * (0.42 + 0.4 * more) / 5) * 5)


def base_terms(accounts: Accounts, chance: np.random.Generator) -> list[Terms]:
    """Terms of every account, as `billing.Account` without its number; faults of the file are planted later."""
    found = []
    rolls = chance.random((len(accounts), 8))
    for place in range(len(accounts)):
        roll, capacity, scheme = rolls[place], float(accounts.capacity[place]), str(accounts.scheme[place])
        high = accounts.voltage[place] != "<1kV"
        content: dict[str, Any] = {
            "area": "jibei",
            "scheme": scheme,
            "voltage": str(accounts.voltage[place]),
            "capacity_kva": f"{capacity:g}",
        }
        category = accounts.category[place]
        if category == "residential" and roll[0] < 0.07:
            content["persons"] = 5 + int(roll[1] * 3)
        if category == "residential" and roll[2] < 0.015:
            content["free_kwh"] = "15" if scheme == "tiered" else "0"
        if category == "commercial_industrial":
            content["time_of_use"] = high or capacity >= 50
            if scheme == "two_part":
                _two_part(content, capacity, float(roll[3]), float(roll[4]))
            if high and roll[5] < 0.18:
                content["supply"] = "contract"
                content["contract_prices"] = {"all": f"{0.385 + 0.05 * roll[6]:.4f}"}
            if high and roll[7] < 0.05:
                content["sub_accounts"] = [
                    {"code": "living", "kind": "ratio", "value": "0.03", "scheme": "combined_meter"}
                ]
            if high and roll[6] < 0.2:
                content["line_loss_percent"] = f"{0.8 + 2 * roll[2]:.2f}"
        if high and capacity >= 100:
            # Domain sheet 2.8: 0.90 for industry above 160 kVA, 0.80 for agriculture, else 0.85.
            industrial = str(accounts.trade[place]) < "50" and capacity > 160
            content["power_factor_standard"] = (
                "0.80" if category == "agricultural" else "0.90" if industrial else "0.85"
            )
        found.append(Terms(content, []))
    return found


def _seasons(first: date, last: date) -> list[tuple[date, bool]]:
    """Beginnings of heating seasons (True) and of the time between them, from before `first` on."""
    borders = []
    for year in range(first.year - 1, last.year + 1):
        borders += [(date(year, *HEATING_ENDS), False), (date(year, *HEATING_BEGINS), True)]
    start = max(border for border in borders if border[0] <= first)
    return [border for border in borders if border[0] >= start[0] and border[0] <= last]


def dated_terms(terms: Terms, opened: date, first: date, last: date) -> list[tuple[date, date | None, str]]:
    """Rows of `account_terms` (from, until, JSON text): by heating season where that counts, else with its changes."""
    if terms.content["scheme"] == "heating_time_of_use":
        starts = [
            (max(day, opened), {**terms.content, "scheme": "heating_time_of_use" if heats else "tiered_time_of_use"})
            for day, heats in _seasons(first, last)
        ]
    else:
        starts = [(min(opened, first), terms.content)]
        starts += sorted(terms.changed, key=lambda change: change[0])
    kept: dict[date, dict[str, Any]] = {}
    for day, content in starts:
        kept[max(day, starts[0][0])] = content
    days = sorted(kept)
    return [
        (day, following, json.dumps(kept[day], separators=(",", ":")))
        for day, following in zip(days, [*days[1:], None], strict=True)
    ]
