"""The closed lists of words that cases, tariffs and columns share. The order is the code in columnar data."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field, PlainSerializer

from billing.exact import text

STRICT = ConfigDict(frozen=True, extra="forbid")

Exact = Annotated[
    Decimal, Field(allow_inf_nan=False), PlainSerializer(text, return_type=str, when_used="json-unless-none")
]
"""A finite decimal, written to JSON as plain text so that no reader turns it into a binary float."""


class Scheme(StrEnum):
    """How an account is priced (domain sheet 2.1, 2.5, 7)."""

    TIERED = "tiered"
    TIERED_TIME_OF_USE = "tiered_time_of_use"
    COMBINED_METER = "combined_meter"
    HEATING_TIME_OF_USE = "heating_time_of_use"
    AGRICULTURAL = "agricultural"
    SINGLE_PART = "single_part"
    TWO_PART = "two_part"

    @property
    def category(self) -> str:
        """The price class: residential, agricultural or industrial_commercial."""
        if self in (Scheme.SINGLE_PART, Scheme.TWO_PART):
            return "industrial_commercial"
        return "agricultural" if self is Scheme.AGRICULTURAL else "residential"


class Voltage(StrEnum):
    """Voltage tiers of the Jibei table (domain sheet 3.1)."""

    UNDER_1KV = "<1kV"
    KV_1_TO_20 = "1-10(20)kV"
    KV_35 = "35kV"
    KV_110 = "110kV"
    KV_220_AND_ABOVE = ">=220kV"


class Period(StrEnum):
    """Time-of-use periods; `all` is the energy of an account without time-of-use."""

    ALL = "all"
    SHARP = "sharp"
    PEAK = "peak"
    FLAT = "flat"
    VALLEY = "valley"
    DEEP_VALLEY = "deep_valley"


class Register(StrEnum):
    """Registers of a meter, all cumulative. The order is that of the columns."""

    TOTAL = "total"
    SHARP = "sharp"
    PEAK = "peak"
    FLAT = "flat"
    VALLEY = "valley"
    DEEP_VALLEY = "deep_valley"
    REACTIVE_FORWARD = "reactive_forward"
    REACTIVE_REVERSE = "reactive_reverse"


class Supply(StrEnum):
    """Who sells the energy: the grid company as agent, the market by contract (domain sheet 2.1)."""

    AGENCY = "agency"
    CONTRACT = "contract"


class BasicCharge(StrEnum):
    """The three ways of the basic charge and none (domain sheet 2.3)."""

    NONE = "none"
    CAPACITY = "capacity"
    CONTRACT_DEMAND = "contract_demand"
    ACTUAL_DEMAND = "actual_demand"


class Certainty(StrEnum):
    """How far a number can be trusted. Everything but `found` is stated on each bill made with it."""

    FOUND = "found"
    UNVERIFIED = "unverified"
    ILLUSTRATIVE = "illustrative"


TIME_OF_USE_PERIODS = (Period.SHARP, Period.PEAK, Period.FLAT, Period.VALLEY, Period.DEEP_VALLEY)
RESIDENTIAL_PERIODS = (Period.PEAK, Period.VALLEY)
TIERED_SCHEMES = (Scheme.TIERED, Scheme.TIERED_TIME_OF_USE)
RESIDENTIAL_TIME_OF_USE = (Scheme.TIERED_TIME_OF_USE, Scheme.HEATING_TIME_OF_USE)


def periods_of(scheme: Scheme, time_of_use: bool) -> tuple[Period, ...]:
    """The periods in which an account's energy is measured and priced."""
    if scheme in RESIDENTIAL_TIME_OF_USE:
        return RESIDENTIAL_PERIODS
    if time_of_use and scheme.category == "industrial_commercial":
        return TIME_OF_USE_PERIODS
    return (Period.ALL,)


REQUIRED_PERIODS = (Period.ALL, Period.PEAK, Period.FLAT, Period.VALLEY)
"""Periods whose register must exist; a meter without sharp or deep valley in its season programme is in order."""
