"""Money: tariffs as they were used, the terms of each account, billing runs, bills, corrections, adjustments.

A bill that was issued never changes: the database refuses it. A correction is a new row that names the version it
corrects. Every amount comes from `billing`; what is stored is what it gave, with everything that it needs to give it
again.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, Integer, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from data_access.models.base import Base, CountyKey, Created, KilowattHours, OrgPath, Small, Yuan


class TariffVersion(Base):
    """A tariff row that bills are made with, mirrored from the data files of `billing`; only ever added to."""

    __tablename__ = "tariff_version"
    __table_args__ = (UniqueConstraint("area", "code"),)

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    """What `bill_line.tariff_rows` holds."""
    area: Mapped[str]
    code: Mapped[str]
    kind: Mapped[str]
    """`price`, `tier`, `ratio`, `hours`, `policy`."""
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    """The day after the last."""
    recorded_at: Mapped[datetime | None]
    """The second clock: since when the row is known. None: from the start."""
    document: Mapped[str]
    certainty: Mapped[str]
    """`found`, `unverified`, `illustrative`: everything but `found` is stated on each bill."""
    note: Mapped[str]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    mirrored_at: Mapped[Created]


class AccountTerms(Base):
    """How an account is billed from a day on: the content of `billing.Account` without its number, opening and closing.

    A month is billed by the terms that hold on its first day: changes begin with a month.
    """

    __tablename__ = "account_terms"

    county_code: Mapped[CountyKey]
    customer_number: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_until: Mapped[date | None]
    """The day after the last."""
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    org_path: Mapped[OrgPath]


class BillingRun(Base):
    """One billing of a county's month, or of one reading section's: who asked, how far it is, how it ended.

    `state`: queued, running, done, failed. `known_at` is the tariff clock of all its bills. `error_code` is a key of
    the text catalogue, `error_reference` finds the details in the log: both are safe to show.
    """

    __tablename__ = "billing_run"
    __table_args__ = (
        Index("ix_billing_run_month", "month", "county_code"),
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name="state"),
    )

    county_code: Mapped[CountyKey]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    section_code: Mapped[str | None]
    month: Mapped[date]
    requested_by: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="queued")
    customers: Mapped[int] = mapped_column(server_default="0")
    """To be billed: those with terms and service in the month that had no bill when the run began."""
    billed: Mapped[int] = mapped_column(server_default="0")
    failed: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[Yuan] = mapped_column(server_default="0")
    attempts: Mapped[Small] = mapped_column(server_default="0")
    known_at: Mapped[datetime]
    created_at: Mapped[Created]
    started_at: Mapped[datetime | None]
    progress_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error_code: Mapped[str | None]
    error_reference: Mapped[str | None]
    org_path: Mapped[OrgPath]


class BillingFailure(Base):
    """A customer that a run could not bill, with the findings that say why."""

    __tablename__ = "billing_failure"

    county_code: Mapped[CountyKey]
    run_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    customer_number: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[date]
    findings: Mapped[list[Any]] = mapped_column(JSONB)
    created_at: Mapped[Created]
    org_path: Mapped[OrgPath]


class Bill(Base):
    """An issued bill. Version 0 is the regular one, and the primary key lets a customer have it once a month.

    `case_content` is the whole `billing.Case` that the bill was made from, `known_at` the tariff clock: from both,
    `billing.bill` gives the same bill again, with its full trace, at any time.
    Its number is customer, month and version: `130202000123-202604-0`.
    """

    __tablename__ = "bill"
    __table_args__ = (
        CheckConstraint("kind IN ('regular', 'correction')", name="kind"),
        CheckConstraint("(version = 0) = (kind = 'regular')", name="regular_is_first"),
        CheckConstraint(
            "(kind = 'correction') = (corrects IS NOT NULL) AND (corrects IS NULL OR corrects < version)",
            name="correction_names_its_bill",
        ),
        {"postgresql_partition_by": "RANGE (month)"},
    )

    county_code: Mapped[CountyKey]
    month: Mapped[date] = mapped_column(primary_key=True)
    customer_number: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[Small] = mapped_column(primary_key=True)
    kind: Mapped[str]
    corrects: Mapped[Small | None]
    """The version that this one corrects."""
    reason: Mapped[str | None]
    """Why it was corrected."""
    district_code: Mapped[str]
    scheme: Mapped[str]
    voltage: Mapped[str]
    period_start: Mapped[date]
    period_end: Mapped[date]
    """The day after the last."""
    total: Mapped[Yuan]
    billed_kwh: Mapped[KilowattHours]
    loss_kwh: Mapped[KilowattHours | None]
    """Transformer and line loss in `billed_kwh`; None where none is charged."""
    reactive_kvarh: Mapped[KilowattHours | None]
    demand_kw: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    power_factor: Mapped[Decimal | None] = mapped_column(Numeric(4, 2))
    certainty: Mapped[str]
    """The least certain of the tariff rows that the bill rests on."""
    case_content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    known_at: Mapped[datetime]
    engine: Mapped[str]
    run_id: Mapped[int | None] = mapped_column(BigInteger)
    issued_at: Mapped[Created]
    issued_by: Mapped[str]
    org_path: Mapped[OrgPath]


class BillLine(Base):
    """One line of a bill: component x period x part of the period. Yuan, half-up to the cent (domain sheet 2.11).

    No foreign key to `bill`: both are written in one transaction by one function, and neither can change after it.
    """

    __tablename__ = "bill_line"
    __table_args__ = ({"postgresql_partition_by": "RANGE (month)"},)

    county_code: Mapped[CountyKey]
    month: Mapped[date] = mapped_column(primary_key=True)
    customer_number: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[Small] = mapped_column(primary_key=True)
    line: Mapped[Small] = mapped_column(primary_key=True)
    component: Mapped[str]
    period: Mapped[str]
    sub_account: Mapped[str] = mapped_column(server_default="")
    start_on: Mapped[date]
    end_on: Mapped[date]
    """The day after the last."""
    quantity: Mapped[Decimal] = mapped_column(Numeric)
    unit: Mapped[str]
    price: Mapped[Decimal] = mapped_column(Numeric)
    amount: Mapped[Yuan]
    days: Mapped[Small | None]
    cycle_days: Mapped[Small | None]
    """A basic charge is quantity x price x days / cycle_days."""
    tariff_rows: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    """`tariff_version.id` of the rows that made the price."""
    rounding: Mapped[str] = mapped_column(server_default="half_up:0.01")
    org_path: Mapped[OrgPath]


_SIGN = "CASE WHEN reverses IS NULL THEN 1 ELSE -1 END"


class Adjustment(Base):
    """退补 and 违约使用电费: money asked or given back beside a bill. Append-only (domain sheet 2.12, 11).

    `energy_yuan` is revenue of energy (a refund is negative); `breach_yuan` (违约使用电费) and `late_fee_yuan`
    (电费违约金) are neither that nor each other. The article is text with its edition, so that it can be put right
    without code. A row that takes another back (`reverses`) is of its kind with the opposite amounts: sums stay right.
    """

    __tablename__ = "adjustment"
    __table_args__ = (
        Index("ix_adjustment_customer", "county_code", "customer_number"),
        CheckConstraint("kind IN ('refund', 'back_billing', 'breach', 'late_fee')", name="kind"),
        Index(
            "uq_adjustment_reverses",
            "county_code",
            "reverses",
            unique=True,
            postgresql_where=text("reverses IS NOT NULL"),
        ),
        CheckConstraint(
            f"CASE kind WHEN 'refund' THEN {_SIGN} * energy_yuan <= 0 AND breach_yuan = 0 AND late_fee_yuan = 0"
            f" WHEN 'back_billing' THEN {_SIGN} * energy_yuan >= 0 AND breach_yuan = 0 AND late_fee_yuan = 0"
            f" WHEN 'breach' THEN energy_yuan = 0 AND energy_kwh = 0 AND late_fee_yuan = 0"
            f" AND {_SIGN} * breach_yuan >= 0"
            f" ELSE energy_yuan = 0 AND energy_kwh = 0 AND breach_yuan = 0 AND {_SIGN} * late_fee_yuan >= 0 END",
            name="kinds_kept_apart",
        ),
    )

    county_code: Mapped[CountyKey]
    number: Mapped[str] = mapped_column(primary_key=True)
    customer_number: Mapped[str]
    kind: Mapped[str]
    cause: Mapped[str]
    """`meter_error`, `wiring`, `multiplier`, `fuse`, `wrong_class`, `wrong_price`, `theft`, `over_capacity`, …"""
    article: Mapped[str]
    edition: Mapped[str]
    from_day: Mapped[date | None]
    until_day: Mapped[date | None]
    energy_kwh: Mapped[KilowattHours] = mapped_column(server_default="0")
    energy_yuan: Mapped[Yuan] = mapped_column(server_default="0")
    breach_yuan: Mapped[Yuan] = mapped_column(server_default="0")
    late_fee_yuan: Mapped[Yuan] = mapped_column(server_default="0")
    cap_yuan: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    """The most that the article allows ("not more than"); None where it fixes the amount."""
    bill_month: Mapped[date | None]
    bill_version: Mapped[Small | None]
    """The bill that it belongs to, where there is one."""
    ticket_number: Mapped[str | None]
    reverses: Mapped[str | None]
    """Number of the adjustment that this one takes back; each can be taken back once."""
    content: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    """Input and result of the calculation, as `billing` gave them."""
    decided_by: Mapped[str]
    decided_at: Mapped[Created]
    is_demo: Mapped[bool] = mapped_column(server_default="false")
    org_path: Mapped[OrgPath]
