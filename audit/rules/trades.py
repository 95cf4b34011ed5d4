"""What a trade code says about the price: industry and farming (`audit/data/trades.yaml`)."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict

from audit.rules.partition import Flags, Words

FILE = Path(__file__).resolve().parent.parent / "data" / "trades.yaml"
Span = tuple[str, str]


class Trades(BaseModel):
    """Ranges of two-digit codes, both ends included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    certainty: Literal["found", "unverified", "design"]
    industrial: tuple[Span, ...]
    agricultural: tuple[Span, ...]


@lru_cache(maxsize=1)
def trades() -> Trades:
    """The file that ships with the program."""
    return Trades.model_validate(yaml.load(FILE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))


def within(codes: Words, spans: tuple[Span, ...]) -> Flags:
    """Whether a trade code lies in one of the ranges; an unknown trade doesn't."""
    start = codes.astype("U2") if codes.size else codes
    found = np.zeros(len(codes), np.bool_)
    for first, last in spans:
        found |= (start >= first) & (start <= last) & (codes != "")
    return found
