"""Power-factor adjustment: the factor of the month, its row in the table, the percentage of the base.

Domain sheet 2.7 and 2.9: cos phi = A / sqrt(A2 + Q2) with losses already in A and Q, half-up to 2 decimals; the base is
basic charge plus energy charge without government funds.
"""

from billing.tariff.rows import PowerFactorFile
from billing.trace import Traced, apply, leaf

POWER_FACTOR_DIGITS = 2


def power_factor(active: Traced, reactive: Traced) -> Traced | None:
    """The month's mean power factor, None without any energy."""
    if active.value == 0 and reactive.value == 0:
        return None
    apparent = apply("root", active * active + reactive * reactive).named("power_factor.apparent", "kVAh")
    return (active / apparent).rounded(POWER_FACTOR_DIGITS).named("power_factor.mean")


def percent(table: PowerFactorFile, standard: Traced, mean: Traced) -> Traced:
    """The table's percentage for the mean power factor under a standard."""
    row = table.percent(standard.value, mean.value)
    return apply(
        "lookup", mean, table=table.document, standard=str(standard.value), key=str(mean.value), row=str(row)
    ).named("power_factor.percent", "%")


def adjustment(base: Traced, share: Traced) -> Traced:
    """Base x percent, half-up to the cent."""
    return (base * share / leaf(100, "hundred")).rounded(2).named("line.power_factor", "CNY")
