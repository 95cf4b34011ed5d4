"""How each anomaly behaves in the demo: at whom it happens, in which season, how often, and what it is worth.

All made up and only for the demo (`[design]`). A real utility brings its own history.
"""

from dataclasses import dataclass, replace
from typing import Literal

Target = Literal[
    "residential",
    "agricultural",
    "business",
    "large",
    "solar",
    "any",
    "district",
    "heating",
    "two_part",
    "timed",
    "rated",
    "shop",
]

SEASONS: dict[str, tuple[float, ...]] = {
    "flat": (1.0,) * 12,
    "heating": (2.2, 1.9, 1.3, 0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.7, 1.6, 2.3),
    "summer": (0.6, 0.6, 0.6, 0.7, 0.9, 1.7, 2.4, 2.2, 1.2, 0.7, 0.6, 0.6),
    "peaks": (1.4, 1.2, 0.8, 0.6, 0.7, 1.2, 1.7, 1.6, 0.9, 0.6, 0.9, 1.4),
    "irrigation": (0.5, 0.6, 1.6, 2.2, 1.9, 1.4, 0.9, 0.7, 0.8, 0.8, 1.0, 0.6),
    "solar": (0.4, 0.6, 1.0, 1.4, 1.8, 1.7, 1.4, 1.3, 1.1, 0.8, 0.5, 0.3),
    "year_end": (0.9, 0.8, 0.8, 0.8, 0.9, 1.1, 0.8, 0.8, 0.9, 0.9, 1.3, 1.9),
}
"""Weight of each month, January first."""


@dataclass(frozen=True, slots=True)
class Trait:
    """One anomaly type in the demo."""

    target: Target = "any"
    season: str = "flat"
    weight: float = 1.0
    """How often, relative to the others."""
    share: float = 0.25
    """Part of the object's energy that is wrongly billed; 0 where no money is at stake."""
    breach: float = 0.0
    """Breach charge as a multiple of the recovered charge: at most 3 for theft, 2 for class changes (sheet 2.12)."""
    sensitivity: float = 0.8
    """Chance that the rule sees it at all."""
    cause: str = "process"
    duration_days: float = 70.0


_BUSINESS: dict[str, Trait] = {
    "YK": Trait("large", "year_end", 0.5, 0.10, cause="process"),
    "DJ": Trait("business", "flat", 1.0, 0.20, breach=1.0, cause="wrong_tariff", duration_days=110),
    "CH": Trait("any", "flat", 1.1, 0.15, cause="reading"),
    "JL": Trait("any", "flat", 1.1, 0.35, cause="metering_fault"),
    "FQ": Trait("any", "peaks", 0.9, 0.55, breach=3.0, sensitivity=0.65, cause="theft", duration_days=90),
    "XS": Trait("district", "peaks", 1.5, 0.07, cause="line_loss", sensitivity=0.9, duration_days=45),
    "ZW": Trait("business", "year_end", 0.35, 0.0, cause="receipts", duration_days=20),
    "FW": Trait("residential", "peaks", 0.4, 0.0, cause="service", duration_days=15),
    "XX": Trait("solar", "solar", 0.7, 0.4, breach=1.0, cause="generation", duration_days=90),
}
_OWN: dict[str, dict[str, object]] = {
    "DJ01": {"target": "residential", "season": "peaks", "weight": 3.2},
    "DJ02": {"target": "agricultural", "season": "irrigation", "weight": 2.2},
    "DJ03": {"target": "two_part", "weight": 0.5},
    "DJ04": {"target": "timed"},
    "DJ05": {"target": "rated"},
    "DJ06": {"target": "shop"},
    "DJ08": {"target": "two_part", "season": "summer"},
    "DJ10": {"target": "residential"},
    "DJ11": {"target": "heating", "season": "heating", "weight": 2.4},
    "DJ12": {"target": "residential", "weight": 0.6},
    "DJ13": {"target": "large", "weight": 0.3},
    "CH01": {"season": "peaks", "weight": 3.0},
    "CH02": {"weight": 2.2, "share": 0.05},
    "CH09": {"target": "large", "weight": 0.5},
    "CH10": {"target": "large", "weight": 0.6},
    "CH15": {"target": "district", "weight": 0.4, "share": 0.0},
    "JL01": {"target": "business"},
    "JL02": {"target": "business"},
    "JL03": {"target": "business"},
    "JL04": {"target": "district", "weight": 1.6, "share": 0.0},
    "JL10": {"share": 0.0},
    "JL11": {"target": "district", "weight": 1.6, "share": 0.03, "cause": "mapping"},
    "JL12": {"weight": 2.6, "share": 0.02},
    "FQ01": {"target": "large", "season": "summer", "weight": 1.6},
    "FQ02": {"target": "large", "weight": 0.6},
    "FQ03": {"target": "residential", "weight": 0.8},
    "FQ05": {"target": "residential", "weight": 1.4},
    "FQ07": {"target": "residential", "weight": 0.8},
    "FQ08": {"target": "large"},
    "FQ09": {"target": "district", "weight": 0.5, "share": 0.04},
    "XS01": {"weight": 6.0},
    "XS02": {"weight": 3.0, "share": 0.02},
    "XS03": {"share": 0.0},
    "XS04": {"share": 0.0},
    "XS05": {"share": 0.0},
    "XS06": {"weight": 1.2, "breach": 3.0, "cause": "theft"},
}


def trait(code: str) -> Trait:
    """The trait of an anomaly code: its business type's, with what is its own."""
    return replace(_BUSINESS[code[:2]], **_OWN.get(code, {}))  # type: ignore[arg-type]
