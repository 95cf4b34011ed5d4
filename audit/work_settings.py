"""What ranking for work needs: cost of a visit, share of control visits, what can be claimed. Read from a data file."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

FILE = Path(__file__).resolve().parent / "data" / "work.yaml"
Money = Annotated[Decimal, Field(ge=0)]
Share = Annotated[Decimal, Field(ge=0, le=1)]
Breach = Literal["theft", "wrong_class"]


class WorkSettings(BaseModel):
    """`data/work.yaml`, checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    certainty: Literal["found", "unverified", "design"]
    visit_cost_yuan: Mapping[Literal["customer", "district"], Money]
    visits_a_week: Annotated[int, Field(ge=1)]
    control_share: Annotated[Decimal, Field(ge=Decimal("0.02"), le=Decimal("0.05"))]
    control_seed: int
    probability_unknown: Share
    recoverable_share: Mapping[str, Share]
    recoverable_share_other: Share
    breach: Mapping[str, Breach]
    breach_multiple: Mapping[Breach, Money]


@lru_cache(maxsize=1)
def work_settings() -> WorkSettings:
    """The values that ship with the program.

    Raises:
        pydantic.ValidationError: the file lacks a value or has one that can't be meant.
    """
    return WorkSettings.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))
