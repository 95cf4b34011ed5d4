"""Audit: the catalogue of business and anomaly types, rules, tickets with their events, evidence, problems."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from data_access.models.base import Base, CountyKey, Created, KilowattHours, OrgPath, Small, Yuan, geometry


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
        Index("ix_audit_ticket_org_path", "org_path", postgresql_using="gist"),
        Index("ix_audit_ticket_open", "county_code", "due_at", postgresql_where=text("closed_at IS NULL")),
        Index("ix_audit_ticket_closed", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
        Index("ix_audit_ticket_opened", "opened_at"),
        Index("ix_audit_ticket_number", "number"),
        Index("ix_audit_ticket_handler", "handler_number", postgresql_where=text("closed_at IS NULL")),
        Index("ix_audit_ticket_district", "county_code", "district_code"),
        Index("ix_audit_ticket_customer", "county_code", "customer_number"),
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
    org_path: Mapped[OrgPath]
    updated_at: Mapped[Created]
    is_demo: Mapped[bool] = mapped_column(server_default="false")
    location: Mapped[str | None] = geometry("POINT", nullable=True)


class TicketEvent(Base):
    """What happened to a ticket: append-only, each row hashed over its content and the row before."""

    __tablename__ = "ticket_event"
    __table_args__ = (Index("ix_ticket_event_at", "at"),)

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


class Evidence(Base):
    """A photo or file behind a finding; the bytes lie in the object store under their SHA-256."""

    __tablename__ = "evidence"
    __table_args__ = (Index("ix_evidence_ticket", "county_code", "ticket_number"),)

    county_code: Mapped[CountyKey]
    sha256: Mapped[str] = mapped_column(primary_key=True)
    ticket_number: Mapped[str] = mapped_column(primary_key=True)
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    taken_at: Mapped[datetime | None]
    uploaded_at: Mapped[Created]
    uploaded_by: Mapped[str]
    org_path: Mapped[OrgPath]
    location: Mapped[str | None] = geometry("POINT", nullable=True, index=False)


class Problem(Base):
    """A confirmed problem and how it was put right: the history of a district or customer."""

    __tablename__ = "problem"
    __table_args__ = (Index("ix_problem_district", "county_code", "district_code"),)

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
    org_path: Mapped[OrgPath]
