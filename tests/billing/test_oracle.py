"""The batch engine and a plain Decimal implementation of the same rules give the same cents on 100,000 accounts."""

from decimal import Decimal

import numpy as np
import pytest

from bench.billing_population import population
from billing import bill, standard_book
from billing.batch import COLUMNS, MISSING, bill_chunks, bill_columns, case_of_row
from billing.model.case import PolicyChoice
from tests.billing.oracle import NoBill, Oracle

POWERS = {name: Decimal(1).scaleb(-column.scale) for name, column in COLUMNS.items()}


def rows_of(columns):
    """Rows as dictionaries of Decimals, None where missing."""
    lists = {name: values.tolist() for name, values in columns.arrays.items()}
    for row in range(columns.size):
        yield {name: None if v[row] == MISSING else v[row] * POWERS[name] for name, v in lists.items()}


def compare(columns, policy=None, **readings_of_rules):
    """Row, oracle and engine wherever they differ."""
    differing, billed, used = [], 0, set()
    results = bill_chunks(columns, policy=policy)
    for result in results:
        amounts = {code: values.tolist() for code, values in result.amounts.items()}
        for row, values in enumerate(rows_of(result.columns)):
            oracle = Oracle(values, **readings_of_rules)
            try:
                total = oracle.bill()
            except NoBill as reason:
                if result.billed[row]:
                    differing.append((result.offset + row, f"oracle: no bill, {reason}", result.total[row]))
                continue
            billed += 1
            used |= {code for code, amount in oracle.lines.items() if amount}
            lines = {code: int(amount * 100) for code, amount in oracle.lines.items() if amount}
            engine = {code: v[row] for code, v in amounts.items() if v[row]}
            if not result.billed[row] or lines != engine or int(total * 100) != result.total[row]:
                differing.append((result.offset + row, lines, engine, int(result.faults[row])))
    return differing, billed, used


def test_a_hundred_thousand_accounts_of_all_kinds_agree_to_the_cent():
    columns = population(100_000, seed=1, faults=0.01)
    differing, billed, used = compare(columns)
    assert differing[:5] == []
    assert billed > 97_000
    codes = {component.code for component in standard_book().components} | {"power_factor"}
    assert used == codes, "every component must have been part of some bill"


@pytest.mark.parametrize(
    ("choice", "rules"),
    [
        (PolicyChoice(over_demand="jump"), {"jump": True}),
        (PolicyChoice(partial_month="thirty_days"), {"thirty": True}),
    ],
)
def test_the_open_readings_of_the_rules_agree_as_well(choice, rules):
    columns = population(5_000, seed=2)
    plain, _, _ = compare(columns, choice)
    differing, billed, _ = compare(columns, choice, **rules)
    assert differing == []
    assert billed > 4_500
    assert plain, "the reading must matter for some account, or this test proves nothing"


def test_one_account_at_a_time_gives_the_same_bill_as_the_batch():
    columns = population(2_000, seed=3, faults=0.03)
    result, book = bill_columns(columns), standard_book()
    for row in range(columns.size):
        values = {name: int(array[row]) for name, array in columns.arrays.items()}
        if values["scheme"] == 6 and values["basic_charge"] == 0:
            continue
        one = bill(case_of_row(columns, row, book))
        assert one.billed == bool(result.billed[row]), row
        assert int(one.total * 100) == result.total[row], row
        for code, amount in one.amounts().items():
            assert int(amount * 100) == result.amounts[code][row], (row, code)


def test_lines_of_the_batch_are_the_lines_of_the_bill_with_their_rows():
    """Every field that a bill line is stored with: part of the period, quantity, price, amount, days, tariff rows."""
    columns = population(1_500, seed=4)
    columns.arrays["current_total"][7], columns.arrays["multiplier"][7] = 9 * 10**9, 10**9  # too large for columns
    result, book = bill_columns(columns, keep_lines=True), standard_book()
    lines: dict[int, list] = {}
    for line in result.lines():
        lines.setdefault(line.row, []).append(line[1:])
    for row in np.flatnonzero(result.billed).tolist():
        one = bill(case_of_row(columns, row, book))
        expected = [
            (line.component, line.period, bool(line.sub_account), line.start, line.end, line.quantity, line.unit,
             line.price, line.amount, line.days, line.cycle_days, line.power_factor_base, line.tariff_rows)
            for line in one.lines
        ]  # fmt: skip
        assert sorted(lines.get(row, [])) == sorted(expected), row
    assert sum(map(len, lines.values())) > 5_000


def test_chunks_number_their_lines_by_the_rows_of_the_whole_batch():
    columns = population(300, seed=6)
    whole = sorted(bill_columns(columns, keep_lines=True).lines())
    chunked = [line for part in bill_chunks(columns, keep_lines=True, chunk_rows=70) for line in part.lines()]
    assert sorted(chunked) == whole
