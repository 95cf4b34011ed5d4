"""Work in the field: devices, shifts, positions, tracks, and what was refused."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import REAL

from data_access.models.base import Base, CountyKey, Created, OrgPath, Small, geometry


class Device(Base):
    """An inspector's phone or receiver. The token is stored hashed (SHA-256 of 256 random bits)."""

    __tablename__ = "device"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    employee_number: Mapped[str] = mapped_column(ForeignKey("employee.number"))
    label: Mapped[str]
    coordinate_system: Mapped[str] = mapped_column(server_default="wgs84")
    """`wgs84`, `gcj02` or `bd09`: what the device sends; converted before storage (domain sheet 8)."""
    token_hash: Mapped[str] = mapped_column(unique=True)
    org_path: Mapped[OrgPath]
    created_at: Mapped[Created]
    revoked_at: Mapped[datetime | None]


class WorkShift(Base):
    """A shift. Fixes outside a shift are dropped before storage (personal information, domain sheet 1.8)."""

    __tablename__ = "work_shift"

    county_code: Mapped[CountyKey]
    employee_number: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(primary_key=True)
    ended_at: Mapped[datetime | None]
    org_path: Mapped[OrgPath]


class InspectorPosition(Base):
    """Where an inspector is now: one row a person, moved forward only by a newer fix."""

    __tablename__ = "inspector_position"

    employee_number: Mapped[str] = mapped_column(ForeignKey("employee.number"), primary_key=True)
    county_code: Mapped[str]
    org_path: Mapped[OrgPath]
    fixed_at: Mapped[datetime]
    received_at: Mapped[datetime]
    longitude: Mapped[float]
    latitude: Mapped[float]
    accuracy_m: Mapped[float | None] = mapped_column(REAL)
    speed_kmh: Mapped[float | None] = mapped_column(REAL)
    heading_deg: Mapped[float | None] = mapped_column(REAL)
    battery_percent: Mapped[Small | None]
    activity: Mapped[str]
    """`way` on the way, `site` on site, `idle`. Silent and offline follow from the age of `fixed_at` and the shift."""
    on_shift: Mapped[bool]
    ticket_number: Mapped[str | None]
    device_id: Mapped[UUID | None]


class PositionFix(Base):
    """One accepted fix. Partitioned by day on `fixed_at` (event time); `received_at` is the arrival time."""

    __tablename__ = "position_fix"
    __table_args__ = (
        Index("ix_position_fix_fixed_at", "fixed_at", postgresql_using="brin"),
        {"postgresql_partition_by": "RANGE (fixed_at)"},
    )

    county_code: Mapped[CountyKey]
    employee_number: Mapped[str] = mapped_column(primary_key=True)
    fixed_at: Mapped[datetime] = mapped_column(primary_key=True)
    received_at: Mapped[Created]
    longitude: Mapped[float]
    latitude: Mapped[float]
    accuracy_m: Mapped[float | None] = mapped_column(REAL)
    speed_kmh: Mapped[float | None] = mapped_column(REAL)
    heading_deg: Mapped[float | None] = mapped_column(REAL)
    is_late: Mapped[bool] = mapped_column(server_default="false")
    device_id: Mapped[UUID | None]
    org_path: Mapped[OrgPath]


class PositionRejection(Base):
    """How many fixes of a device were refused on a day, by reason, with the latest one as a sample."""

    __tablename__ = "position_rejection"

    day: Mapped[date] = mapped_column(primary_key=True)
    device_id: Mapped[UUID] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime]
    sample: Mapped[dict[str, Any]] = mapped_column(JSONB)
    employee_number: Mapped[str | None]
    org_path: Mapped[OrgPath]


class WorkTrack(Base):
    """A finished day of one inspector: line, stops, gaps, distance."""

    __tablename__ = "work_track"

    county_code: Mapped[CountyKey]
    employee_number: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    distance_m: Mapped[float]
    fix_count: Mapped[int] = mapped_column(server_default="0")
    """Fixes that the track was made from: another number of stored fixes means that late ones came."""
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    stops: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")
    gaps: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")
    org_path: Mapped[OrgPath]
    line: Mapped[str] = geometry("MULTILINESTRING")
