"""Grid and customers in their places: substation, feeder, transformer district, customer, meter, reading section.

Large tables have no index on `org_path`: the planner takes the policy's `<@` to leave one row in a thousand, so it
would join that index to every spatial search and read all of the viewer's rows from it (60 ms instead of 1 ms a
search over 100,000 districts). A unit's rows are found by `county_code`.
"""

from datetime import date
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from data_access.models.base import Base, CountyKey, OrgPath, Small, geometry


class Substation(Base):
    """A substation; CIM `Substation`."""

    __tablename__ = "substation"
    __table_args__ = (Index("ix_substation_search", text("search_grams(name, org_path)"), postgresql_using="gin"),)

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    county_code: Mapped[str]
    org_path: Mapped[OrgPath]
    voltage_kv: Mapped[Small]
    location: Mapped[str] = geometry("POINT")


class Feeder(Base):
    """A 10 kV line out of a substation; CIM `Feeder`."""

    __tablename__ = "feeder"
    __table_args__ = (Index("ix_feeder_search", text("search_grams(name, org_path)"), postgresql_using="gin"),)

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    substation_code: Mapped[str] = mapped_column(ForeignKey("substation.code"))
    county_code: Mapped[str]
    org_path: Mapped[OrgPath]
    path: Mapped[str] = geometry("MULTILINESTRING")


class TransformerDistrict(Base):
    """台区: one distribution transformer and the customers behind it. CIM has no class for it (domain sheet 9.1)."""

    __tablename__ = "transformer_district"
    __table_args__ = (
        Index("ix_transformer_district_code", "code"),
        Index("ix_transformer_district_search", text("search_grams(name, org_path)"), postgresql_using="gin"),
    )

    county_code: Mapped[CountyKey]
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    """`public` 公变 or `dedicated` 专变."""
    capacity_kva: Mapped[int]
    feeder_code: Mapped[str]
    manager_number: Mapped[str | None]
    customer_count: Mapped[int] = mapped_column(server_default="0")
    org_path: Mapped[OrgPath]
    location: Mapped[str] = geometry("POINT")
    service_area: Mapped[str | None] = geometry("POLYGON", nullable=True)


class ReadingSection(Base):
    """抄表段: customers with the same reading day, reader and method (domain sheet 5)."""

    __tablename__ = "reading_section"

    county_code: Mapped[CountyKey]
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    reader_number: Mapped[str | None]
    reading_day: Mapped[Small]
    org_path: Mapped[OrgPath]


class Customer(Base):
    """An account 户号: CIM `CustomerAccount` with its `UsagePoint`'s place."""

    __tablename__ = "customer"
    __table_args__ = (
        Index("ix_customer_district", "county_code", "district_code"),
        Index("ix_customer_number", "number"),
        Index("ix_customer_search", text("search_grams(name, org_path)"), postgresql_using="gin"),
    )

    county_code: Mapped[CountyKey]
    number: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    category: Mapped[str]
    """`residential`, `agricultural`, `commercial_industrial` (domain sheet 2.1)."""
    voltage: Mapped[str]
    contract_capacity_kva: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    tariff_code: Mapped[str]
    trade_code: Mapped[str | None]
    phone: Mapped[str | None]
    address: Mapped[str | None]
    district_code: Mapped[str]
    reading_section_code: Mapped[str | None]
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]
    org_path: Mapped[OrgPath]
    is_demo: Mapped[bool] = mapped_column(server_default="false")
    generation_kw: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    """Own generation that is on file; None: none is."""
    location: Mapped[str | None] = geometry("POINT", nullable=True)


class Meter(Base):
    """A meter at a customer; CIM `Meter` with `MeterMultiplier`: CT ratio × PT ratio (domain sheet 2.4)."""

    __tablename__ = "meter"
    __table_args__ = (
        Index("ix_meter_customer", "county_code", "customer_number"),
        Index("ix_meter_number", "number"),
    )

    county_code: Mapped[CountyKey]
    number: Mapped[str] = mapped_column(primary_key=True)
    customer_number: Mapped[str]
    multiplier: Mapped[int] = mapped_column(server_default="1")
    digits: Mapped[Small]
    installed_on: Mapped[date]
    removed_on: Mapped[date | None]
    org_path: Mapped[OrgPath]
