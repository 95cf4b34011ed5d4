"""Faults of the data as values: what was expected, what was found, in which account and field.

A program fault is an exception; a wrong reading, an unknown tariff or a price gap is a `Finding`, so that one bad case
never stops a batch. Each fault has one bit for the columnar batch, where a row carries its faults as a mask.
"""

from decimal import Decimal
from enum import IntFlag, StrEnum

from pydantic import BaseModel, ConfigDict

from billing.texts import say


class Level(StrEnum):
    """What a finding does to the bill: stop it, ask a person, tell."""

    BLOCK = "block"
    WARN = "warn"
    INFORM = "inform"


class Finding(BaseModel):
    """One thing that is not as it should be. `field` is the path in the case; `rule` names the rule that says so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    level: Level
    account: str
    field: str
    expected: str = ""
    found: str = ""
    difference: Decimal | None = None

    def text(self, language: str = "en") -> str:
        """One sentence for a person, in `en` or `zh`."""
        return say(f"finding.{self.rule}", language, expected=self.expected, found=self.found, field=self.field)


class Fault(IntFlag):
    """Faults that stop a bill. The value is the bit in the batch's mask; never renumber."""

    NONE = 0
    PERIOD_INVALID = 1
    PERIOD_OVERLAP = 2
    UNKNOWN_TARIFF = 4
    PRICE_GAP = 8
    MISSING_REGISTER = 16
    NEGATIVE_READING = 32
    READING_DECREASED = 64
    MULTIPLIER_INVALID = 128
    NEGATIVE_ENERGY = 256
    CAPACITY_MISSING = 512
    DEMAND_MISSING = 1024
    CAPACITY_SPAN_INVALID = 2048
    SUB_ACCOUNT_EXCEEDS = 4096
    TRANSFORMER_INVALID = 8192
    CONTRACT_PRICE_MISSING = 16384
    POWER_FACTOR_STANDARD = 32768
    SCALE_EXCEEDED = 65536
    SUB_ACCOUNT_INVALID = 131072
    BASIC_CHARGE_INVALID = 262144


def fault(kind: Fault, account: str, field: str, expected: str = "", found: str = "") -> Finding:
    """A blocking finding of the engine itself."""
    return Finding(
        rule=str(kind.name).lower(), level=Level.BLOCK, account=account, field=field, expected=expected, found=found
    )
