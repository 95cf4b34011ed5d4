"""Risk points, their packed chunks for the map, and the demo utility's planted truth."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, Numeric, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger, SmallInteger

from data_access.models.base import Base, CountyKey, OrgPath, Small, Yuan, geometry


class RiskPoint(Base):
    """风险点: one detected anomaly at one object. Score after domain sheet 1.6, every part kept in `score_parts`."""

    __tablename__ = "risk_point"
    __table_args__ = (
        Index("ix_risk_point_station_detected", "station_code", "detected_at"),
        Index("ix_risk_point_detected", "detected_at"),
        Index(
            "ix_risk_point_open",
            text("score DESC"),
            text("detected_at DESC"),
            "number",
            postgresql_where=text("state IN (0, 1, 3)"),
        ),
        Index("ix_risk_point_number", "number"),
        Index("ix_risk_point_cell", "h3_cell"),
        Index("ix_risk_point_district", "county_code", "district_code"),
        Index("ix_risk_point_customer", "county_code", "customer_number"),
        # One open point of a type at an object, of those that a run found.
        Index(
            "uq_risk_point_open_object",
            "county_code",
            "anomaly_code",
            text("COALESCE(customer_number, district_code)"),
            unique=True,
            postgresql_where=text("run_id IS NOT NULL AND state IN (0, 1, 3)"),
        ),
        Index(
            "ix_risk_point_expected",
            text("expected_yuan DESC"),
            "number",
            postgresql_where=text("state IN (0, 1) AND expected_yuan IS NOT NULL"),
        ),
    )

    county_code: Mapped[CountyKey]
    number: Mapped[str] = mapped_column(primary_key=True)
    station_code: Mapped[str]
    anomaly_code: Mapped[str] = mapped_column(ForeignKey("anomaly_type.code"))
    level: Mapped[Small]
    state: Mapped[Small]
    """0 new, 1 confirmed by later data, 2 cleared, 3 in ticket, 4 confirmed on site, 5 rejected. Open: 0, 1, 3."""
    score: Mapped[Small]
    score_parts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    exposure_yuan: Mapped[Yuan]
    district_code: Mapped[str | None]
    customer_number: Mapped[str | None]
    rule_version: Mapped[Small] = mapped_column(server_default="1")
    detected_at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]
    h3_cell: Mapped[int] = mapped_column(BigInteger)
    """H3 index of resolution 9 as a signed 64-bit number."""
    run_id: Mapped[int | None] = mapped_column(BigInteger)
    """The run that found it; None: it came from elsewhere (an import, the demo's history)."""
    since_on: Mapped[date | None]
    """First day on which it shows in the data."""
    seen_on: Mapped[date | None]
    """Last day on which a run saw it."""
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    """The numbers behind it by name, and the thresholds that they were held against."""
    energy_kwh: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    probability: Mapped[Decimal | None] = mapped_column(Numeric(5, 4))
    """That it is confirmed on site: the learned score where one is current, else the rule's confidence."""
    recoverable_yuan: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    expected_yuan: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    """probability x recoverable - cost of the visit."""
    is_control: Mapped[bool] = mapped_column(server_default="false")
    """Drawn at random as a control visit."""
    control_on: Mapped[date | None]
    """The Monday of the week that it was drawn for."""
    org_path: Mapped[OrgPath]
    location: Mapped[str] = geometry("POINT")


class RiskChunk(Base):
    """The risk points of one station in one month, packed column by column for the map's tiles.

    A tile needs position, type, level, state, day and score of every point in view under any filter: reading rows costs
    a second for a million points, reading chunks some ten milliseconds. All columns are big-endian and equally long:
    `x`, `y` int32 (Web Mercator fraction of the world × 2³¹ from the north-west corner), `kind` uint8
    (anomaly ordinal), `flag` uint8 (level + 16 × state), `day` int16 (days since 2000-01-01, Asia/Shanghai),
    `score` uint8, `cell` int64 (H3 resolution 9).
    """

    __tablename__ = "risk_chunk"
    __table_args__ = (Index("ix_risk_chunk_month", "month"),)

    county_code: Mapped[CountyKey]
    station_code: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    org_path: Mapped[OrgPath]
    count: Mapped[int]
    version: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Version of the layer `risk` that came with this packing: readers fetch only chunks newer than what they know."""
    open_by_level: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    x: Mapped[bytes] = mapped_column(LargeBinary)
    y: Mapped[bytes] = mapped_column(LargeBinary)
    kind: Mapped[bytes] = mapped_column(LargeBinary)
    flag: Mapped[bytes] = mapped_column(LargeBinary)
    day: Mapped[bytes] = mapped_column(LargeBinary)
    score: Mapped[bytes] = mapped_column(LargeBinary)
    cell: Mapped[bytes] = mapped_column(LargeBinary)
    bounds: Mapped[str] = geometry("POLYGON")


class RiskChunkDirty(Base):
    """Chunks whose points changed since they were packed; filled by triggers on `risk_point`, emptied by
    `refresh_risk_chunks()`."""

    __tablename__ = "risk_chunk_dirty"

    county_code: Mapped[CountyKey]
    station_code: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    org_path: Mapped[OrgPath]


class DemoTruth(Base):
    """What the demo utility planted, where and when: the answer sheet by which rules are scored. Not shown to users."""

    __tablename__ = "demo_truth"

    county_code: Mapped[CountyKey]
    number: Mapped[str] = mapped_column(primary_key=True)
    anomaly_code: Mapped[str] = mapped_column(ForeignKey("anomaly_type.code"))
    district_code: Mapped[str | None]
    customer_number: Mapped[str | None]
    started_on: Mapped[date]
    ended_on: Mapped[date | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    org_path: Mapped[OrgPath]
