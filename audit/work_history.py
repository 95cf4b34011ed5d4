"""A person's work in figures (domain sheet 1.7): results, confirmation with its interval, returns, amounts, judgements.

Breach charges stay apart from energy charges, and refunds to customers apart from what was recovered.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from audit.performance import economic_result, is_checked, is_confirmed, rate, wilson_interval
from audit.workflow_states import Status

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Work:
    """Figures over tickets. Energies in kWh, money in yuan; `refunded_yuan` is negative or zero.

    `returned` of `reviewed` tickets came back at least once; void tickets are in `void` alone.
    """

    confirmed: int
    rejected: int
    unable: int
    void: int
    open: int
    reviewed: int
    returned: int
    recovered_kwh: Decimal
    recovered_yuan: Decimal
    refunded_yuan: Decimal
    breach_yuan: Decimal

    @property
    def checked(self) -> int:
        """Tickets with a finding."""
        return self.confirmed + self.rejected + self.unable

    @property
    def confirmation(self) -> Fraction | None:
        """查实率; None where nothing was checked."""
        return rate(self.confirmed, self.checked)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the confirmation rate lies with 95 % confidence."""
        return wilson_interval(self.confirmed, self.checked)

    @property
    def return_rate(self) -> Fraction | None:
        """Share of reviewed tickets that came back at least once: one less the first-pass rate."""
        return rate(self.returned, self.reviewed)

    @property
    def result_yuan(self) -> Decimal:
        """稽查成效: recovered less refunded, plus breach charges."""
        return economic_result(self.recovered_yuan + self.refunded_yuan, self.breach_yuan)


def work_of(tickets: Iterable[Mapping[str, Any]]) -> Work:
    """The figures of rows of `audit_ticket` (status, finding, closed_at, return_count, amounts)."""
    rows = list(tickets)
    kept = [row for row in rows if row["status"] != Status.VOID]
    reviewed = [row for row in kept if _was_reviewed(row)]

    def findings(finding: str) -> int:
        return sum(is_checked(row["finding"], row["status"]) and row["finding"] == finding for row in kept)

    charges = [row["recovered_yuan"] or ZERO for row in kept]
    return Work(
        confirmed=sum(is_confirmed(row["finding"], row["status"]) for row in kept),
        rejected=findings("false"),
        unable=findings("unable"),
        void=len(rows) - len(kept),
        open=sum(row["closed_at"] is None for row in kept),
        reviewed=len(reviewed),
        returned=sum(row["return_count"] > 0 for row in reviewed),
        recovered_kwh=sum((row["recovered_kwh"] or ZERO for row in kept), ZERO),
        recovered_yuan=sum((charge for charge in charges if charge > 0), ZERO),
        refunded_yuan=sum((charge for charge in charges if charge < 0), ZERO),
        breach_yuan=sum((row["breach_yuan"] or ZERO for row in kept), ZERO),
    )


def _was_reviewed(row: Mapping[str, Any]) -> bool:
    return row["status"] in (Status.ARCHIVED, Status.RETURNED) or row["return_count"] > 0


@dataclass(frozen=True, slots=True)
class Judgements:
    """An expert's prescreenings: of `judged` tickets `decided` have ended, `overturned` of those against it."""

    judged: int
    decided: int
    overturned: int

    @property
    def overturn_rate(self) -> Fraction | None:
        """Share of the decided ones; None where none has ended."""
        return rate(self.overturned, self.decided)


def judgements_of(tickets: Iterable[Mapping[str, Any]]) -> Judgements:
    """Tickets that somebody prescreened and let pass: one that ended void or not confirmed overturns it (a proposal;
    the sheet leaves the overturn rate open, 1.3). One that could not be checked says nothing.
    """
    rows = list(tickets)
    decided = [row for row in rows if row["status"] == Status.VOID or _told(row)]
    overturned = sum(row["status"] == Status.VOID or row["finding"] == "false" for row in decided)
    return Judgements(len(rows), len(decided), overturned)


def _told(row: Mapping[str, Any]) -> bool:
    return row["closed_at"] is not None and row["finding"] in ("true", "false")
