"""Audit: the catalogue of business and anomaly types, rules, tickets with their events, evidence, problems."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import REAL

from data_access.models.base import Base, CountyKey, Created, KilowattHours, LTree, OrgPath, Small, Yuan, geometry


class BusinessType(Base):
    """业务类型: connection, tariff execution, reading and billing, metering, … (domain sheet 1.4)."""

    __tablename__ = "business_type"

    code: Mapped[str] = mapped_column(primary_key=True)
    ordinal: Mapped[Small] = mapped_column(unique=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]


class AnomalyType(Base):
    """异常类型, the topic of a ticket. `ordinal` is its number in packed risk chunks and never changes."""

    __tablename__ = "anomaly_type"

    code: Mapped[str] = mapped_column(primary_key=True)
    ordinal: Mapped[Small] = mapped_column(unique=True)
    business_type: Mapped[str] = mapped_column(ForeignKey("business_type.code"))
    name_zh: Mapped[str]
    name_en: Mapped[str]
    default_level: Mapped[Small]
    """1 (I, highest) to 4 (IV)."""


class RuleVersion(Base):
    """One version of a detection rule: thresholds are rows, never constants (domain sheet, warning 1)."""

    __tablename__ = "rule_version"

    anomaly_code: Mapped[str] = mapped_column(ForeignKey("anomaly_type.code"), primary_key=True)
    version: Mapped[Small] = mapped_column(primary_key=True)
    effective_from: Mapped[date]
    effective_to: Mapped[date | None]
    thresholds: Mapped[dict[str, Any]]
    certainty: Mapped[str]
    """`found`, `unverified` or `design`, after the marks of the domain sheet."""


class AuditTicket(Base):
    """工单; CIM `Work`. `status` holds the codes of domain sheet 1.2 (10 generated … 95 void)."""

    __tablename__ = "audit_ticket"
    __table_args__ = (
        # No index on org_path: row security would enter by it even for viewers who see everything (migration 0004).
        Index("ix_audit_ticket_open", "county_code", "due_at", postgresql_where=text("closed_at IS NULL")),
        Index("ix_audit_ticket_closed", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
        Index("ix_audit_ticket_opened", "opened_at"),
        Index("ix_audit_ticket_number", "number"),
        Index("ix_audit_ticket_handler", "handler_number", "closed_at"),
        Index(
            "ix_audit_ticket_due_open",
            "due_at",
            "number",
            postgresql_include=["status", "level", "org_path"],
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_audit_ticket_opened_open", "opened_at", "number", postgresql_where=text("closed_at IS NULL")),
        Index("ix_audit_ticket_level_open", "level", "number", postgresql_where=text("closed_at IS NULL")),
        Index("ix_audit_ticket_number_open", "number", postgresql_where=text("closed_at IS NULL")),
        Index("ix_audit_ticket_due", "due_at", "number"),
        Index("ix_audit_ticket_level", "level", "number"),
        Index("ix_audit_ticket_anomaly", "anomaly_code", "opened_at"),
        Index("ix_audit_ticket_district", "county_code", "district_code"),
        Index("ix_audit_ticket_customer", "county_code", "customer_number"),
        # One open ticket an object and topic (domain sheet 1.2: merge, don't create).
        Index(
            "uq_audit_ticket_open_object",
            "county_code",
            "anomaly_code",
            text("COALESCE(customer_number, district_code)"),
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_audit_ticket_assigned",
            "assigned_path",
            postgresql_using="gist",
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_audit_ticket_status", "status", "due_at"),
        CheckConstraint("origin IN ('rule', 'manual', 'api', 'redispatch')", name="origin"),
    )

    county_code: Mapped[CountyKey]
    number: Mapped[str] = mapped_column(primary_key=True)
    anomaly_code: Mapped[str] = mapped_column(ForeignKey("anomaly_type.code"))
    level: Mapped[Small]
    status: Mapped[Small]
    finding: Mapped[str | None]
    """`true`, `false`, `unable`, or nothing yet."""
    risk_number: Mapped[str | None]
    district_code: Mapped[str | None]
    customer_number: Mapped[str | None]
    handler_number: Mapped[str | None]
    reviewer_number: Mapped[str | None]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    """Deadline of the stage that the ticket is in."""
    closed_at: Mapped[datetime | None]
    return_count: Mapped[Small] = mapped_column(server_default="0")
    recovered_kwh: Mapped[KilowattHours | None]
    recovered_yuan: Mapped[Yuan | None]
    breach_yuan: Mapped[Yuan | None]
    """违约使用电费: kept apart from energy revenue (domain sheet 1.7)."""
    version: Mapped[int] = mapped_column(server_default="1")
    """The number of its events: what a change must say it was based on."""
    origin: Mapped[str] = mapped_column(server_default="rule")
    """`rule`, `manual`, `api`, or `redispatch`: made anew after a void one, `previous_number`."""
    description: Mapped[str | None]
    created_by: Mapped[str] = mapped_column(server_default="system")
    previous_number: Mapped[str | None]
    assigned_unit: Mapped[str | None]
    """The unit in charge, from province down to station; nothing before the first dispatch."""
    assigned_path: Mapped[str | None] = mapped_column(LTree)
    stage_started_at: Mapped[datetime | None]
    suspended_from: Mapped[Small | None]
    """The status that it goes back to when it is resumed."""
    suspended_at: Mapped[datetime | None]
    suspended_until: Mapped[datetime | None]
    extended_at: Mapped[datetime | None]
    """An extension is granted once."""
    escalated_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    review_level: Mapped[Small | None]
    """In review: the level of organisation whose turn it is, 2 county, 1 city, 0 province."""
    request: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """What the handler asked for and nobody decided yet: `kind` (extension, suspension), `reason`, `by`, `at`."""
    cause: Mapped[str | None]
    responsible_unit: Mapped[str | None]
    responsible_person: Mapped[str | None]
    found_at: Mapped[datetime | None]
    amounts: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """How the amounts were computed by `billing`: input, result with its trace, the adjustments' numbers."""
    org_path: Mapped[OrgPath]
    updated_at: Mapped[Created]
    is_demo: Mapped[bool] = mapped_column(server_default="false")
    location: Mapped[str | None] = geometry("POINT", nullable=True)


class TicketEvent(Base):
    """What happened to a ticket: append-only, each row hashed over its content and the row before."""

    __tablename__ = "ticket_event"
    __table_args__ = (
        Index("ix_ticket_event_at", "at"),
        Index("ix_ticket_event_prescreen", "actor", "at", postgresql_where=text("to_status = 20")),
    )

    county_code: Mapped[CountyKey]
    ticket_number: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    kind: Mapped[str]
    from_status: Mapped[Small | None]
    to_status: Mapped[Small]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    org_path: Mapped[OrgPath]
    hash_version: Mapped[Small] = mapped_column(server_default="1")
    previous_hash: Mapped[str]
    hash: Mapped[str]


class TicketChange(Base):
    """A change that a client named: the same name and content again gets the same answer, other content is refused."""

    __tablename__ = "ticket_change"
    __table_args__ = (Index("ix_ticket_change_id", "id"), Index("ix_ticket_change_made_at", "made_at"))

    county_code: Mapped[CountyKey]
    id: Mapped[UUID] = mapped_column(primary_key=True)
    ticket_number: Mapped[str | None]
    actor: Mapped[str]
    action: Mapped[str]
    content_hash: Mapped[str]
    answer: Mapped[dict[str, Any]] = mapped_column(JSONB)
    made_at: Mapped[datetime]
    org_path: Mapped[OrgPath]


class CheckIn(Base):
    """An inspector said to be at the object: where the phone was, and how believable that is (0 to 100, with parts)."""

    __tablename__ = "check_in"
    __table_args__ = (
        Index("ix_check_in_ticket", "county_code", "ticket_number", "at"),
        Index("ix_check_in_employee", "employee_number", "at"),
    )

    county_code: Mapped[CountyKey]
    id: Mapped[UUID] = mapped_column(primary_key=True)
    ticket_number: Mapped[str]
    employee_number: Mapped[str]
    at: Mapped[datetime]
    """By the phone's clock."""
    received_at: Mapped[Created]
    accuracy_m: Mapped[float | None] = mapped_column(REAL)
    distance_m: Mapped[float | None] = mapped_column(REAL)
    """To the object; nothing where the object has no place."""
    dwell_seconds: Mapped[int | None]
    """How long fixes had lain inside the fence by then."""
    is_mock: Mapped[bool] = mapped_column(server_default="false")
    score: Mapped[Small]
    parts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    reason: Mapped[str | None]
    """The inspector's own words where the score is low."""
    org_path: Mapped[OrgPath]
    location: Mapped[str] = geometry("POINT", index=False)


class StageLimit(Base):
    """A time limit that a unit has set for a stage; the nearest unit above a ticket decides, then the defaults.

    `level` 0 holds for all risk levels. Limits are working days (domain sheet 1.2: all configurable).
    """

    __tablename__ = "stage_limit"
    __table_args__ = (CheckConstraint("working_days BETWEEN 0 AND 366", name="working_days"),)

    org_path: Mapped[str] = mapped_column(LTree, primary_key=True)
    status: Mapped[Small] = mapped_column(primary_key=True)
    level: Mapped[Small] = mapped_column(primary_key=True, server_default="0")
    effective_from: Mapped[date] = mapped_column(primary_key=True)
    working_days: Mapped[Small]
    set_by: Mapped[str]
    set_at: Mapped[Created]


class Evidence(Base):
    """A photo or file behind a finding; the bytes lie in the object store under their SHA-256."""

    __tablename__ = "evidence"
    __table_args__ = (
        Index("ix_evidence_ticket", "county_code", "ticket_number"),
        # Whether any ticket still names an object of the store.
        Index("ix_evidence_sha256", "sha256"),
        Index("ix_evidence_shown", "shown_sha256"),
        CheckConstraint("purpose IN ('finding', 'responsibility', 'rectification', 'review')", name="purpose"),
    )

    county_code: Mapped[CountyKey]
    sha256: Mapped[str] = mapped_column(primary_key=True)
    ticket_number: Mapped[str] = mapped_column(primary_key=True)
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    taken_at: Mapped[datetime | None]
    uploaded_at: Mapped[Created]
    uploaded_by: Mapped[str]
    purpose: Mapped[str] = mapped_column(server_default="finding")
    file_name: Mapped[str] = mapped_column(server_default="")
    shown_sha256: Mapped[str | None]
    """The copy without metadata that people look at; nothing for files that are only downloaded."""
    shown_media_type: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB, server_default="{}")
    """What the file says of itself: camera, time, place. Kept apart from the picture."""
    comparison: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    """The file's own time and place against the check-in: seconds, metres, verdict."""
    note: Mapped[str | None]
    org_path: Mapped[OrgPath]
    location: Mapped[str | None] = geometry("POINT", nullable=True, index=False)


class Problem(Base):
    """A confirmed problem and how it was put right: the history of a district or customer."""

    __tablename__ = "problem"
    __table_args__ = (
        Index("ix_problem_district", "county_code", "district_code"),
        Index("ix_problem_customer", "county_code", "customer_number"),
        Index("ix_problem_ticket", "county_code", "ticket_number"),
    )

    county_code: Mapped[CountyKey]
    number: Mapped[str] = mapped_column(primary_key=True)
    ticket_number: Mapped[str]
    anomaly_code: Mapped[str] = mapped_column(ForeignKey("anomaly_type.code"))
    district_code: Mapped[str | None]
    customer_number: Mapped[str | None]
    cause: Mapped[str]
    responsible_unit: Mapped[str | None]
    found_at: Mapped[datetime]
    rectification: Mapped[str | None]
    rectified_at: Mapped[datetime | None]
    rectified_by: Mapped[str | None]
    level: Mapped[Small | None]
    responsible_person: Mapped[str | None]
    recovered_kwh: Mapped[KilowattHours | None]
    recovered_yuan: Mapped[Yuan | None]
    breach_yuan: Mapped[Yuan | None]
    org_path: Mapped[OrgPath]
