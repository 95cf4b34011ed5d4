"""A case: everything that one bill needs, in one file."""

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from billing.model.account import Account
from billing.model.readings import History, Readings
from billing.model.terms import STRICT


class PolicyChoice(BaseModel):
    """Open readings of the rules that a case may decide for itself; None leaves the tariff book's policy."""

    model_config = STRICT

    over_demand: str | None = Field(default=None, pattern="^(continuous|jump)$")
    partial_month: str | None = Field(default=None, pattern="^(calendar_days|thirty_days)$")
    demand_discount: bool | None = None
    energy_digits: int | None = Field(default=None, ge=0, le=6)


class Case(BaseModel):
    """One account with its readings. `known_at`: use only tariff rows recorded until this instant (second clock)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: Account
    readings: Readings
    history: History = Field(default_factory=History)
    policy: PolicyChoice = Field(default_factory=PolicyChoice)
    known_at: AwareDatetime | None = None


class CaseRefused(ValueError):
    """A case that does not fit the schema; `faults` has one entry a fault: path, value found, what was expected."""

    def __init__(self, faults: list[dict[str, str]]) -> None:
        super().__init__("; ".join(f"{fault['path']}: {fault['expected']}" for fault in faults))
        self.faults = faults


def faults_of(error: ValidationError) -> list[dict[str, str]]:
    """pydantic's faults as path, found, expected."""
    return [
        {
            "path": ".".join(str(part) for part in item["loc"]) or "(whole)",
            "found": repr(item["input"])[:200],
            "expected": item["msg"],
        }
        for item in error.errors()
    ]


def parse_case(content: dict[str, Any]) -> Case:
    """A case from the content of a JSON or YAML file. Raises CaseRefused with the path of each fault."""
    try:
        return Case.model_validate(content)
    except ValidationError as error:
        raise CaseRefused(faults_of(error)) from error
