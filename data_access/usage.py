"""Energy as people and rules read it: a customer's days, a district's days, a county's month as columns.

Packed arrays (see `models.energy`) become lists of hundredths of a kWh or decimals here, and nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from data_access.engine import reading, system
from data_access.months import months_between
from data_access.scope import Viewer

PART = "usage"
PERIODS = ("sharp", "peak", "flat", "valley", "deep_valley")
MISSING = int(np.iinfo(np.int32).min)
"""A day without a reading in `MonthColumns`."""
_MONTHS = text("""
SELECT own.* FROM customer CROSS JOIN unnest(CAST(:months AS date[])) AS wanted (month) CROSS JOIN LATERAL (
    SELECT usage_month.* FROM usage_month WHERE usage_month.county_code = customer.county_code
        AND usage_month.month = wanted.month AND usage_month.customer_number = customer.number OFFSET 0
) AS own
WHERE customer.number = :customer
ORDER BY own.month
""")
_READINGS = text("""
SELECT reading.meter_number, reading.register, reading.read_at, reading.kind, reading.reading, reading.method,
    reading.quality, reading.month
FROM customer CROSS JOIN unnest(CAST(:months AS date[])) AS wanted (month) CROSS JOIN LATERAL (
    SELECT meter_reading.* FROM meter_reading WHERE meter_reading.county_code = customer.county_code
        AND meter_reading.month = wanted.month AND meter_reading.customer_number = customer.number OFFSET 0
) AS reading
WHERE customer.number = :customer
ORDER BY reading.read_at, reading.meter_number, reading.register
""")
_DISTRICT = text("""
SELECT energy.day, energy.supplied_kwh, energy.sold_kwh, energy.generated_kwh, energy.meters, energy.meters_read,
    energy.state, energy.reason, energy.loss_percent
FROM district_energy AS energy
WHERE energy.county_code = :county AND energy.district_code = :district AND energy.day >= :first
    AND energy.day <= :last
ORDER BY energy.day
""")
_COLUMNS = text("""
SELECT customer_number, district_code, energy_kwh, daily_kwh FROM usage_month
WHERE county_code = :county AND month = :month ORDER BY customer_number
""")


def pack(days: Sequence[Decimal | None]) -> list[int | None]:
    """kWh by day as the database holds them. Raises ValueError for a third decimal or what an int4 can't hold."""
    packed: list[int | None] = []
    for value in days:
        if value is None:
            packed.append(None)
            continue
        moved = value.scaleb(2)
        if moved != moved.to_integral_value() or not 0 <= moved < 2**31:
            raise ValueError(f"expected kWh of at most two decimals, 0 to 21,474,836.47, found {value}")
        packed.append(int(moved))
    return packed


def unpack(packed: Sequence[int | None]) -> list[Decimal | None]:
    """What `pack` packed: kWh by day, None where no reading came in."""
    return [None if value is None else Decimal(value).scaleb(-2) for value in packed]


async def usage_of(viewer: Viewer, customer: str, first: date, last: date) -> list[dict[str, Any]]:
    """A customer's months from `first` to `last` (first days): `daily_kwh` and `periods` (by name) as decimals a day,
    None where a reading is missing; `energy_kwh`, `reactive_kvarh`, `maximum_demand_kw` of the month.
    """
    async with reading(viewer) as connection:
        rows = await connection.execute(_MONTHS, {"customer": customer, "months": months_between(first, last)})
        return [_month(row._mapping) for row in rows]


def _month(row: Any) -> dict[str, Any]:
    return {
        "month": row["month"],
        "district_code": row["district_code"],
        "energy_kwh": row["energy_kwh"],
        "daily_kwh": unpack(row["daily_kwh"]),
        "periods": {name: unpack(row[f"{name}_kwh"]) for name in PERIODS if row[f"{name}_kwh"] is not None},
        "fed_in_kwh": None if row["fed_in_kwh"] is None else unpack(row["fed_in_kwh"]),
        "reactive_kvarh": row["reactive_kvarh"],
        "maximum_demand_kw": row["maximum_demand_kw"],
    }


async def readings_of(viewer: Viewer, customer: str, first: date, last: date) -> list[dict[str, Any]]:
    """A customer's readings of the months `first` to `last`, in order of time."""
    async with reading(viewer) as connection:
        rows = await connection.execute(_READINGS, {"customer": customer, "months": months_between(first, last)})
        return [dict(row._mapping) for row in rows]


async def district_days(viewer: Viewer, county: str, district: str, first: date, last: date) -> list[dict[str, Any]]:
    """A district's days: supplied, sold, generated kWh, collection, state, loss in percent (None: not computable)."""
    async with reading(viewer) as connection:
        rows = await connection.execute(
            _DISTRICT, {"county": county, "district": district, "first": first, "last": last}
        )
        return [dict(row._mapping) for row in rows]


@dataclass(frozen=True, slots=True)
class MonthColumns:
    """A county's month for rules: one entry a customer, days in a matrix of hundredths of a kWh (`MISSING`: none)."""

    customer: list[str]
    district: list[str]
    energy: NDArray[np.int64]
    """Register energy of the month, hundredths of a kWh."""
    daily: NDArray[np.int32]


async def month_columns(county: str, month: date) -> MonthColumns:
    """All customers of a county in one month, for work on nobody's behalf."""
    async with system(PART) as connection:
        rows = (await connection.execute(_COLUMNS, {"county": county, "month": month})).all()
    days = max((len(row[3]) for row in rows), default=0)
    daily = np.full((len(rows), days), MISSING, np.int32)
    for place, row in enumerate(rows):
        daily[place, : len(row[3])] = [MISSING if value is None else value for value in row[3]]
    return MonthColumns(
        [row[0] for row in rows],
        [row[1] for row in rows],
        np.array([int(row[2].scaleb(2)) for row in rows], np.int64),
        daily,
    )
