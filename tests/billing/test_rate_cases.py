"""The cases of the NREL rate engine, within their stated rounding.

Their results are printed with four decimals and computed in binary floats over 8,760 hours; ours are exact. So two
things hold: the exact products before our rounding to the cent agree with the printed figure within half of its last
decimal (so the engine's float error is below what it prints), and our bill differs from it only by cent rounding.
"""

from decimal import Decimal

import pytest

from billing import bill, parse_case
from tests.billing.rate_cases import book, cases, month

PRINTED = Decimal("0.00005")
CENT_PER_LINE = Decimal("0.005")


@pytest.mark.parametrize("position", range(4), ids=lambda position: cases()["cases"][position]["name"])
def test_twelve_months_agree_with_the_rate_engine(position):
    case = cases()["cases"][position]
    tariffs = book(case)
    for number in range(1, 13):
        made = bill(parse_case(month(case, number)), tariffs)
        assert made.billed, made.findings
        expected = Decimal(str(case["result"]["monthly_total"][number - 1]))
        kwh = Decimal(str(case["result"]["monthly_kwh"][number - 1]))
        assert abs(made.energy.billed_kwh - kwh) <= Decimal("0.000001") * kwh
        exact = sum(line.quantity * line.price for line in made.lines)
        assert abs(exact - expected) <= PRINTED, number
        assert abs(made.total - expected) <= CENT_PER_LINE * len(made.lines) + PRINTED, number


def test_energy_by_period_is_the_engines_where_it_prints_it():
    case = cases()["cases"][2]
    made = bill(parse_case(month(case, 1)), book(case))
    table = case["result"]["energy_charge_by_period_tier"]["1"]
    printed = {int(float(row[0])): Decimal(str(row[1])) for row in table[1:-1]}
    ours = {line.period: line.quantity * line.price for line in made.lines if line.component == "purchase"}
    for number, name in {1: "sharp", 2: "peak", 3: "flat", 4: "valley"}.items():
        assert abs(ours[name] - printed[number]) <= PRINTED
