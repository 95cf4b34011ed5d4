"""Roll-ups for trends: sums by unit, month, type and level, and what changed since they were folded (migration 0007).

Sums plus deltas are the truth at every moment; `fold_roll_ups()` adds deltas to sums. Months are those of
Asia/Shanghai, as their first days. `unit_code` is the last label of `org_path`, of any level of the organisation.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated

from sqlalchemy import BigInteger, Identity, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from data_access.models.base import Base, CountyKey, OrgPath, Small

Count = Annotated[int, mapped_column(server_default=text("0"))]
Sum = Annotated[int, mapped_column(BigInteger, server_default=text("0"))]
YuanSum = Annotated[Decimal, mapped_column(Numeric(18, 2), server_default=text("0"))]
EnergySum = Annotated[Decimal, mapped_column(Numeric(20, 2), server_default=text("0"))]


class _RiskSums:
    points: Mapped[Count]
    exposure_yuan: Mapped[YuanSum]
    score: Mapped[Sum]
    org_path: Mapped[OrgPath]


class _TicketSums:
    """`opened` in the month; `closed`, `void`, `in_time`, `checked`, `confirmed` and the amounts of those closed in the
    month; `problems` were found to be true in the month, and `rectified` of them are archived by now. Void ones are in
    `opened` and `void` alone.
    """

    opened: Mapped[Count]
    closed: Mapped[Count]
    void: Mapped[Count]
    in_time: Mapped[Count]
    """Closed before the deadline of their last stage."""
    checked: Mapped[Count]
    confirmed: Mapped[Count]
    problems: Mapped[Count]
    rectified: Mapped[Count]
    recovered_kwh: Mapped[EnergySum]
    recovered_yuan: Mapped[YuanSum]
    breach_yuan: Mapped[YuanSum]
    org_path: Mapped[OrgPath]


class RiskRollUp(_RiskSums, Base):
    """Risk points of a unit by month of detection, type, level and state."""

    __tablename__ = "risk_roll_up"

    unit_code: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    anomaly_code: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[Small] = mapped_column(primary_key=True)
    state: Mapped[Small] = mapped_column(primary_key=True)


class RiskRollDelta(_RiskSums, Base):
    """What statements added to a station's risk points and took away from them, not yet folded."""

    __tablename__ = "risk_roll_delta"

    county_code: Mapped[CountyKey]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    month: Mapped[date]
    anomaly_code: Mapped[str]
    level: Mapped[Small]
    state: Mapped[Small]


class TicketRollUp(_TicketSums, Base):
    """Tickets of a unit by month, type and level."""

    __tablename__ = "ticket_roll_up"

    unit_code: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    anomaly_code: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[Small] = mapped_column(primary_key=True)


class TicketRollDelta(_TicketSums, Base):
    """What statements added to a station's tickets and took away from them, not yet folded."""

    __tablename__ = "ticket_roll_delta"

    county_code: Mapped[CountyKey]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    month: Mapped[date]
    anomaly_code: Mapped[str]
    level: Mapped[Small]
