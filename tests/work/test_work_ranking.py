"""What a visit is expected to bring, and which visits are drawn at random: exact, fair, and the same for everybody."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.work_ranking import (
    ENOUGH_VISITS,
    HIGHEST_SHARE,
    LOWEST_SHARE,
    control_count,
    controls_by_unit,
    draw,
    expected_yuan,
    week_of,
)
from audit.work_settings import WorkSettings, work_settings
from billing.legal import legal
from jobs.work_value import Claim, claim_of

WEEK = date(2026, 11, 23)
MONEY = st.decimals(0, 10_000_000, places=2)
SHARES = st.decimals(LOWEST_SHARE, HIGHEST_SHARE, places=4)
NUMBERS = st.lists(st.text("ABC0123456789-", min_size=1, max_size=8), unique=True, max_size=60)


def test_a_visit_brings_probability_times_recoverable_less_its_cost():
    assert expected_yuan(Decimal("0.40"), Decimal("1000.00"), Decimal("260")) == Decimal("140.00")
    assert expected_yuan(Decimal("0.10"), Decimal("1000.00"), Decimal("260")) == Decimal("-160.00"), "not worth it"
    assert expected_yuan(Decimal("0.5"), Decimal("0.01"), Decimal(0)) == Decimal("0.01"), "half-up"


@pytest.mark.parametrize("probability", ["-0.01", "1.01"])
def test_a_probability_that_is_none_is_refused(probability):
    with pytest.raises(ValueError, match="expected 0 to 1"):
        expected_yuan(Decimal(probability), Decimal(1), Decimal(1))


@given(MONEY, MONEY, st.decimals(0, 1, places=4), st.decimals(0, 1, places=4))
def test_more_money_or_a_surer_case_never_brings_less(less, more, low, high):
    less, more = sorted((less, more))
    low, high = sorted((low, high))
    cost = Decimal(260)
    assert expected_yuan(low, less, cost) <= expected_yuan(low, more, cost)
    assert expected_yuan(low, more, cost) <= expected_yuan(high, more, cost)


def test_theft_brings_what_was_stolen_and_the_usual_breach_charge_but_never_above_the_cap():
    plain = work_settings()
    assert claim_of("R", "FQ03", Decimal("1000.00"), Decimal(2000), plain) == Claim(
        Decimal("1000.00"), Decimal("1500.00")
    )
    greedy = plain.model_copy(update={"breach_multiple": {"theft": Decimal(9), "wrong_class": Decimal(9)}})
    cap = legal().breaches["theft"].multiple
    assert claim_of("R", "FQ03", Decimal("1000.00"), None, greedy).breach == Decimal("1000.00") * cap
    assert claim_of("R", "DJ01", Decimal("1000.00"), None, greedy).breach == Decimal("2000.00")


def test_without_a_breach_only_the_configured_share_of_the_money_at_stake_counts():
    assert claim_of("R", "CH01", Decimal("100.01"), None, work_settings()) == Claim(Decimal("100.01"), Decimal(0))
    assert claim_of("R", "XS01", Decimal("100.01"), None, work_settings()) == Claim(Decimal("30.00"), Decimal(0))
    assert claim_of("R", "FQ03", Decimal("0.00"), None, work_settings()).total == 0, "nothing at stake"
    with pytest.raises(ValueError, match="expected 0 or more"):
        claim_of("R", "CH01", Decimal("-1"), None, work_settings())


@given(st.sampled_from(["FQ03", "DJ01", "CH01", "XS06"]), MONEY, st.decimals(0, 9, places=2))
def test_a_breach_charge_is_never_negative_and_never_above_its_cap(anomaly, exposure, multiple):
    usual = work_settings().model_copy(update={"breach_multiple": {"theft": multiple, "wrong_class": multiple}})
    claim = claim_of("R", anomaly, exposure, None, usual)
    kind = usual.breach.get(anomaly)
    cap = legal().breaches[kind].multiple if kind else Decimal(0)
    assert 0 <= claim.breach <= claim.recovered * cap
    assert claim.total == claim.recovered + claim.breach


def test_the_share_of_control_visits_can_be_set_between_two_and_five_percent_only():
    for share in ("0.019", "0.051"):
        with pytest.raises(ValueError, match="control_share"):
            WorkSettings.model_validate({**work_settings().model_dump(), "control_share": share})
        with pytest.raises(ValueError, match="expected"):
            control_count(100, Decimal(share), 1, WEEK)


@given(st.integers(0, 20_000), SHARES, st.integers(), st.integers(0, 500))
def test_of_twenty_visits_or_more_two_to_five_percent_are_control_visits(visits, share, seed, weeks):
    count = control_count(visits, share, seed, WEEK + timedelta(weeks=weeks))
    if visits >= ENOUGH_VISITS:
        assert LOWEST_SHARE <= Decimal(count) / visits <= HIGHEST_SHARE
    else:
        assert count in (0, 1)


@given(st.dictionaries(st.text(min_size=1, max_size=6), st.integers(0, 40), max_size=60), SHARES, st.integers())
def test_units_share_the_control_visits_of_the_whole_however_small_they_are(visits, share, seed):
    given_out = controls_by_unit(visits, share, seed, WEEK)
    total = sum(visits.values())
    assert sum(given_out.values()) == control_count(total, share, seed, WEEK)
    assert all(0 <= given_out[unit] <= visits[unit] for unit in visits)
    assert controls_by_unit(dict(reversed(visits.items())), share, seed, WEEK) == given_out


@given(NUMBERS, st.integers(0, 80), st.integers(), st.randoms())
def test_the_draw_does_not_depend_on_the_order_of_the_candidates(numbers, count, seed, chance):
    drawn = draw(numbers, count, seed, WEEK)
    shuffled = list(numbers)
    chance.shuffle(shuffled)
    assert draw(iter(shuffled), count, seed, WEEK) == drawn
    assert len(drawn) == min(count, len(numbers)) and drawn <= set(numbers)


@given(NUMBERS, st.integers(0, 20), st.integers())
def test_what_was_drawn_this_week_counts_and_only_the_missing_is_drawn_again(numbers, count, seed):
    first = draw(numbers, count, seed, WEEK)
    assert draw(numbers, count, seed, WEEK, first) == frozenset()
    gone = set(list(first)[:1])
    assert not draw([number for number in numbers if number not in gone], count, seed, WEEK, first), "in a ticket"
    more = draw(numbers, count + 1, seed, WEEK, first)
    assert len(more) == (1 if len(numbers) > len(first) and len(first) == count else 0) and not more & first


def test_every_candidate_is_drawn_equally_often_over_the_weeks():
    numbers = [f"R{number:03d}" for number in range(50)]
    counts = dict.fromkeys(numbers, 0)
    for weeks in range(400):
        for number in draw(numbers, 5, 7, WEEK + timedelta(weeks=weeks)):
            counts[number] += 1
    # 400 weeks x 5 of 50: 40 each, standard deviation 6.
    assert min(counts.values()) >= 16 and max(counts.values()) <= 64


def test_another_week_draws_others_and_a_week_begins_on_monday():
    numbers = [f"R{number:03d}" for number in range(200)]
    assert draw(numbers, 6, 1, WEEK) != draw(numbers, 6, 1, WEEK + timedelta(weeks=1))
    assert draw(numbers, 6, 1, WEEK) != draw(numbers, 6, 2, WEEK)
    assert {week_of(WEEK + timedelta(days=day)) for day in range(7)} == {WEEK}
