"""Energy: what meters counted, day by day and month by month, and what a district took in and sold.

Daily energy is packed: one row holds a customer's whole month. 24,000 customers x 24 months are then 600,000 rows that
load in seconds and that a rule reads column by column, where one row a day would be 18 million.

How a month is packed: `daily_kwh[d]` is the energy of the d-th day of the month (Asia/Shanghai) in hundredths of a kWh,
SQL NULL inside the array where no reading came in that day. The array ends with the last day that is over, so the
current month's is shorter. Time-of-use accounts have one such array for each period they are measured in; on every day
their sum is the day's `daily_kwh`. `energy_kwh` is what the registers counted over the month: a missing day is missing
from the array only.
"""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Computed, Index, Numeric, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Integer

from data_access.models.base import Base, CountyKey, KilowattHours, OrgPath, Small

Packed = ARRAY(Integer)


class UsageMonth(Base):
    """One customer's month. `fed_in_kwh` is what own generation gave to the grid, packed like the rest."""

    __tablename__ = "usage_month"
    __table_args__ = ({"postgresql_partition_by": "RANGE (month)"},)

    county_code: Mapped[CountyKey]
    month: Mapped[date] = mapped_column(primary_key=True)
    """Its first day."""
    customer_number: Mapped[str] = mapped_column(primary_key=True)
    district_code: Mapped[str]
    """The district at that time: a customer may move to another one."""
    energy_kwh: Mapped[KilowattHours]
    daily_kwh: Mapped[list[int | None]] = mapped_column(Packed)
    sharp_kwh: Mapped[list[int | None] | None] = mapped_column(Packed)
    peak_kwh: Mapped[list[int | None] | None] = mapped_column(Packed)
    flat_kwh: Mapped[list[int | None] | None] = mapped_column(Packed)
    valley_kwh: Mapped[list[int | None] | None] = mapped_column(Packed)
    deep_valley_kwh: Mapped[list[int | None] | None] = mapped_column(Packed)
    fed_in_kwh: Mapped[list[int | None] | None] = mapped_column(Packed)
    reactive_kvarh: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    """Forward plus reverse; None where it is not measured."""
    maximum_demand_kw: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    """Highest 15-minute mean of the month, primary kW; None where it is not measured."""
    org_path: Mapped[OrgPath]


class MeterReading(Base):
    """One register of one meter at one moment; CIM `Reading` (domain sheet 2.4, 5, 9.1). Partitioned by `month`.

    `register` is a word of `billing.model.terms.Register`, or `maximum_demand`. `month` is the one that the reading
    closes: what was read on 1 May at 00:00 belongs to April. Dial units; the energy is the difference x multiplier.
    """

    __tablename__ = "meter_reading"
    __table_args__ = (
        Index(
            "ix_meter_reading_event", "county_code", "customer_number", postgresql_where=text("kind <> 'period_end'")
        ),
        {"postgresql_partition_by": "RANGE (month)"},
    )

    county_code: Mapped[CountyKey]
    month: Mapped[date] = mapped_column(primary_key=True)
    customer_number: Mapped[str] = mapped_column(primary_key=True)
    meter_number: Mapped[str] = mapped_column(primary_key=True)
    register: Mapped[str] = mapped_column(primary_key=True)
    read_at: Mapped[datetime] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """`period_end`, `installed` (first of a meter), `removed` (last of a meter)."""
    reading: Mapped[Decimal] = mapped_column(Numeric(14, 4))
    method: Mapped[str]
    """`remote`, `manual`, `estimated` (domain sheet 5)."""
    quality: Mapped[str]
    """`valid`, `suspect`."""
    org_path: Mapped[OrgPath]


class DistrictEnergy(Base):
    """A transformer district's day (domain sheet 4). Partitioned by month of `day`.

    Supplied = gateway forward + fed in by generation - gateway reverse; sold = sum of the customers on the same day.
    `state` is `computed` or `not_computable`, with the `reason` (`no_supply`, `low_collection`): a rate that can't be
    computed is never 0 %.
    """

    __tablename__ = "district_energy"
    __table_args__ = (
        Index("ix_district_energy_district", "county_code", "district_code", "day"),
        {"postgresql_partition_by": "RANGE (day)"},
    )

    county_code: Mapped[CountyKey]
    day: Mapped[date] = mapped_column(primary_key=True)
    district_code: Mapped[str] = mapped_column(primary_key=True)
    supplied_kwh: Mapped[KilowattHours | None]
    sold_kwh: Mapped[KilowattHours]
    generated_kwh: Mapped[KilowattHours]
    meters: Mapped[Small]
    meters_read: Mapped[Small]
    """Collection success is `meters_read / meters`."""
    state: Mapped[str]
    reason: Mapped[str | None]
    loss_percent: Mapped[Decimal | None] = mapped_column(
        Numeric(9, 2),
        Computed(
            "CASE WHEN state = 'computed' THEN round((supplied_kwh - sold_kwh) * 100 / NULLIF(supplied_kwh, 0), 2) END",
            persisted=True,
        ),
    )
    org_path: Mapped[OrgPath]
