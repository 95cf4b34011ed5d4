"""A district's energy balance, loss bands and rank: pure rules."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from audit.district_rank import Peer, capacity_class, rank, settlement
from audit.district_standards import FILE, read_standards, standards
from audit.energy_balance import (
    BalanceInput,
    CustomerUse,
    Loss,
    energy_balance,
    loss_contributions,
    lost_within,
    technical_loss,
)
from audit.loss_bands import BANDS, band_of, longest_run, loss_percent, swings

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
CENTS = st.integers(0, 10**9).map(lambda hundredths: Decimal(hundredths).scaleb(-2))
SIGNED = st.integers(-(10**8), 10**8).map(lambda hundredths: Decimal(hundredths).scaleb(-2))
LOSSES = st.builds(
    Loss,
    kwh=SIGNED,
    cause=st.sampled_from(["theft", "metering_fault", "wrong_tariff"]),
    found_on=st.dates(date(2026, 8, 1), date(2027, 3, 1)),
    source=st.just("T"),
    from_day=st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31)),
)


def october(**changes):
    """A public district of 400 kVA that took in 40,000 kWh, of which 38,000 were billed."""
    return BalanceInput(
        **{
            "first": OCTOBER,
            "end": NOVEMBER,
            "supplied_days": 31,
            "supplied_kwh": Decimal("40000.00"),
            "billed_kwh": Decimal("38000.00"),
            "metered_kwh": Decimal("0.00"),
            "uncovered_kwh": Decimal("0.00"),
            "capacity_kva": 400,
            "settlement": "urban",
            **changes,
        }
    )


def parts(balance):
    return {part.name: part.kwh for part in balance.parts}


def test_a_balance_worked_by_hand():
    """400 kVA S11: 0.57 kW x 744 h = 424.08 kWh iron; 1.15 x 4.52 kW x (40000 / 400)^2 / 744 h = 69.87 kWh copper;
    lines 1.2 % of 38,000 kWh; a thief of 1,800 kWh, found on 1 November, had 31 of his 180 days in October."""
    balance = energy_balance(october(losses=[Loss(Decimal("1800"), "theft", NOVEMBER, "T2026-0001")]))
    assert parts(balance) == {
        "billed": Decimal("38000.00"),
        "metered": Decimal("0.00"),
        "uncovered": Decimal("0.00"),
        "iron": Decimal("424.08"),
        "copper": Decimal("69.87"),
        "lines": Decimal("456.00"),
        "faults": Decimal("0.00"),
        "theft": Decimal("310.00"),
        "unexplained": Decimal("740.05"),
    }
    assert balance.unexplained_percent == Decimal("1.85")
    assert balance.technical_kwh == Decimal("949.95")
    assert balance.parts[-2].sources == ("T2026-0001",)


@given(CENTS, CENTS, CENTS, CENTS, st.integers(1, 31), st.sampled_from([30, 400, 5000]), st.lists(LOSSES, max_size=4))
def test_the_parts_always_add_up_to_what_was_supplied(supplied, billed, metered, uncovered, days, capacity, losses):
    balance = energy_balance(
        october(
            supplied_kwh=supplied, billed_kwh=billed, metered_kwh=metered, uncovered_kwh=uncovered,
            supplied_days=days, capacity_kva=capacity, losses=losses,
        )
    )  # fmt: skip
    assert sum(parts(balance).values()) == supplied
    assert all(part.kwh == part.kwh.quantize(Decimal("0.01")) for part in balance.parts)


def test_more_sold_than_supplied_is_a_negative_rest_not_zero():
    assert energy_balance(october(supplied_kwh=Decimal("30000.00"))).unexplained_kwh < 0


@pytest.mark.parametrize("unknown", [{"supplied_kwh": None}, {"supplied_days": 0}])
def test_without_a_gateway_reading_there_is_no_balance(unknown):
    assert energy_balance(october(**unknown)) is None


def test_nothing_supplied_has_a_balance_but_no_percentage():
    balance = energy_balance(october(supplied_kwh=Decimal("0.00"), billed_kwh=Decimal("0.00")))
    assert balance.unexplained_percent is None
    assert balance.unexplained_kwh == Decimal("-424.08")


@pytest.mark.parametrize("days", [-1, 32])
def test_more_days_than_the_period_has_are_refused(days):
    with pytest.raises(ValueError, match="of 31 days"):
        energy_balance(october(supplied_days=days))


def test_energy_metered_while_the_gateway_was_silent_is_taken_out_again():
    balance = energy_balance(october(supplied_days=30, uncovered_kwh=Decimal("1200.00")))
    assert parts(balance)["uncovered"] == Decimal("-1200.00")


def test_a_wrong_tariff_lost_money_but_no_energy():
    balance = energy_balance(october(losses=[Loss(Decimal("900"), "wrong_tariff", NOVEMBER, "T")]))
    assert parts(balance)["faults"] == parts(balance)["theft"] == 0


def test_a_gateway_on_the_low_side_does_not_see_the_transformer():
    model = standards().technical_loss.model_copy(update={"gateway_side": {"public": "low", "dedicated": "high"}})
    assert technical_loss(Decimal(1000), 30, 200, "rural", model) == (0, 0, Decimal("20.00"))
    assert technical_loss(Decimal(1000), 30, 200, "dedicated", model)[0] == Decimal("244.80")


@given(LOSSES, st.lists(st.dates(date(2024, 1, 1), date(2028, 1, 1)), min_size=1, max_size=5, unique=True))
def test_a_loss_cut_into_periods_keeps_its_energy(loss, cuts):
    """Cut anywhere, the pieces give the whole again, but for half a hundredth of a kWh a piece."""
    edges = [date(2020, 1, 1), *sorted(cuts), date(2030, 1, 1)]
    pieces = [lost_within(loss, a, b, standards().attribution) for a, b in pairwise(edges)]
    assert abs(sum(pieces) - loss.kwh) <= Decimal("0.005") * len(pieces)


@pytest.mark.parametrize(
    ("percent", "band"),
    [
        ("-1.01", "negative"), ("-1", "normal"), ("0", "normal"), ("5.99", "normal"), ("6", "warn"),
        ("10.00", "warn"), ("10.01", "high"), (None, "not_computable"),
    ],
)  # fmt: skip
def test_bands_of_domain_sheet_4(percent, band):
    assert band_of(None if percent is None else Decimal(percent)) == band


@given(SIGNED)
def test_every_rate_has_exactly_one_band(percent):
    assert band_of(percent) in BANDS


def test_no_supply_is_not_computable_never_zero_percent():
    assert loss_percent(Decimal(0), Decimal(0)) is None
    assert band_of(loss_percent(None, Decimal(3))) == "not_computable"


def test_little_energy_swings_and_a_run_of_days_counts():
    assert swings(Decimal(1500), 31) and not swings(Decimal(1550), 31)
    assert longest_run(["high", "negative", "not_computable", "high"]) == 2


def test_rank_counts_from_the_lowest_loss_and_needs_enough_districts():
    rates = {"a": "2", "b": "3", "c": "3", "d": "9", "e": None, "f": "-1"}
    peers = [Peer(code, None if rate is None else Decimal(rate)) for code, rate in rates.items()]
    found = rank("c", peers)
    assert (found.place, found.of, found.median) == (3, 5, Decimal(3))
    assert rank("e", peers) is None
    assert rank("a", peers[:3]) is None


def test_similar_means_class_of_capacity_and_density():
    assert [capacity_class(kva) for kva in (50, 315, 316, 9999)] == [(0, 100), (200, 315), (315, 500), (1250, None)]
    assert settlement("public", 200, 1_000_000) == "urban"
    assert settlement("public", 199, 1_000_000) == "rural"
    assert settlement("public", 9, None) == "rural"
    assert settlement("dedicated", 1, 10) == "dedicated"


def test_who_fell_while_all_others_rose_is_looked_at_first():
    use = {"thief": ("40", "100"), "a": ("110", "100"), "b": ("110", "100"), "new": ("50", None), "gone": (None, "9")}
    found = loss_contributions(
        CustomerUse(number, *(None if kwh is None else Decimal(kwh) for kwh in pair)) for number, pair in use.items()
    )
    assert found["thief"] == Decimal("70.00")
    assert found["a"] == found["b"] == 0
    assert found["new"] is None and found["gone"] is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('from: "6"', 'from: "-2"', "bands must rise"),
        ('from: "6"', "from: 6.0", "binary float"),
        ("urban: ", "town: ", "line_percent"),
        ("{public: high,", "{public: middle,", "gateway_side"),
    ],
)
def test_a_file_of_standards_that_contradicts_itself_is_refused(tmp_path, old, new, said):
    path = tmp_path / "districts.yaml"
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ValidationError, match=said):
        read_standards(path)


def test_the_day_after_the_last_ends_a_loss():
    loss = Loss(Decimal(30), "theft", NOVEMBER, "T", from_day=NOVEMBER - timedelta(days=30))
    assert lost_within(loss, NOVEMBER, date(2026, 12, 1), standards().attribution) == 0
    assert lost_within(loss, OCTOBER, NOVEMBER, standards().attribution) == Decimal(30)
