"""What of the ticket workflow is configuration: `data/workflow.yaml`, checked when it is read."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

FILE = Path(__file__).resolve().parent / "data" / "workflow.yaml"

Finding = Literal["true", "false", "unable"]
Level = Annotated[int, Field(ge=1, le=4)]
Points = Annotated[int, Field(ge=0, le=100)]
OfficeLevel = Annotated[int, Field(ge=0, le=2)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cause(_Strict):
    """A cause class. `money`: whether a problem of this class has amounts."""

    money: bool


class Suggestion(_Strict):
    """How suitable an inspector is: points for each reason, 100 together, and where distance and work give none."""

    on_shift: Points
    skill: Points
    distance: Points
    open_work: Points
    far_km: Annotated[int, Field(ge=1)]
    many_open: Annotated[int, Field(ge=1)]


class Rules(_Strict):
    """The values of the file; what each means stands there."""

    opening_hour: Annotated[int, Field(ge=0, le=23)]
    closing_hour: Annotated[int, Field(ge=0, le=23)]
    remind_working_days_before: Annotated[int, Field(ge=0, le=30)]
    escalate_overdue_working_days: Annotated[int, Field(ge=1, le=100)]
    escalate_returns_above: Annotated[int, Field(ge=0, le=100)]
    escalated_review_levels: Annotated[int, Field(ge=0, le=2)]
    presence_score: Annotated[int, Field(ge=0, le=100)]
    review_levels: Mapping[Finding, Mapping[Level, tuple[OfficeLevel, ...]]]
    causes: Mapping[str, Cause]
    skills: Mapping[str, tuple[str, ...]]
    suggestion: Suggestion

    @model_validator(mode="after")
    def _is_complete(self) -> "Rules":
        for finding in ("true", "false", "unable"):
            if set(self.review_levels.get(finding, {})) != {1, 2, 3, 4}:
                raise ValueError(f"review_levels.{finding}: expected the risk levels 1 to 4")
            for level, chain in self.review_levels[finding].items():
                if not chain or list(chain) != sorted(set(chain), reverse=True):
                    raise ValueError(f"review_levels.{finding}.{level}: expected levels upwards, such as [2, 1, 0]")
        return self

    def review_chain(self, finding: str, level: int, *, escalated: bool = False) -> tuple[int, ...]:
        """Whose turn it is, one after another, for a ticket of a risk level with a finding.

        Raises:
            KeyError: no such finding or risk level.
        """
        chain: tuple[int, ...] = self.review_levels[finding][level]  # type: ignore[index]  # a text like any other
        if escalated:
            chain += tuple(range(chain[-1] - 1, max(-1, chain[-1] - 1 - self.escalated_review_levels), -1))
        return chain


def read_rules(path: Path = FILE) -> Rules:
    """Read and check a file of rules.

    Raises:
        pydantic.ValidationError: a value is missing, unknown or out of bounds.
    """
    return Rules.model_validate(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))


@lru_cache(maxsize=1)
def rules() -> Rules:
    """The rules that ship with the program."""
    return read_rules()
