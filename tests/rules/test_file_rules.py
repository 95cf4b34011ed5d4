"""Specifications of the rules on terms, readings, bills and files: fires, doesn't, at the threshold, not judged."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.catalogue import catalogue
from audit.rules import billing_checks, connection, reading, tariff
from audit.rules.partition import Adjustments, Bills, Meters, Partition, Readings, day_number, month_number
from audit.rules.registry import RULES, WAITING_FOR
from i18n import t
from tests.rules.partitions import LAST, partition, table
from tests.rules.spec import found, look

FILE = {rule.code: rule for subject in (tariff, reading, billing_checks, connection) for rule in subject.RULES}
NOTHING = np.nan
JUNE = month_number(LAST)
READ = day_number(date(2026, 7, 1))


@dataclass(frozen=True)
class Case:
    """Arguments of `partition`; see `test_energy_rules`."""

    fires: dict[str, Any]
    quiet: dict[str, Any]
    at: dict[str, Any]
    bad: dict[str, Any]
    always: dict[str, Any] = field(default_factory=dict)


def readings(previous: float = 50.0, value: float = 100.0, **more: Any) -> dict[str, Any]:
    """One closing reading of customer 0."""
    return {"readings": table(Readings, [0], previous=previous, reading=value, read_day=READ, **more)}


def registers(total: float, *parts: float, **more: Any) -> dict[str, Any]:
    """A month's steps of the total and of the period registers of customer 0."""
    names = ["total", "peak", "flat", "valley"][: 1 + len(parts)]
    return {
        "readings": table(
            Readings,
            [0] * len(names),
            register=names,
            previous=[1_000.0] * len(names),
            reading=[1_000 + step for step in (total, *parts)],
            read_day=READ,
            **more,
        )
    }


def bills(cents: list[int], kwh: list[float], loss: list[float] | None = None, **more: Any) -> dict[str, Any]:
    """Bills of customer 0, one a month, the last one of June."""
    count = len(cents)
    more.setdefault("month", [JUNE - count + 1 + number for number in range(count)])
    return {
        "bills": table(
            Bills,
            [0] * count,
            total_cents=cents,
            billed_kwh=kwh,
            loss_kwh=loss or [NOTHING] * count,
            **more,
        )
    }


def neighbours(last: list[int]) -> dict[str, Any]:
    """Thirty customers with six months of 50 cents a kWh; the last of them as given."""
    usual = [50_00] * 6
    every = [cents for number in range(30) for cents in (usual if number < 29 else last)]
    return {
        "customers": 30,
        "bills": table(
            Bills, [number for number in range(30) for _ in range(6)], month=[JUNE - 5 + m for m in range(6)] * 30,
            total_cents=every, billed_kwh=100.0,
        ),
    }  # fmt: skip


SHOP = {"category": "commercial_industrial", "scheme": "single_part", "trade_code": "52", "tariff_code": "single_part"}
PLANT = {**SHOP, "voltage": "1-10(20)kV", "trade_code": "31", "scheme": "two_part", "time_of_use": True}
OWN = {**PLANT, "district": 0}
CASES: dict[str, Case] = {
    "DJ03": Case(
        fires={"terms_capacity_kva": 400.0},
        quiet={"terms_capacity_kva": 400.0, "scheme": "two_part"},
        at={"terms_capacity_kva": 314.9},
        bad={"terms_capacity_kva": NOTHING},
        always=SHOP,
    ),
    "DJ04": Case(
        fires={"terms_capacity_kva": 60.0},
        quiet={"terms_capacity_kva": 60.0, "time_of_use": True},
        at={"terms_capacity_kva": 49.9},
        bad={"scheme": "", "terms_capacity_kva": 60.0},
        always=SHOP,
    ),
    "DJ05": Case(
        fires={"terms_capacity_kva": 200.0, "power_factor_standard": 0.85},
        quiet={"terms_capacity_kva": 200.0, "power_factor_standard": 0.90},
        at={"terms_capacity_kva": 160.0, "power_factor_standard": 0.85},
        bad={"terms_capacity_kva": NOTHING, "power_factor_standard": 0.80},
        always=PLANT,
    ),
    "DJ06": Case(
        fires={"scheme": "agricultural", "trade_code": "52"},
        quiet={"scheme": "agricultural", "trade_code": "01"},
        at={"scheme": "agricultural", "trade_code": "05"},
        bad={"scheme": "agricultural", "trade_code": ""},
    ),
    "DJ08": Case(
        fires={"contract_demand_kw": 100.0, "demand": 90.0},
        quiet={"contract_demand_kw": 300.0, "demand": 250.0},
        at={"contract_demand_kw": 160.0, "demand": 168.0},
        bad={"contract_demand_kw": NOTHING, "demand": 500.0},
        always={**PLANT, "terms_capacity_kva": 400.0, "basic_charge": "contract_demand"},
    ),
    "CH03": Case(
        fires=readings(method="manual"),
        quiet=readings(method="remote"),
        at={**readings(method="estimated"), "daily": NOTHING},
        bad={},
    ),
    "CH04": Case(
        fires=readings(500.0, 400.0),
        quiet=readings(999_950.0, 20.0, meter="M1"),
        at=readings(500.0, 500.0),
        bad=readings(NOTHING, 400.0),
        always={"meters": table(Meters, [0])},
    ),
    "CH05": Case(
        fires=registers(2_000.0, 900.0, 600.0, 480.0),
        quiet=registers(2_000.0, 900.0, 600.0, 499.0),
        at=registers(2_000.0, 900.0, 600.0, 496.0),
        bad=registers(2_000.0),
    ),
    "CH08": Case(
        fires=readings(previous_day=READ - 40),
        quiet=readings(previous_day=READ - 30),
        at=readings(previous_day=READ - 35),
        bad=readings(previous_day=-1),
    ),
    "CH09": Case(
        fires={"sold": 620.0, "meters": table(Meters, [0], multiplier=600)},
        quiet={"sold": 985.0, "meters": table(Meters, [0], multiplier=600)},
        at={"sold": 851.0, "meters": table(Meters, [0], multiplier=600)},
        bad={"sold": 620.0, "meters": table(Meters, [0], multiplier=600), "computable": False},
        always={**OWN, "supplied": 1_000.0, "district": 0},
    ),
    "CH10": Case(
        fires=bills([100] * 4, [1_000.0] * 4, [20.0, 20.0, 20.0, 0.0]),
        quiet=bills([100] * 4, [1_000.0] * 4, [20.0] * 4),
        at=bills([100] * 3, [1_000.0] * 3, [NOTHING, 20.0, 0.0]),
        bad={},
    ),
    "CH11": Case(
        fires={"adjustments": table(Adjustments, [0, 0], number=["T1", "T2"])},
        quiet={"adjustments": table(Adjustments, [0])},
        at={"adjustments": table(Adjustments, [0], total_cents=1_000_000)},
        bad={},
    ),
    "CH12": Case(
        fires=bills([100, 100], [10.0, 10.0], month=JUNE, version=[1, 2], kind="correction"),
        quiet=bills([100], [10.0]),
        at=bills([100, 100], [10.0, 10.0], month=JUNE, version=[0, 1], kind=["regular", "correction"]),
        bad={},
    ),
    "CH13": Case(
        fires=neighbours([50_00] * 5 + [75_00]),
        quiet=neighbours([75_00] * 6),
        at=neighbours([50_00] * 5 + [60_00]),
        bad=bills([50_00], [100.0]),
    ),
    "CH14": Case(
        fires=bills([100], [130.0]),
        quiet=bills([100], [150.0]),
        at=bills([100], [147.0]),
        bad={**bills([100], [130.0]), "daily": NOTHING},
    ),
    "YK04": Case(
        fires={"capacity_kva": [200.0, 200.0]},
        quiet={"capacity_kva": [200.0, 200.0], "longitude": [118.0, 118.01]},
        at={"capacity_kva": [200.0, 114.9]},
        bad={"capacity_kva": [NOTHING, 200.0]},
        always={**SHOP, "customers": 2, "phone": "13900000000", "voltage": "1-10(20)kV"},
    ),
    "YK07": Case(
        fires={"terms_capacity_kva": 250.0},
        quiet={"terms_capacity_kva": 400.0},
        at={"terms_capacity_kva": 392.1},
        bad={"terms_capacity_kva": NOTHING, "capacity_kva": NOTHING},
        always=PLANT,
    ),
    "JL10": Case(
        fires={"meters": table(Meters, [0], installed=day_number(date(2017, 1, 1)))},
        quiet={"meters": table(Meters, [0])},
        at={"meters": table(Meters, [0], installed=day_number(date(2018, 6, 30)))},
        bad={},
    ),
    "FW03": Case(
        fires={"customers": 6, "phone": "13900000000"},
        quiet={"customers": 6, "phone": [f"1390000000{number}" for number in range(6)]},
        at={"customers": 5, "phone": "13900000000"},
        bad={"customers": 6, "phone": ""},
    ),
}
DEDICATED = ("CH09", "YK07")


def made(code: str, part: dict[str, Any]) -> Partition:
    """The partition of a part of a case."""
    given_to = {**CASES[code].always, **part}
    own = given_to.pop("district", None)
    given_to.pop("district", None)
    place = {"district": {"is_dedicated": True, "capacity_kva": 400.0}} if code in DEDICATED else {}
    assert own in (None, 0)
    return partition(**given_to, **place)


def test_every_rule_on_files_has_its_case():
    assert set(CASES) == set(FILE)


@pytest.mark.parametrize("code", CASES)
def test_it_fires_on_its_case(code: str):
    given_to = made(code, CASES[code].fires)
    seen = look(code, given_to)
    assert len(seen)
    assert (seen.since <= given_to.last + 1).all()
    assert all(len(values) == len(seen) for values in seen.facts.values())


@pytest.mark.parametrize("code", CASES)
def test_it_is_quiet_on_an_ordinary_one(code: str):
    assert found(code, made(code, CASES[code].quiet)) == []
    assert look(code, made(code, CASES[code].quiet)).judged.any()


@pytest.mark.parametrize("code", CASES)
def test_at_the_threshold_it_does_not_fire(code: str):
    assert found(code, made(code, CASES[code].at)) == []


@pytest.mark.parametrize("code", CASES)
def test_what_is_missing_is_not_judged(code: str):
    seen = look(code, made(code, CASES[code].bad))
    assert seen.position.tolist() == []
    # Adjustments that aren't there are no missing data: nobody was given anything.
    assert code == "CH11" or not seen.judged[0]


def test_who_decides_what_he_asked_for_himself_is_found():
    alone = table(Adjustments, [0], asked_by="anna", decided_by="anna")
    assert found("CH11", partition(adjustments=alone)) == [0]


def test_an_adjustment_that_was_taken_back_does_not_count():
    rows = table(Adjustments, [0, 0], number=["T1", "T2"], total_cents=[-2_000_000, 2_000_000], reverses=["", "T1"])
    assert found("CH11", partition(adjustments=rows)) == []


def test_a_correction_in_a_later_month_is_found_alone():
    late = bills([100], [10.0], month=JUNE - 3, version=1, kind="correction")
    assert found("CH12", partition(**late)) == [0]


def test_a_reading_over_the_dials_end_needs_an_energy_that_fits():
    far = readings(999_950.0, 900_000.0)
    assert found("CH04", partition(meters=table(Meters, [0]), **far)) == [0]


numbers = st.sampled_from([NOTHING, 0.0, 1.0, 99.0, 5_000.0])
words = st.sampled_from(["", "52", "01", "zz"])


@pytest.mark.parametrize("code", FILE)
@settings(max_examples=8, deadline=None)
@given(st.data())
def test_any_holes_and_any_order_give_the_same_answer(code: str, data: st.DataObject):
    count = data.draw(st.integers(0, 4))
    values = [data.draw(numbers) for _ in range(count)]
    codes = [data.draw(words) for _ in range(count)]
    order = data.draw(st.permutations(range(count)))

    def made_of(sequence: Any) -> Partition:
        mine = [values[row] for row in sequence]
        rows = list(range(count))
        return partition(
            count,
            capacity_kva=mine,
            terms_capacity_kva=mine,
            contract_demand_kw=mine,
            phone="1",
            trade_code=[codes[row] for row in sequence],
            daily=mine,
            scheme="single_part",
            meters=table(Meters, rows, number=[f"M{row}" for row in sequence]),
            readings=table(Readings, rows, reading=mine, meter=[f"M{row}" for row in sequence]),
            bills=table(Bills, rows, billed_kwh=mine),
        )

    plain, mixed = look(code, made_of(range(count))), look(code, made_of(order))
    assert sorted(order[row] for row in mixed.position) == plain.position.tolist()


def test_every_type_of_the_catalogue_runs_or_says_what_it_waits_for():
    assert not set(RULES) & set(WAITING_FOR)
    assert set(RULES) | set(WAITING_FOR) == set(catalogue().by_code)
    assert all(rule.code == code for code, rule in RULES.items())
    assert len(RULES) >= 30


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_it_waits_for_has_words(language):
    assert all(t(f"rules.waiting_{data}", language) for data in WAITING_FOR.values())
