"""Rules at work: scans, thresholds that units set, confidence from results on site, measured quality, meter events."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Numeric, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from data_access.models.base import Base, CountyKey, Created, LTree, OrgPath, Small


class RiskRun(Base):
    """One scan of a county's data up to `last_day` by all rules in force. A rule is merged in one transaction, and
    named in `rules_done` by the same one: an interrupted run goes on with the rules that are left.

    `dropped`: what the data filter took away (domain sheet 1.5), by reason.
    """

    __tablename__ = "risk_run"
    __table_args__ = (
        Index("ix_risk_run_last_day", "last_day", "county_code"),
        CheckConstraint("kind IN ('day', 'month')", name="kind"),
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name="state"),
    )

    county_code: Mapped[CountyKey]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str]
    last_day: Mapped[date]
    requested_by: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="queued")
    rules_total: Mapped[Small] = mapped_column(server_default="0")
    rules_done: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    customers: Mapped[int] = mapped_column(server_default="0")
    districts: Mapped[int] = mapped_column(server_default="0")
    dropped: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    points_new: Mapped[int] = mapped_column(server_default="0")
    points_confirmed: Mapped[int] = mapped_column(server_default="0")
    points_cleared: Mapped[int] = mapped_column(server_default="0")
    attempts: Mapped[Small] = mapped_column(server_default="0")
    created_at: Mapped[Created]
    started_at: Mapped[datetime | None]
    progress_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error_code: Mapped[str | None]
    error_reference: Mapped[str | None]
    org_path: Mapped[OrgPath]


class RuleSetting(Base):
    """Thresholds that a unit sets for itself and those below it, over the ones of `rule_version`; only ever added to.

    In force for a county: the newest version of each unit on the line from province to county, the nearest unit last.
    """

    __tablename__ = "rule_setting"

    anomaly_code: Mapped[str] = mapped_column(ForeignKey("anomaly_type.code"), primary_key=True)
    org_path: Mapped[str] = mapped_column(LTree, primary_key=True)
    version: Mapped[Small] = mapped_column(primary_key=True)
    effective_from: Mapped[date]
    thresholds: Mapped[dict[str, Any]]
    """Name -> value, for the names that differ."""
    reason: Mapped[str]
    preview: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    """What the preview said when it was set."""
    set_by: Mapped[str]
    set_at: Mapped[Created]


class RuleConfidence(Base):
    """How often a rule was right on site in the last twelve months, by unit (domain sheet 1.6)."""

    __tablename__ = "rule_confidence"
    __table_args__ = (CheckConstraint("confirmed BETWEEN 0 AND visited", name="counts"),)

    anomaly_code: Mapped[str] = mapped_column(ForeignKey("anomaly_type.code"), primary_key=True)
    org_path: Mapped[str] = mapped_column(LTree, primary_key=True)
    visited: Mapped[int]
    confirmed: Mapped[int]
    first_day: Mapped[date]
    last_day: Mapped[date]
    computed_at: Mapped[Created]


class RuleQuality(Base):
    """Precision (`matched / detected`) and recall (`found / planted`) of a rule against known truth.

    `explained`: of the detections that don't match, those at objects where something of another type was.
    `truth` says which: `demo` is the demo utility's planted answer sheet, a simulation.
    """

    __tablename__ = "rule_quality"

    anomaly_code: Mapped[str] = mapped_column(ForeignKey("anomaly_type.code"), primary_key=True)
    truth: Mapped[str] = mapped_column(primary_key=True)
    planted: Mapped[int]
    detected: Mapped[int]
    matched: Mapped[int]
    explained: Mapped[int]
    found: Mapped[int]
    first_day: Mapped[date]
    last_day: Mapped[date]
    computed_at: Mapped[Created]


class MeterEvent(Base):
    """What a meter reports by itself (domain sheet 1.4 D): `voltage_lost`, `phase_lost`, `current_lost`,
    `cover_opened`, `magnetic_field`, `clock_wrong`, `current_unbalance`, `neutral_difference`, …
    """

    __tablename__ = "meter_event"
    __table_args__ = (
        Index("ix_meter_event_customer", "county_code", "customer_number", "began_at"),
        Index("ix_meter_event_began", "county_code", "began_at"),
    )

    county_code: Mapped[CountyKey]
    meter_number: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    began_at: Mapped[datetime] = mapped_column(primary_key=True)
    ended_at: Mapped[datetime | None]
    customer_number: Mapped[str]
    value: Mapped[Decimal | None] = mapped_column(Numeric(14, 4))
    """What the kind measures: percent of the nominal voltage or current, minutes, amperes."""
    org_path: Mapped[OrgPath]
