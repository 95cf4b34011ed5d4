"""Laws that hold for every bill, looked for by Hypothesis."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.billing_population import population
from billing import Bill, bill, parse_case, standard_book
from billing.batch import bill_columns, case_of_row, integers
from billing.batch.integers import power_factor_hundredths
from billing.corrections import difference, reverse
from billing.exact import allocate, half_up
from billing.explain import explain
from billing.power_factor import power_factor
from billing.trace import TraceMismatch, leaf

D = Decimal
BOOK = standard_book()
POOL = population(3_000, seed=77)
RESULT = bill_columns(POOL)
BILLED = [int(row) for row in np.flatnonzero(RESULT.billed)]
any_bill = st.sampled_from(BILLED)
kwh = st.decimals(min_value=0, max_value=90_000, places=2)
fast = settings(max_examples=60, deadline=None)


def simple(scheme="single_part", used=1000, start=date(2026, 9, 1), end=date(2026, 10, 1), **account):
    readings = {
        "start": start,
        "end": end,
        "year_to_date_kwh": account.pop("year_to_date_kwh", 0),
        "cycle_days": account.pop("cycle_days", None),
        "meters": [{"registers": {"total": {"previous": 0, "current": used}}}],
    }
    return parse_case({"account": {"account": "p", "area": "jibei", "scheme": scheme, **account}, "readings": readings})


@fast
@given(any_bill)
def test_the_total_is_the_sum_of_its_rounded_lines(row):
    made = bill(case_of_row(POOL, row, BOOK))
    assert made.total == sum((line.amount for line in made.lines), D(0))
    assert all(line.amount == half_up(line.amount, 2) for line in made.lines)


@fast
@given(any_bill)
def test_a_stored_trace_gives_the_same_amounts_again(row):
    made = bill(case_of_row(POOL, row, BOOK))
    stored = Bill.model_validate_json(made.model_dump_json())
    assert stored == made
    assert stored.reevaluate() == made.total


@fast
@given(any_bill, st.integers(min_value=0))
def test_a_changed_trace_is_noticed(row, place):
    made = bill(case_of_row(POOL, row, BOOK))
    inner = [i for i, node in enumerate(made.trace) if node.operation not in ("leaf", "lookup")]
    at = inner[place % len(inner)]
    spoilt = list(made.trace)
    spoilt[at] = spoilt[at].model_copy(update={"value": spoilt[at].value + 1})
    with pytest.raises(TraceMismatch):
        made.model_copy(update={"trace": tuple(spoilt)}).reevaluate()


@fast
@given(any_bill, st.sampled_from(["en", "zh"]))
def test_every_bill_can_be_explained_and_names_every_line(row, language):
    made = bill(case_of_row(POOL, row, BOOK))
    text = explain(made, language)
    assert text.count("├─ ") >= len(made.lines)
    assert str(made.total) in text


@fast
@given(st.integers(1, 28), kwh, kwh, st.sampled_from(["single_part", "agricultural", "tiered", "combined_meter"]))
def test_splitting_a_period_where_no_price_changes_changes_only_rounding(day, first, second, scheme):
    start, end = date(2026, 9, 1), date(2026, 10, 1)
    middle = start + timedelta(days=day)
    whole = bill(simple(scheme, first + second, start, end, year_to_date_kwh=2000))
    one = bill(simple(scheme, first, start, middle, year_to_date_kwh=2000))
    two = bill(simple(scheme, second, middle, end, year_to_date_kwh=D(2000) + first))
    assert one.energy.billed_kwh + two.energy.billed_kwh == whole.energy.billed_kwh
    lines = len(one.lines) + len(two.lines) + len(whole.lines)
    assert abs(one.total + two.total - whole.total) <= D("0.005") * lines


@fast
@given(st.integers(1, 29))
def test_splitting_a_month_of_basic_charge_changes_only_rounding(day):
    start, end = date(2026, 9, 1), date(2026, 10, 1)
    middle = start + timedelta(days=day)

    def charge(since, until):
        case = simple("two_part", D(0), since, until, basic_charge="capacity", capacity_kva="630", voltage="35kV")
        return bill(case).amount("capacity_charge")

    assert abs(charge(start, middle) + charge(middle, end) - charge(start, end)) <= D("0.01")


@fast
@given(kwh, kwh, st.sampled_from(["single_part", "agricultural", "tiered", "combined_meter"]), st.integers(0, 5000))
def test_more_energy_never_costs_less_without_power_factor(base, more, scheme, before):
    """The demand discount from 260 kWh per kVA is the known exception, so two-part accounts are left out."""
    less = bill(simple(scheme, base, year_to_date_kwh=before))
    assert bill(simple(scheme, base + more, year_to_date_kwh=before)).total >= less.total


@fast
@given(kwh, st.integers(0, 6000))
def test_tiers_fill_in_order(used, before):
    made = bill(simple("tiered", used, year_to_date_kwh=before))
    parts = {line.component: line.quantity for line in made.lines}
    second, third = parts.get("tier_2", D(0)), parts.get("tier_3", D(0))
    first = made.energy.billed_kwh - second - third
    assert min(first, second, third) >= 0
    assert first == 0 or D(before) < 2160
    assert second <= 3360 - 2160
    assert third == 0 or D(before) + made.energy.billed_kwh > 3360


@fast
@given(
    st.integers(0, 10**8), st.integers(0, 10**8), st.integers(0, 10**8), st.sampled_from(BOOK.power_factor.standards)
)
def test_more_reactive_energy_never_lowers_the_adjustment(active, reactive, more, standard):
    def percent(q):
        mean = power_factor(leaf(active, "a"), leaf(q, "q"))
        return None if mean is None else BOOK.power_factor.percent(standard, mean.value)

    before, after = percent(reactive), percent(reactive + more)
    assert before is None or after is None or after >= before


def test_the_table_never_rises_with_the_power_factor():
    for standard in BOOK.power_factor.standards:
        row = [BOOK.power_factor.percent(standard, D(step) / 100) for step in range(101)]
        assert row == sorted(row, reverse=True)
        assert BOOK.power_factor.percent(standard, standard) == 0


@fast
@given(any_bill, st.decimals(min_value="0.1", max_value=3, places=2))
def test_refund_and_rebill_give_the_right_bill(row, factor):
    case = case_of_row(POOL, row, BOOK)
    content = case.model_dump()
    content["account"]["capacity_kva"] = None if case.account.capacity_kva is None else case.account.capacity_kva * 2
    for meter in content["readings"]["meters"]:
        meter["multiplier"] = half_up(meter["multiplier"] * factor, 3)
    issued, right = bill(case), bill(parse_case(content))
    if not right.billed:
        return
    assert issued.total + sum(reverse(issued).values(), D(0)) == 0
    corrected = difference(issued, right)
    assert issued.total + corrected.amount == right.total
    for component, amount in right.amounts().items():
        assert issued.amount(component) + corrected.components.get(component, D(0)) == amount


@fast
@given(
    st.decimals(min_value=0, max_value=10**6, places=2),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=6),
    st.sampled_from([0, 2]),
)
def test_shares_add_up_and_both_executors_share_alike(total, weights, digits):
    shares = allocate(total, [D(weight) for weight in weights], digits)
    assert sum(shares) == total
    columns = np.array([[weight] for weight in weights], np.int64)
    whole = integers.allocate(np.array([int(total * 100)], np.int64), columns, 10 ** (2 - digits))
    assert [int(share * 100) for share in shares] == whole[:, 0].tolist()


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**10), st.integers(0, 10**10))
def test_integer_power_factor_is_the_decimal_one(active, reactive):
    mean = power_factor(leaf(active, "a"), leaf(reactive, "q"))
    found = power_factor_hundredths(np.array([active], np.int64), np.array([reactive], np.int64))[0]
    assert found == (0 if mean is None else int(mean.value * 100))


@given(st.integers(-(10**17), 10**17), st.integers(1, 10**9))
def test_integer_rounding_is_half_away_from_zero(value, unit):
    found = integers.half_up(np.array([value], np.int64), unit * 2)[0]
    assert found == half_up(D(value) / (unit * 2), 0)
