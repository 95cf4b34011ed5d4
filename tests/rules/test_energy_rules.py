"""Specifications of the rules on energy: each fires on its case, not on an ordinary one, not at the threshold, and
judges nothing that it can't.

A case names what the partition is made of; `at` is the same case exactly on the threshold, `bad` one whose data is
missing or makes no sense.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.rules import consumption, generation, line_loss, metering, theft
from audit.rules.partition import DAILY_DAYS, Partition
from audit.rules.registry import RULES
from tests.rules.partitions import partition
from tests.rules.spec import found, look, thresholds

ENERGY = {
    rule.code: rule
    for subject in (consumption, theft, metering, line_loss, generation)
    for rule in subject.RULES
}  # fmt: skip
NOTHING = np.nan
WAVE = np.sin(np.arange(DAILY_DAYS) * 0.9)


@dataclass(frozen=True)
class Case:
    """Arguments of `partition` for what must fire, must not, lies on the threshold (does not), and can't be judged."""

    fires: dict[str, Any]
    quiet: dict[str, Any]
    at: dict[str, Any]
    bad: dict[str, Any]
    since_days_ago: int | None = None
    """How many days before the last one the finding begins, where the case says so."""
    always: dict[str, Any] = field(default_factory=dict)


def steps(*parts: tuple[int, float]) -> list[float]:
    """Days of one level after another, to the last day."""
    return [level for days, level in parts for _ in range(days)]


def after(days: int, before: Any, now: Any) -> Any:
    """Daily values that change `days` before the end."""
    there = np.arange(DAILY_DAYS) >= DAILY_DAYS - days
    return np.where(there, now, before)


FARM = {"category": "agricultural", "tariff_code": "agricultural", "scheme": "agricultural", "capacity_kva": 10.0}
PANELS = {"customers": 8, "solar_kw": 10.0}
LOSS = {"customers": 0, "sold": 1_000.0}
SEALED = DAILY_DAYS
CASES: dict[str, Case] = {
    "DJ01": Case(
        fires={"monthly": [[300.0, 1_400.0, 1_300.0]]},
        quiet={"monthly": [[1_400.0, 300.0, 1_300.0]]},
        at={"monthly": [[1_000.0, 1_000.0, 1_000.0]]},
        bad={"monthly": [[NOTHING, 1_300.0, NOTHING]]},
        since_days_ago=60,
    ),
    "DJ02": Case(
        fires={"daily": 90.0},
        quiet={"daily": [60 + 55 * WAVE]},
        at={"daily": 0.2 * 240},
        bad={"daily": NOTHING},
        always=FARM,
    ),
    "DJ11": Case(
        fires={"monthly": 210.0},
        quiet={"monthly": [[*[200.0] * 21, 600.0, 600.0, 600.0, 200.0, 200.0]]},
        at={"monthly": [[*[200.0] * 22, 240.0, 240.0, 240.0, 200.0]]},
        bad={"monthly": 0.0},
        always={"tariff_code": "heating_time_of_use", "last_day": date(2026, 3, 31)},
    ),
    "CH01": Case(
        fires={"daily": [after(30, 10.0, 25.0)]},
        quiet={"daily": [after(30, 10.0, 14.0)]},
        at={"daily": [after(30, 10.0, 20.0)]},
        bad={"daily": [after(30, NOTHING, 25.0)]},
        since_days_ago=29,
        always={"monthly": 300.0},
    ),
    "CH02": Case(
        fires={"monthly": [[120.0, 0.0, 0.0, 0.0]]},
        quiet={"monthly": [[0.0, 0.0, 0.0, 1.0]]},
        at={"monthly": [[120.0, 120.0, 0.0, 0.0]]},
        bad={"monthly": [[120.0, 0.0, NOTHING, 0.0]]},
        since_days_ago=90,
    ),
    "CH07": Case(
        fires={"daily": 8 * 24 * 1.2},
        quiet={"daily": 60.0},
        at={"daily": float(np.float32(8 * 24 * 1.05) - 0.001)},
        bad={"daily": 500.0, "capacity_kva": NOTHING},
    ),
    "FQ01": Case(
        fires={"demand": 110.0, "daily": 1_600.0},
        quiet={"demand": 110.0, "daily": 900.0},
        at={"demand": 105.0, "daily": 1_600.0},
        bad={"demand": NOTHING, "daily": 1_600.0},
        always={"capacity_kva": 100.0},
    ),
    "FQ02": Case(
        fires={"daily": 3.0},
        quiet={"daily": [after(20, 3.0, 0.0)]},
        at={"daily": 0.0},
        bad={"daily": NOTHING},
        since_days_ago=19,
        always={"suspended_from": 20_634 - 19},
    ),
    "FQ05": Case(
        fires={
            "daily": [after(20, 200.0, 80.0) * (1 + 0.03 * WAVE)],
            "supplied": [1_030 + 5 * WAVE],
            "sold": [after(20, 1_000.0, 880.0)],
        },
        quiet={
            "daily": [after(20, 200.0, 80.0) * (1 + 0.03 * WAVE)],
            "supplied": [after(20, 1_030.0, 910.0) + 5 * WAVE],
            "sold": [after(20, 1_000.0, 880.0)],
        },
        at={
            "daily": [after(20, 200.0, 150.0) * (1 + 0.03 * WAVE)],
            "supplied": [1_030 + 5 * WAVE],
            "sold": [after(20, 1_000.0, 950.0)],
        },
        bad={"daily": [after(20, 200.0, 80.0)], "computable": False},
        since_days_ago=19,
        always={"capacity_kva": 30.0, "category": "commercial_industrial"},
    ),
    "FQ07": Case(
        fires={"daily": [after(30, 5.0, 60.0)]},
        quiet={"daily": [60 + 40 * WAVE]},
        at={"daily": float(np.float32(0.2 * 8 * 24) - 0.001)},
        bad={"daily": NOTHING},
        since_days_ago=29,
    ),
    "FQ08": Case(
        fires={"monthly": [[*[9_000.0] * 24, 4_000.0, 4_000.0]], "reactive": [[*[3_000.0] * 24, 9_000.0, 9_000.0]]},
        quiet={"monthly": [[*[9_000.0] * 24, 4_000.0, 4_000.0]], "reactive": [[*[3_000.0] * 24, 1_500.0, 1_500.0]]},
        at={"monthly": [[*[9_000.0] * 24, 7_200.0, 7_200.0]], "reactive": [[*[3_000.0] * 24, 9_000.0, 9_000.0]]},
        bad={"monthly": 9_000.0, "reactive": NOTHING},
    ),
    "JL05": Case(
        fires={"fed_in": {0: after(5, 0.0, 6.0)}},
        quiet={"fed_in": {0: after(5, 0.0, 6.0)}, "solar_kw": 10.0},
        at={"fed_in": {0: 1.0}},
        bad={"fed_in": {0: NOTHING}},
        since_days_ago=4,
    ),
    "JL06": Case(
        fires={"daily": [after(10, 20.0, 0.0)], "sold": [after(10, 1_000.0, 980.0)]},
        quiet={"daily": [after(10, 20.0, 0.0)], "sold": 1_000.0},
        at={"daily": [after(2, 20.0, 0.0)], "sold": [after(2, 1_000.0, 980.0)]},
        bad={"daily": 0.0},
        since_days_ago=9,
    ),
    "JL07": Case(
        fires={"daily": 8 * 24 * 2.5},
        quiet={"daily": [after(20, 5.0, 20.0)]},
        at={"daily": float(8 * 24 * 2)},
        bad={"daily": NOTHING},
    ),
    "JL11": Case(
        fires={"supplied": [1_100 + 40 * WAVE, 950 - 40 * WAVE]},
        quiet={"supplied": [1_100 + 40 * WAVE, 1_100 - 40 * WAVE]},
        at={"supplied": [1_100 + 40 * WAVE, 950 + 40 * WAVE]},
        bad={"supplied": [1_100 + 40 * WAVE, 950 - 40 * WAVE], "meters_read": 50},
        since_days_ago=13,
        always={"customers": 0, "districts": 2, "sold": 1_000.0},
    ),
    "JL12": Case(
        fires={"daily": [after(9, 5.0, NOTHING)]},
        quiet={"daily": [steps((10, NOTHING), (82, 5.0))]},
        at={"daily": [after(6, 5.0, NOTHING)]},
        bad={"daily": NOTHING, "opened": 20_630},
        since_days_ago=8,
    ),
    "XS01": Case(
        fires={"supplied": [after(4, 1_030.0, 1_150.0)]},
        quiet={"supplied": [steps((40, 1_150.0), (52, 1_030.0))]},
        at={"supplied": [after(2, 1_030.0, 1_150.0)]},
        bad={"supplied": 1_150.0, "meters_read": 97},
        since_days_ago=3,
        always=LOSS,
    ),
    "XS02": Case(
        fires={"supplied": [after(3, 1_030.0, 960.0)]},
        quiet={"supplied": 1_005.0},
        at={"supplied": [after(2, 1_030.0, 960.0)]},
        bad={"supplied": 960.0, "computable": False},
        since_days_ago=2,
        always=LOSS,
    ),
    "XS03": Case(
        fires={"supplied": [np.where(np.arange(DAILY_DAYS) % 2, 1_030.0, 1_120.0)]},
        quiet={"supplied": [1_030 + 8 * WAVE]},
        at={"supplied": [after(5, 1_030.0, [1_120.0, 1_030.0] * 46)]},
        bad={"supplied": [np.where(np.arange(DAILY_DAYS) % 2, 1_030.0, 1_120.0)], "meters_read": 10},
        always=LOSS,
    ),
    "XS04": Case(
        fires={"computable": [after(4, True, False)]},
        quiet={"computable": [after(40, False, True)]},
        at={"computable": [after(2, True, False)]},
        bad={"computable": False, "meters_of_day": 0},
        since_days_ago=3,
        always=LOSS,
    ),
    "XS05": Case(
        fires={"supplied": 30.0, "sold": 29.0},
        quiet={"supplied": 60.0, "sold": 58.0},
        at={"supplied": 50.0, "sold": 49.0},
        bad={"supplied": NOTHING, "sold": 29.0},
        always={"customers": 0},
    ),
    "XS06": Case(
        fires={"supplied": [after(12, 1_030.0, 1_180.0)]},
        quiet={"supplied": 1_180.0},
        at={"supplied": [after(6, 1_030.0, 1_180.0)]},
        bad={"supplied": [after(12, NOTHING, 1_180.0)]},
        since_days_ago=11,
        always=LOSS,
    ),
    "XX01": Case(
        fires={"fed_in": {0: after(5, 30.0, 90.0)}},
        quiet={"fed_in": {0: after(2, 30.0, 90.0)}},
        at={"fed_in": {0: 80.0}},
        bad={"fed_in": {0: 90.0}, "solar_kw": NOTHING},
        always={"solar_kw": 10.0},
    ),
    "XX02": Case(
        fires={"fed_in": {0: after(14, 30.0, 60.0), **dict.fromkeys(range(1, 8), 30 + 10 * WAVE)}},
        quiet={"fed_in": {row: after(14, 30.0, 60.0) for row in range(8)}},
        at={"fed_in": {0: after(14, 30.0, 40.5), **dict.fromkeys(range(1, 8), 30.0)}},
        bad={"fed_in": {0: after(14, 30.0, 60.0), 1: 30.0}},
        always=PANELS,
    ),
}


def made(case: Case, part: dict[str, Any]) -> Partition:
    """The partition of a part of a case."""
    return partition(**{**case.always, **part})


def test_every_rule_on_energy_has_its_case():
    assert set(CASES) == set(ENERGY)


@pytest.mark.parametrize("code", CASES)
def test_it_fires_on_its_case_and_says_since_when(code: str):
    case = CASES[code]
    given_to = made(case, case.fires)
    seen = look(code, given_to)
    assert 0 in seen.position.tolist()
    if case.since_days_ago is not None:
        # A month's rule begins with a month: a day more or less by the month's length.
        off = abs(given_to.last - case.since_days_ago - int(seen.since[0]))
        assert off <= (2 if case.since_days_ago in (60, 90) else 0)
    assert all(len(values) == len(seen) and np.isfinite(values).any() for values in seen.facts.values())
    assert (seen.energy_kwh >= 0).all()


@pytest.mark.parametrize("code", CASES)
def test_it_is_quiet_on_an_ordinary_one(code: str):
    case = CASES[code]
    assert found(code, made(case, case.quiet)) == []
    assert look(code, made(case, case.quiet)).judged.any(), "quiet because it looked, not because it couldn't"


@pytest.mark.parametrize("code", CASES)
def test_at_the_threshold_it_does_not_fire(code: str):
    case = CASES[code]
    assert found(code, made(case, case.at)) == []


@pytest.mark.parametrize("code", CASES)
def test_what_is_missing_is_not_judged(code: str):
    case = CASES[code]
    seen = look(code, made(case, case.bad))
    assert seen.position.tolist() == []
    assert not seen.judged[0], "nothing is known: an open point must not be cleared by it"


def test_a_farm_is_not_held_against_homes():
    assert found("DJ01", partition(monthly=2_000.0, category="agricultural")) == []


def test_a_jump_that_everybody_made_is_the_weather():
    everybody = [after(30, 10.0, 25.0)] * 30
    assert found("CH01", partition(30, daily=everybody, monthly=300.0)) == []


def test_a_meter_that_counts_what_nobody_supplied_runs_away():
    leap = {"daily": [after(20, 5.0, 25.0)], "supplied": 1_030.0, "sold": [after(20, 1_000.0, 1_020.0)]}
    assert found("JL07", partition(**leap)) == [0]


@pytest.mark.parametrize("code", ENERGY)
def test_the_thresholds_are_the_catalogues(code: str):
    known = thresholds(code)
    RULES[code].look(partition(2), known)


cells = st.sampled_from([NOTHING, 0.0, 0.5, 3.0, 20.0, 500.0])


@pytest.mark.parametrize("code", ENERGY)
@settings(max_examples=10, deadline=None)
@given(st.data())
def test_any_holes_and_any_order_give_the_same_answer(code: str, data: st.DataObject):
    count = data.draw(st.integers(0, 5))
    rows = [data.draw(st.lists(cells, min_size=3, max_size=40)) for _ in range(count)]
    order = data.draw(st.permutations(range(count)))

    def made_of(sequence: Any) -> Partition:
        mine = [rows[row] for row in sequence]
        return partition(
            count, daily=mine, monthly=mine, demand=mine, reactive=mine,
            fed_in=dict(enumerate(mine)), solar_kw=[float(row + 1) for row in sequence], districts=2,
            supplied=[[1_100.0, NOTHING, 900.0], [0.0, 1_000.0]], district={"longitude": [118.0, 118.001]},
        )  # fmt: skip

    plain, mixed = look(code, made_of(range(count))), look(code, made_of(order))
    if ENERGY[code].of == "district":
        assert plain.position.tolist() == mixed.position.tolist()
    else:
        assert sorted(order[row] for row in mixed.position) == plain.position.tolist()
