"""Numbers beyond any meter: the batch gives the single-account cents or says that it cannot, never other cents."""

from decimal import Decimal, localcontext

import numpy as np
import pytest

from bench.billing_population import population
from billing import Fault, bill, standard_book
from billing.batch import MISSING, bill_columns, case_of_row
from billing.corrections import difference

CODES = {
    "area", "scheme", "voltage", "time_of_use", "supply", "agency_penalty", "basic_charge", "power_factor_standard",
    "loss_method", "sub_kind", "sub_scheme", "digits", "removed_digits", "period_start", "period_end", "opened",
    "closed", "basic_from", "basic_to", "second_from", "second_to", "cycle_days",
}  # fmt: skip


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("seed", range(4))
def test_wild_numbers_never_give_two_different_bills(seed):
    """3 % of all numbers are replaced by something between -10^18 and 10^18; nothing may overflow unseen."""
    random = np.random.default_rng(seed)
    columns = population(600, seed=500 + seed)
    for name, values in columns.arrays.items():
        if name not in CODES:
            wild = (random.random(600) < 0.03) & (values != MISSING)
            size = 10.0 ** random.uniform(0, 18, 600) * np.where(random.random(600) < 0.1, -1, 1)
            values[wild] = size.astype(np.int64)[wild]
    result, book = bill_columns(columns), standard_book()
    assert len(result.exact_rows) > 20
    for row in range(600):
        if Fault(int(result.faults[row])) & Fault.SCALE_EXCEEDED:
            assert not result.billed[row]
            continue
        one = bill(case_of_row(columns, row, book), book)
        assert one.billed == bool(result.billed[row]), (row, one.findings)
        assert int(one.total * 100) == int(result.total[row]), row


def test_days_and_codes_out_of_range_are_faults():
    columns = population(50, seed=1)
    columns.arrays["opened"][:10] = 10**12
    columns.arrays["period_end"][10:20] = 10**17
    columns.arrays["voltage"][20:30] = 9
    columns.arrays["basic_charge"][30:40] = 7
    result = bill_columns(columns)
    assert not result.billed[:40].any()
    assert {Fault(int(mask)) & Fault.PERIOD_INVALID for mask in result.faults[:20]} == {Fault.PERIOD_INVALID}


def test_the_callers_decimal_context_does_not_touch_a_bill():
    columns, book = population(200, seed=2), standard_book()
    rows = np.flatnonzero(bill_columns(columns).billed)[:100].tolist()
    plain = [bill(case_of_row(columns, row, book)) for row in rows]
    totals = bill_columns(columns).total.tolist()
    with localcontext() as context:
        context.prec = 4
        assert [bill(case_of_row(columns, row, book)) for row in rows] == plain
        assert [made.reevaluate() for made in plain] == [made.total for made in plain]
        assert bill_columns(columns, keep_lines=True).total.tolist() == totals
        amounts = sorted(line.amount for line in bill_columns(columns, keep_lines=True).lines())
        assert difference(plain[0], plain[0]).amount == 0
    assert amounts == sorted(line.amount for line in bill_columns(columns, keep_lines=True).lines())
    assert isinstance(amounts[0], Decimal)
