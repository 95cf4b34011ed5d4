"""What a scan needs beside the rules' thresholds: limits of the data filter, prices, windows. Read from a data file."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

FILE = Path(__file__).resolve().parent / "data" / "scan.yaml"
Yuan = Annotated[Decimal, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class ScanSettings(BaseModel):
    """`data/scan.yaml`, checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    certainty: Literal["found", "unverified", "design"]
    power_limit: Annotated[float, Field(gt=1)]
    price_bills: Count
    price_highest: Yuan
    price_yuan_a_kwh: Mapping[Literal["residential", "agricultural", "commercial_industrial", "district"], Yuan]
    repeats_months: Count
    confidence_months: Count
    confidence_visits: Count
    preview_days: tuple[Annotated[int, Field(ge=0)], ...]
    preview_window_days: Count
    preview_customer_days: Count
    preview_seconds: Annotated[float, Field(gt=0)]


@lru_cache(maxsize=1)
def scan_settings() -> ScanSettings:
    """The values that ship with the program.

    Raises:
        pydantic.ValidationError: the file lacks a value or has one that can't be meant.
    """
    return ScanSettings.model_validate(yaml.load(FILE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
