"""Exact arithmetic on int64 columns: half-up, sharing, and the two places where a square root or a quotient is needed.

There a float estimate picks the integer, and every row whose estimate lies near a rounding border is decided again in
Python's unbounded integers: the float never decides a close case.
"""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from billing.batch.columns import Integers

Floats = NDArray[np.float64]
NEAR = 1e-6
"""Relative distance to a border below which the exact arithmetic decides; a float's error here is under 1e-13."""


def half_up(values: Integers, unit: Integers | int) -> Integers:
    """values / unit, rounded half away from zero."""
    half = unit // 2
    if values.size and values.min() < 0:
        rounded = (np.abs(values) + half) // unit
        return np.where(values < 0, -rounded, rounded)
    return (values + half) // unit


def allocate(total: Integers, weights: Integers, unit: Integers | int, empty: Integers | int = 0) -> Integers:
    """Share totals by weights (k, n): each share half-up to `unit`, the remainder to the first largest weight.

    Without any weight the share number `empty` takes all. The same rule as `exact.allocate`.
    """
    whole = weights.sum(axis=0)
    safe: Integers = np.where(whole == 0, 1, whole)
    shares = np.empty_like(weights)
    for position in range(len(weights)):
        # half_up(total * w / whole / unit) with one division; numerators stay below the caller's bound.
        doubled: Integers = 2 * safe * unit
        shares[position] = half_up(2 * total * weights[position], doubled) * unit
    taker = np.where(whole == 0, empty, weights.argmax(axis=0))
    columns = np.arange(weights.shape[1])
    shares[taker, columns] += total - shares.sum(axis=0)
    return shares


def round_estimate(estimate: Floats, exact: Callable[[int], Fraction]) -> Integers:
    """Half-up of non-negative numbers known as floats, exact rows decided by `exact(row)`."""
    rounded = np.floor(estimate + 0.5)
    result: Integers = rounded.astype(np.int64)
    distance = np.abs(estimate + 0.5 - np.round(estimate + 0.5))
    for row in np.flatnonzero(distance < NEAR * np.maximum(1.0, estimate * 1e-3)):
        value = exact(int(row))
        result[row] = (2 * value.numerator + value.denominator) // (2 * value.denominator)
    return result


def power_factor_hundredths(active: Integers, reactive: Integers) -> Integers:
    """cos phi = A / sqrt(A2 + Q2) in hundredths, half-up; rows without energy give 0."""
    real = active.astype(np.float64)
    apparent = np.hypot(real, reactive.astype(np.float64))
    estimate = np.divide(real, apparent, out=np.zeros_like(real), where=apparent > 0) * 100
    result: Integers = np.floor(estimate + 0.5).astype(np.int64)
    distance = np.abs(estimate + 0.5 - np.round(estimate + 0.5))
    for row in np.flatnonzero((distance < NEAR) & (apparent > 0)):
        a, q = int(active[row]), int(reactive[row])
        step = int(np.round(estimate[row] + 0.5))
        # cos phi >= (2k - 1) / 200 exactly when (2k - 1)^2 (A2 + Q2) <= (200 A)^2.
        result[row] = step if (2 * step - 1) ** 2 * (a * a + q * q) <= (200 * a) ** 2 else step - 1
    return result
