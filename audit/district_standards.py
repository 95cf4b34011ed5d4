"""The values by which a transformer district is judged, read from `data/districts.yaml` and checked.

Each block says how sure it is: the utility's own limits are not public (domain sheet 4, 12).
"""

from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

FILE = Path(__file__).resolve().parent / "data" / "districts.yaml"

Certainty = Literal["found", "unverified", "design"]


def _from_text(value: object) -> object:
    if isinstance(value, float):
        raise ValueError("write decimals in quotes: a binary float is not exact")
    return value


Exact = Annotated[Decimal, BeforeValidator(_from_text)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Band(_Strict):
    """One band of the loss rate: from `start` percent (inclusive; None: without end) to the next band's start."""

    name: Literal["negative", "normal", "warn", "high"]
    start: Exact | None = Field(alias="from")


class LossBands(_Strict):
    """The bands in rising order; the first has no lower end."""

    certainty: Certainty
    bands: tuple[Band, ...]
    small_energy_kwh_per_day: Exact

    @model_validator(mode="after")
    def _rise(self) -> "LossBands":
        starts = [band.start for band in self.bands]
        if not starts or starts[0] is not None or None in starts[1:]:
            raise ValueError("the first band, and only it, has no lower end")
        known = [start for start in starts if start is not None]
        if known != sorted(set(known)):
            raise ValueError(f"bands must rise: {', '.join(str(start) for start in known)}")
        return self


class Transformer(_Strict):
    """Rated losses of one size, kW."""

    rated_kva: Annotated[int, Field(gt=0)]
    no_load_kw: Exact
    load_kw: Exact


class TechnicalLoss(_Strict):
    """The model of technical loss (domain sheet 2.10): transformer by formula, lines as a share of metered energy."""

    certainty: Certainty
    power_factor: Annotated[Exact, Field(gt=0, le=1)]
    gateway_side: dict[Literal["public", "dedicated"], Literal["high", "low"]]
    load_shape_factor: Annotated[Exact, Field(ge=1)]
    transformer_type: str
    transformers_certainty: Certainty
    transformers: tuple[Transformer, ...]
    line_percent: dict[Literal["urban", "rural", "dedicated"], Exact]

    @model_validator(mode="after")
    def _complete(self) -> "TechnicalLoss":
        sizes = [item.rated_kva for item in self.transformers]
        if not sizes or sizes != sorted(set(sizes)):
            raise ValueError("transformers must be listed once each, by rising kVA")
        if set(self.gateway_side) != {"public", "dedicated"}:
            raise ValueError("gateway_side: expected public and dedicated")
        if set(self.line_percent) != {"urban", "rural", "dedicated"}:
            raise ValueError("line_percent: expected urban, rural and dedicated")
        return self

    def transformer(self, capacity_kva: int) -> Transformer:
        """The table's row for a capacity: the smallest that is not below it; the largest for what exceeds the table."""
        return next((item for item in self.transformers if item.rated_kva >= capacity_kva), self.transformers[-1])


class Similar(_Strict):
    """When two districts are comparable."""

    certainty: Certainty
    capacity_classes_kva: tuple[int, ...]
    urban_customers_per_km2: Exact
    at_least: Annotated[int, Field(ge=2)]


class Attribution(_Strict):
    """Where in time lost energy lies that a ticket confirmed without its dates, and what it counts as."""

    certainty: Certainty
    days_before_finding: Annotated[int, Field(ge=1)]
    theft_causes: tuple[str, ...]
    fault_causes: tuple[str, ...]


class DistrictStandards(_Strict):
    """The whole file."""

    loss_bands: LossBands
    technical_loss: TechnicalLoss
    similar: Similar
    attribution: Attribution


def read_standards(path: Path = FILE) -> DistrictStandards:
    """Read and check a file of standards.

    Raises:
        pydantic.ValidationError: a value is missing, is a float, or contradicts another one.
    """
    return DistrictStandards.model_validate(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))


@lru_cache(maxsize=1)
def standards() -> DistrictStandards:
    """The standards that ship with the program."""
    return read_standards()
