"""The catalogue of business types and anomaly types (domain sheet 1.4): 9 and 81, with starting thresholds.

The file beside this module is checked against a schema when it is read; the database holds what is in force. Thresholds
carry how sure they are, because the utility's own rules are not public (domain sheet, warning 1).
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

FILE = Path(__file__).resolve().parent / "data" / "catalogue.yaml"
FIRST_VERSION = 1
EFFECTIVE_FROM = date(2024, 1, 1)
"""From when the first version of each rule holds: before every risk point that is kept."""

Certainty = Literal["found", "unverified", "design"]
_WEAKEST: tuple[Certainty, ...] = ("found", "unverified", "design")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Threshold(_Strict):
    """One starting value of a rule. `certainty`: `found` in a public source, `unverified`, or a `design` proposal."""

    value: float
    unit: str
    certainty: Certainty

    @model_validator(mode="before")
    @classmethod
    def _from_row(cls, given: object) -> object:
        return dict(zip(("value", "unit", "certainty"), given, strict=True)) if isinstance(given, list) else given


class BusinessType(_Strict):
    """业务类型."""

    code: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    ordinal: Annotated[int, Field(ge=1, le=255)]
    name_zh: str
    name_en: str


class AnomalyType(_Strict):
    """异常类型. `level` is the default risk level, 1 (I, highest) to 4; `ordinal` fits one byte and never changes."""

    code: Annotated[str, Field(pattern=r"^[A-Z]{2}\d{2}$")]
    ordinal: Annotated[int, Field(ge=1, le=255)]
    level: Annotated[int, Field(ge=1, le=4)]
    name_zh: str
    name_en: str
    rule: str
    thresholds: Mapping[str, Threshold]

    @property
    def business_type(self) -> str:
        """The first two letters of the code."""
        return self.code[:2]

    @property
    def certainty(self) -> Certainty:
        """As sure as the least sure threshold; a rule without thresholds is as sure as the sheet: unverified."""
        marks = [threshold.certainty for threshold in self.thresholds.values()]
        return max(marks, key=_WEAKEST.index) if marks else "unverified"


class Catalogue(_Strict):
    """All types; refused when codes or ordinals repeat or a type has no business."""

    business_types: tuple[BusinessType, ...]
    anomaly_types: tuple[AnomalyType, ...]

    @model_validator(mode="after")
    def _is_consistent(self) -> "Catalogue":
        for kind in (self.business_types, self.anomaly_types):
            for field in ("code", "ordinal"):
                counts = Counter(getattr(row, field) for row in kind)
                repeated = sorted(str(value) for value, count in counts.items() if count > 1)
                if repeated:
                    raise ValueError(f"{field} stands more than once: {', '.join(repeated)}")
        businesses = {row.code for row in self.business_types}
        strangers = [row.code for row in self.anomaly_types if row.business_type not in businesses]
        if strangers:
            raise ValueError(f"no business type for {', '.join(strangers)}")
        return self

    @property
    def by_code(self) -> dict[str, AnomalyType]:
        """Anomaly types by code."""
        return {row.code: row for row in self.anomaly_types}


def read_catalogue(path: Path = FILE) -> Catalogue:
    """Read and check a catalogue file.

    Raises:
        pydantic.ValidationError: a row lacks a field, has one too many, or the rows contradict each other.
    """
    return Catalogue.model_validate(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The catalogue that ships with the program."""
    return read_catalogue()


def starting_values(code: str) -> dict[str, float]:
    """The thresholds that a rule starts with, by name; those that a database doesn't have yet count as these."""
    kind = catalogue().by_code.get(code)
    return {name: one.value for name, one in kind.thresholds.items()} if kind else {}


def rows(given: Catalogue) -> dict[str, list[dict[str, Any]]]:
    """The catalogue as rows of `business_type`, `anomaly_type` and `rule_version` (first version of each rule)."""
    return {
        "business_type": [row.model_dump() for row in given.business_types],
        "anomaly_type": [
            {
                "code": row.code,
                "ordinal": row.ordinal,
                "business_type": row.business_type,
                "name_zh": row.name_zh,
                "name_en": row.name_en,
                "default_level": row.level,
            }
            for row in given.anomaly_types
        ],
        "rule_version": [
            {
                "anomaly_code": row.code,
                "version": FIRST_VERSION,
                "effective_from": EFFECTIVE_FROM,
                "effective_to": None,
                "thresholds": {name: threshold.model_dump() for name, threshold in row.thresholds.items()},
                "certainty": row.certainty,
            }
            for row in given.anomaly_types
        ],
    }
