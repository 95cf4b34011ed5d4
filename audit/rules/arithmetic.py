"""Arithmetic over days and months with holes in them: sums, means, runs. NaN is a day without a reading."""

import numpy as np

from audit.rules.partition import Flags, Floats, Ints, Words


def known(values: Floats, axis: int = -1) -> Ints:
    """How many of the values are there."""
    return np.asarray(np.isfinite(values).sum(axis=axis))


def mean(values: Floats, axis: int = -1, *, least: int = 1) -> Floats:
    """Mean of what is there; NaN with fewer than `least` values."""
    count = known(values, axis)
    total = np.nansum(values, axis=axis, dtype=np.float64)
    return np.where(count >= max(least, 1), total / np.maximum(count, 1), np.nan)


def spread(values: Floats, axis: int = -1) -> Floats:
    """Coefficient of variation of what is there; NaN without values, 0 where all are 0."""
    centre = mean(values, axis)
    square = mean((values - np.expand_dims(centre, axis)) ** 2, axis)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(centre > 0, np.sqrt(square) / centre, np.where(centre == 0, 0.0, np.nan))


def share(part: Floats, whole: Floats) -> Floats:
    """part / whole; NaN where the whole is 0 or unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.asarray(whole) > 0, part / whole, np.nan)


def run_at_end(flags: Flags) -> Ints:
    """How many of the last columns are True without a break."""
    if not flags.shape[1]:
        return np.zeros(len(flags), np.int64)
    backwards = ~flags[:, ::-1]
    return np.where(backwards.any(axis=1), backwards.argmax(axis=1), flags.shape[1]).astype(np.int64)


def correlation(left: Floats, right: Floats) -> Floats:
    """Pearson's r of each row pair over the days that both have; NaN where one of them doesn't vary."""
    both = np.isfinite(left) & np.isfinite(right)
    one, other = np.where(both, left, np.nan), np.where(both, right, np.nan)
    one = one - np.expand_dims(mean(one), -1)
    other = other - np.expand_dims(mean(other), -1)
    top = np.nansum(one * other, axis=-1)
    bottom = np.sqrt(np.nansum(one**2, axis=-1) * np.nansum(other**2, axis=-1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(bottom > 1e-9, top / bottom, np.nan)


def positions(known: Words, wanted: Words) -> Ints:
    """Of each wanted key its position among the known ones, -1 for strangers."""
    if not len(known):
        return np.full(len(wanted), -1, np.int64)
    order = np.argsort(known, kind="stable")
    ordered = known[order]
    place = np.minimum(np.searchsorted(ordered, wanted), len(known) - 1)
    return np.where(ordered[place] == wanted, order[place], -1)


def at_district(values: Floats, district: Ints, empty: float = np.nan) -> Floats:
    """Values of districts for each customer; `empty` for customers without one."""
    if not len(values):
        return np.full((len(district), *values.shape[1:]), empty)
    chosen = values[np.maximum(district, 0)]
    missing = (district < 0).reshape(-1, *[1] * (values.ndim - 1))
    return np.where(missing, empty, chosen)


def highest(values: Floats, axis: int = -1) -> Floats:
    """The highest value that is there; NaN without any."""
    top = np.max(np.where(np.isfinite(values), values, -np.inf), axis=axis, initial=-np.inf)
    return np.where(np.isfinite(top), top, np.nan)


def level_run(daily: Floats, level: Floats, tolerance: float = 0.1) -> Ints:
    """For how many of the last days the energy has stayed within a share of its level; holes don't break it."""
    near = np.abs(daily - level[:, None]) <= tolerance * np.abs(level[:, None])
    return np.maximum(run_at_end(near | ~np.isfinite(daily)), 1)


def of_last_days(daily: Floats, run: Ints) -> Floats:
    """Energy of the last `run` days of each row."""
    inside = np.arange(daily.shape[1])[None, :] >= daily.shape[1] - np.asarray(run)[:, None]
    return np.asarray(np.nansum(np.where(inside, daily, 0), axis=1))
