"""The legal side of corrections as data: articles by edition, caps of breach charges, rates of late fees."""

from datetime import date
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, Field, model_validator

from billing.model.terms import STRICT, Certainty, Exact
from billing.tariff.load import read_model


class Article(BaseModel):
    """Where a rule stands, by edition of the supply business rules (供电营业规则)."""

    model_config = STRICT

    article_1996: str
    article_2024: str
    certainty: Certainty
    basis: str = ""
    note: str = ""

    def cite(self, edition: str) -> str:
        """Article and edition as text. Raises ValueError for an unknown edition."""
        texts = {"1996": self.article_1996, "2024": self.article_2024}
        if edition not in texts:
            raise ValueError(f"edition {edition!r}: expected one of {', '.join(texts)}")
        return f"供电营业规则({edition}){texts[edition]}"


class Breach(Article):
    """The cap of a breach charge: a multiple of the recovered charge, or a rate per unit."""

    multiple: Exact | None = None
    rate: Exact | None = None
    unit: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> "Breach":
        if (self.multiple is None) == (self.rate is None):
            raise ValueError("expected exactly one of multiple and rate")
        return self


class TheftTime(Article):
    """Days and hours where the time of a theft is unknown."""

    days: int
    hours_power: int
    hours_lighting: int


class LateFeeRates(BaseModel):
    """Daily rates of the late fee, yuan per yuan and day."""

    model_config = STRICT

    edition: str
    valid_from: date
    valid_until: date | None = None
    residential: Exact
    same_year: Exact
    cross_year: Exact
    minimum: Exact
    article: str
    certainty: Certainty
    note: str = ""


class Legal(BaseModel):
    """The whole file."""

    model_config = STRICT

    format: str = Field(pattern="^gridaudit.corrections/1$")
    corrections: dict[str, Article]
    breaches: dict[str, Breach]
    theft_time: TheftTime
    late_fees: tuple[LateFeeRates, ...]


@cache
def legal() -> Legal:
    """The shipped file. Raises DataRefused when it is damaged."""
    return read_model(files("billing").joinpath("data/rules/corrections.yaml"), Legal)
