"""Seasons, change points and comparisons: they find what was put in, and seldom anything in noise."""

import math
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from audit.trend_changes import best_cuts, change_points
from audit.trend_compare import compare, interval, movers, rate_ratio
from audit.trend_figures import MEASURES, TrendFigures
from audit.trend_seasons import Seasons, TooShort, seasons
from audit.trend_series import Kind, Series, dispersion, series

MONTHS = tuple(date(2023 + (10 + n) // 12, (10 + n) % 12 + 1, 1) for n in range(36))
PLACES = np.arange(36)
REPEATS = 250
Source = np.random.Generator


def made(kind: Kind, parts: object, wholes: object = 30.0) -> Series:
    values = np.broadcast_to(np.asarray(parts, float), 36)
    return Series(kind, MONTHS, tuple(map(float, values)), tuple(map(float, np.broadcast_to(wholes, 36))))


def counts(
    source: Source, mean: float, *, scatter: float = 1.0, season: float = 0.0, step: tuple[int, float] = (99, 1.0)
) -> Series:  # fmt: skip
    """Counts about `mean`, of `scatter` times the variance of chance, from a month on at another level."""
    means = mean * (1 + season * np.cos(PLACES * math.tau / 12)) * np.where(step[0] <= PLACES, step[1], 1)
    if scatter > 1:
        means = source.gamma(means / (scatter - 1), scatter - 1)
    return made("count", source.poisson(means))


def shares(source: Source, cases: float, share: float, *, step: tuple[int, float] = (99, 1.0)) -> Series:
    wholes = source.poisson(cases, 36)
    return made("share", source.binomial(wholes, np.where(step[0] <= PLACES, step[1], share)), wholes)


def amounts(source: Source, *, step: tuple[int, float] = (99, 1.0)) -> Series:
    return made("money", 1e5 * np.where(step[0] <= PLACES, step[1], 1) * np.exp(source.normal(0, 0.4, 36)))


NOISE: dict[str, Callable[[Source], Series]] = {
    "few": lambda source: counts(source, 0.5),
    "counts": lambda source: counts(source, 40),
    "campaigns": lambda source: counts(source, 200, scatter=6),
    "seasonal": lambda source: counts(source, 800, scatter=4, season=0.4),
    "shares": lambda source: shares(source, 30, 0.4),
    "amounts": amounts,
}


@pytest.mark.parametrize("kind", NOISE)
def test_noise_has_a_change_point_in_less_than_one_of_twenty_series(kind):
    source = np.random.default_rng(20261125)
    found = sum(bool(change_points(NOISE[kind](source))) for _ in range(REPEATS))
    assert found / REPEATS < 0.05


@pytest.mark.parametrize(
    ("drawn", "ratio"),
    [
        (lambda source: counts(source, 100, scatter=4, step=(20, 1.6)), 1.6),
        (lambda source: counts(source, 1000, scatter=5, season=0.3, step=(20, 0.7)), 0.7),
        (lambda source: shares(source, 200, 0.4, step=(20, 0.6)), 1.5),
        (lambda source: amounts(source, step=(20, 3.0)), 3.0),
    ],
)
def test_a_change_of_level_is_found_in_its_month_with_its_size(drawn, ratio):
    source = np.random.default_rng(7)
    found = [change_points(drawn(source)) for _ in range(40)]
    near = [
        one[0] for one in found if len(one) == 1 and abs(MONTHS.index(one[0].month) - 20) <= 1
    ]  # fmt: skip
    assert len(near) >= 36
    assert sorted(one.ratio for one in near)[len(near) // 2] == pytest.approx(ratio, rel=0.12)


def test_change_points_of_a_series_are_always_the_same_and_a_short_one_has_none():
    drawn = counts(np.random.default_rng(3), 50, step=(12, 2.0))
    assert change_points(drawn) == change_points(drawn) != []
    assert change_points(drawn.at(range(8, 19))) == []
    assert change_points(made("count", 0)) == []
    assert change_points(made("share", 0, 0)) == []


def test_a_single_outlier_is_no_change():
    flat = made("count", np.where(PLACES == 15, 400, 100))
    assert change_points(flat) == []


@given(st.lists(st.integers(0, 9), min_size=6, max_size=12), st.integers(0, 40))
def test_cuts_are_the_best_of_all_there_are(values, penalty):
    def cost(first: int, last: int) -> float:
        part = values[first:last]
        return sum((value - sum(part) / len(part)) ** 2 for value in part)

    def total(cuts: list[int]) -> float:
        edges = [0, *cuts, len(values)]
        return penalty * len(cuts) + sum(cost(one, other) for one, other in pairwise(edges))

    def all_cuts(first: int) -> list[list[int]]:
        later = [[place, *more] for place in range(first + 3, len(values) - 2) for more in all_cuts(place)]
        return [[], *later]

    assert total(best_cuts(len(values), cost, penalty)) == pytest.approx(min(map(total, all_cuts(0))))


def test_seasons_are_found_where_they_are_and_claimed_of_noise_as_often_as_stated():
    source = np.random.default_rng(11)
    false = [seasons(NOISE["campaigns"](source)) for _ in range(REPEATS)]
    assert sum(isinstance(one, Seasons) and one.is_clear for one in false) / REPEATS < 0.08
    found = seasons(counts(source, 500, season=0.4))
    assert isinstance(found, Seasons) and found.is_clear
    # The wave is highest in the first month of the series, November.
    profile = [one or 0.0 for one in found.profile]
    assert profile.index(max(profile)) + 1 in (10, 11, 12)
    assert max(profile) == pytest.approx(1.4, abs=0.1) and sum(profile) == pytest.approx(12)


def test_two_years_are_needed_for_a_season():
    drawn = counts(np.random.default_rng(1), 100)
    assert seasons(drawn.at(range(23))) == TooShort(23)
    assert isinstance(seasons(drawn.at(range(24))), Seasons)


def test_scatter_is_that_of_chance_or_as_many_times_more():
    source = np.random.default_rng(5)
    plain = np.mean([dispersion(counts(source, 100)) for _ in range(60)])
    wild = np.mean([dispersion(counts(source, 400, scatter=9)) for _ in range(60)])
    stepped = np.mean([dispersion(counts(source, 100, step=(18, 3.0))) for _ in range(60)])
    assert 1 <= plain < 1.4 and 6 < wild < 12 and stepped < 1.8


@given(now=st.integers(0, 400), before=st.integers(0, 400), days=st.integers(28, 400), days_before=st.integers(28, 400))
def test_the_interval_of_a_ratio_holds_it_and_excludes_no_change_exactly_where_the_exact_test_does(
    now, before, days, days_before
):
    ratio, low, high = rate_ratio(now, before, days, days_before)
    assert low <= (math.inf if ratio is None else ratio) <= high or now == before == 0
    if now + before:
        exact = binomtest(now, now + before, days / (days + days_before))
        bounds = exact.proportion_ci(0.95, "exact")
        excludes = not bounds.low <= days / (days + days_before) <= bounds.high
        assert (low > 1 or high < 1) == excludes


@pytest.mark.parametrize("given_days", [(0, 30), (30, 0)])
def test_a_rate_over_no_days_is_refused(given_days):
    with pytest.raises(ValueError, match="days"):
        rate_ratio(1, 1, *given_days)


def test_two_periods_that_chance_could_explain_are_not_said_to_differ():
    source = np.random.default_rng(2)
    claimed = 0
    for _ in range(REPEATS):
        drawn = counts(source, 100, scatter=4)
        found = compare(drawn.at(range(33, 36)), drawn.at(range(21, 24)), scatter=dispersion(drawn))
        claimed += found.verdict != "none"
    assert claimed / REPEATS < 0.09


def test_periods_of_different_length_are_compared_by_the_day():
    flat = made("count", 30)
    found = compare(flat.at(range(30, 36)), flat.at(range(3)))
    assert found.ratio == pytest.approx(1.0) and found.verdict == "none" and found.sure == 0


def test_shares_are_compared_by_their_intervals_and_without_cases_nothing_is_said():
    found = compare(made("share", 80, 100).at([0]), made("share", 40, 100).at([1]))
    assert found.verdict == "more" and found.now == 0.8 and found.sure > 0
    assert found.now_range[0] > found.before_range[1]
    nothing = compare(made("share", 0, 0).at([0]), made("share", 40, 100).at([1]))
    assert nothing.now is None and nothing.verdict == "none"
    assert interval(0, 0) is None


def test_amounts_are_compared_from_three_months_a_side():
    drawn = amounts(np.random.default_rng(4), step=(30, 4.0))
    far = compare(drawn.at(range(30, 36)), drawn.at(range(6)))
    near = compare(drawn.at(range(34, 36)), drawn.at(range(2)))
    assert far.verdict == "more" and far.low > 1
    assert near.verdict == "none" and near.ratio is not None and near.low is None


def test_movers_are_ordered_by_what_is_sure_and_noise_among_many_is_not_claimed():
    source = np.random.default_rng(9)
    drawn = {n: counts(source, 60, scatter=3) for n in range(40)} | {99: counts(source, 400, scatter=3, step=(33, 2.0))}
    found = movers({key: (one.at(range(33, 36)), one.at(range(21, 24))) for key, one in drawn.items()})
    assert found[0].key == 99 and found[0].compared.verdict == "more"
    assert sum(one.compared.verdict != "none" for one in found[1:]) <= 1


def test_months_become_numbers_by_the_measure():
    figures = [TrendFigures(points=3, exposure_yuan=Decimal("10.50"), checked=4, confirmed=1)] * 36
    assert series(MEASURES["points"], MONTHS, figures).wholes[:4] == (30, 31, 31, 29)
    assert series(MEASURES["exposure"], MONTHS, figures).kind == "money"
    share = series(MEASURES["confirmation"], MONTHS, figures)
    assert (share.parts[0], share.wholes[0], share.total) == (1, 4, (36, 144))
    assert MEASURES["confirmation"].value(TrendFigures()) is None
    assert len(share.between(date(2024, 1, 1), date(2024, 3, 1))) == 3
