"""Effective dates, the second clock, price changes inside a period, and what a bill must say about itself."""

from datetime import UTC, datetime
from decimal import Decimal

from billing import bill, parse_case, standard_book
from billing.batch import bill_columns, bill_many, columns_of_cases
from billing.components import Component
from billing.tariff.rows import PriceRow
from tests.billing.specification import registers

D = Decimal
BOOK = standard_book()


def book_with(*rows, **changes):
    tariff = BOOK.areas["jibei"].tariff
    return BOOK.with_tariffs(tariff.model_copy(update={"prices": (*tariff.prices, *rows), **changes}))


def row(identifier, component, value, valid_from, **more):
    return PriceRow.model_validate(
        {"id": identifier, "component": component, "value": value, "unit": "CNY/kWh", "valid_from": valid_from,
         "document": "test notice", "certainty": "found", **more}
    )  # fmt: skip


def shop(start="2026-11-01", end="2026-12-01", used=3000, **more):
    account = {"account": "shop", "area": "jibei", "scheme": "single_part", **more.pop("account", {})}
    readings = {
        "start": start,
        "end": end,
        "meters": [{"registers": registers(total=used)}],
        **more.pop("readings", {}),
    }
    return parse_case({"account": account, "readings": readings, **more})


def test_a_bill_can_be_made_again_as_it_was_known_then():
    correction = row("late-price", "agency_purchase", "0.5000", "2026-11-01", recorded_at="2026-12-10T00:00:00+08:00",
                     schemes=["single_part"])  # fmt: skip
    book = book_with(correction)
    then = bill(shop(known_at=datetime(2026, 12, 1, tzinfo=UTC)), book)
    now = bill(shop(), book)
    assert then.amount("purchase") == D("1200.00")
    assert now.amount("purchase") == D("1500.00")
    assert then.known_at == datetime(2026, 12, 1, tzinfo=UTC)
    assert "late-price" in now.lines[0].tariff_rows


def test_a_period_over_a_price_change_is_split_by_days_and_says_so():
    made = bill(shop("2026-07-20", "2026-08-20", used=3100))
    parts = [line for line in made.lines if line.component == "transmission_distribution"]
    assert [(str(part.start), part.quantity) for part in parts] == [("2026-07-20", 1200), ("2026-08-01", 1900)]
    assert [notice.subject for notice in made.notices if notice.code == "split_by_days"] == ["2026-08-01"]


def test_interval_data_divides_a_period_better_than_days():
    """All energy lies before the change: by intervals the first part takes everything."""
    kwh = ["1"] * 24 * 12 + ["0"] * 24 * 19
    intervals = [{"start": "2026-07-20T00:00:00+08:00", "minutes": 60, "kwh": kwh}]
    made = bill(shop("2026-07-20", "2026-08-20", used=288, readings={"intervals": intervals}))
    parts = [line for line in made.lines if line.component == "transmission_distribution"]
    assert [(str(part.start), part.quantity) for part in parts] == [("2026-07-20", 288)]
    assert next(notice.code for notice in made.notices) == "split_by_intervals"


def test_interval_data_alone_gives_the_periods_of_the_tariff():
    """One kWh an hour in August: the hours of the 2025 notice are 8 valley, 8 flat, 5 peak, 3 sharp a day."""
    account = {"account": "i", "area": "jibei", "scheme": "single_part", "time_of_use": True, "voltage": "35kV"}
    intervals = [{"start": "2026-08-01T00:00:00+08:00", "minutes": 60, "kwh": ["1"] * 24 * 31}]
    made = bill(parse_case({"account": account, "readings": {"start": "2026-08-01", "end": "2026-09-01",
                                                             "intervals": intervals}}))  # fmt: skip
    assert {name: kwh / 31 for name, kwh in made.energy.by_period.items() if kwh} == {
        "sharp": 3, "peak": 5, "flat": 8, "valley": 8,
    }  # fmt: skip


def test_everything_uncertain_is_stated_on_the_bill_and_only_what_was_used():
    made = bill(shop())
    stated = {notice.subject: notice.certainty for notice in made.notices}
    assert stated["jibei-agency-purchase"] == "illustrative"
    assert stated["jibei-government-funds"] == "unverified"
    assert not any("capacity" in subject for subject in stated)
    zhejiang = parse_case({
        "account": {"account": "z", "area": "zhejiang", "scheme": "tiered"},
        "readings": {"start": "2026-11-01", "end": "2026-12-01", "meters": [{"registers": registers(total=100)}]},
    })  # fmt: skip
    # Its prices are published; the readings of the 105 % rule and the discount in its policy row are not.
    assert {notice.subject for notice in bill(zhejiang).notices} == {"zhejiang-policy"}


def test_every_bill_of_a_batch_can_state_the_same():
    columns, _, _ = columns_of_cases([shop(), shop("2026-07-20", "2026-08-20")], BOOK)
    result = bill_columns(columns)
    stated = {notice.subject for notice in result.notices(0)}
    assert {"jibei-agency-purchase", "jibei-government-funds"} <= stated
    assert result.notices(1)[0].code == "split_by_days"


def test_a_charge_added_as_one_row_is_priced_by_both_executors():
    surcharge = Component(code="local_surcharge", quantity="energy_total", price="local_surcharge", unit="kWh",
                          schemes=("single_part",))  # fmt: skip
    book = book_with(row("surcharge", "local_surcharge", "0.0123", "2020-01-01")).with_components(surcharge)
    assert bill(shop(), book).amount("local_surcharge") == D("36.90")
    columns, _, _ = columns_of_cases([shop()], book)
    result = bill_columns(columns, book)
    assert result.amounts["local_surcharge"].tolist() == [3690]
    assert result.total[0] == int(bill(shop(), book).total * 100)


def test_numbers_too_fine_or_too_large_for_columns_go_the_exact_way():
    """Nine decimals of price, and 200 GWh in a month: same cents, by the single-account path."""
    fine = book_with(row("fine", "agency_purchase", "0.400000001", "2026-11-01", schemes=["single_part"],
                         recorded_at="2026-11-01T00:00:00+08:00"))  # fmt: skip
    columns, _, _ = columns_of_cases([shop(used=999_999)], fine)
    result = bill_columns(columns, fine)
    assert result.exact_rows == (0,)
    assert result.total[0] == int(bill(shop(used=999_999), fine).total * 100)
    large = shop(readings={"meters": [{"multiplier": 1000, "registers": registers(total=200_000)}]})
    columns, _, _ = columns_of_cases([large, shop()], BOOK)
    result = bill_columns(columns)
    assert result.exact_rows == (0,)
    assert result.total.tolist() == [int(bill(case).total * 100) for case in (large, shop())]


def test_a_mixture_of_cases_is_billed_whatever_they_need():
    """Several supply lines, two transformers and interval data have no columns: they take the other path."""
    factory = {"account": "f", "area": "jibei", "scheme": "two_part", "basic_charge": "contract_demand",
               "capacity_kva": "4000", "voltage": "35kV"}  # fmt: skip
    lines = [{"line": "A", "actual_kw": "900", "contract_kw": "1000"},
             {"line": "B", "actual_kw": "1200", "contract_kw": "1000", "planned_switching_kw": "200"}]  # fmt: skip
    case = parse_case({"account": factory, "readings": {
        "start": "2026-09-01", "end": "2026-10-01", "demand_lines": lines,
        "meters": [{"registers": registers(total=100000)}],
    }})  # fmt: skip
    bad = shop(account={"area": "nowhere"})
    many = bill_many([case, shop(), bad, shop(used=1)])
    assert many.totals == [bill(case).total, D("1983.51"), None, bill(shop(used=1)).total]
    assert [(finding.account, finding.field) for finding in many.findings] == [("shop", "account.area")]
    assert bill(case).amount("demand_charge") == D("36.2") * 2000


def test_a_border_without_a_new_price_is_no_border():
    """New ratios on 1 January concern accounts with time-of-use; a shop without them keeps one line a component."""
    made = bill(shop("2025-12-20", "2026-01-20"))
    assert len(made.lines) == len({line.component for line in made.lines})
    by_period = parse_case({
        "account": {"account": "t", "area": "jibei", "scheme": "single_part", "time_of_use": True},
        "readings": {"start": "2025-12-20", "end": "2026-01-20",
                     "meters": [{"registers": registers(peak=310, flat=310, valley=310)}]},
    })  # fmt: skip
    assert [line.quantity for line in bill(by_period).lines if line.period == "peak"] == [120, 190]
