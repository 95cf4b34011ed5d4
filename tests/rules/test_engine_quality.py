"""Rules against known truth: what counts as one detection, what as right, what as found."""

from datetime import date, timedelta
from fractions import Fraction

import psycopg
import pytest

from audit.rule_quality import Episode, Planted, Quality, episodes, quality
from data_access.rule_quality import Truth, measured
from jobs.rule_quality import measure_and_store, month_ends
from tests.builders import NORTH, SOUTH, viewer
from tests.rules import engine_county as county
from tests.rules.engine_county import COUNTY, CUSTOMERS, LAST, RULES

ENDS = [date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 31)]
GRACE = timedelta(days=31)


def test_looks_in_a_row_are_one_episode_and_a_gap_ends_it() -> None:
    first, second, third = ENDS
    told = [(first, "a", date(2026, 8, 29)), (second, "a", date(2026, 9, 28)), (third, "b", third)]
    assert episodes(told, ENDS) == [Episode("a", date(2026, 8, 29), second), Episode("b", third, third)]
    apart = [(first, "a", date(2026, 8, 29)), (third, "a", date(2026, 10, 29))]
    assert len(episodes(apart, ENDS)) == 2
    overlapping = [(first, "a", date(2026, 8, 29)), (third, "a", date(2026, 8, 31))]
    assert len(episodes(overlapping, ENDS)) == 1


@pytest.mark.parametrize(
    ("started", "ended", "expected"),
    [
        (date(2026, 9, 1), date(2026, 9, 30), Quality(1, 1, 1, 1)),
        (date(2026, 9, 1), None, Quality(1, 1, 1, 1)),
        (date(2026, 8, 1), date(2026, 8, 31), Quality(1, 1, 1, 1)),
        (date(2026, 9, 5), date(2026, 9, 9), Quality(1, 1, 0, 0)),
        (date(2026, 10, 2), None, Quality(1, 0, 1, 0)),
        (date(2026, 7, 1), date(2026, 7, 31), Quality(1, 0, 0, 0)),
    ],
)
def test_an_episode_is_right_when_it_overlaps_and_a_truth_counts_when_it_could_be_seen(
    started: date, ended: date | None, expected: Quality
) -> None:
    told = [Episode("a", date(2026, 9, 2), date(2026, 9, 30))]
    assert quality(told, [Planted("a", started, ended)], ENDS, GRACE) == expected
    assert quality(told, [Planted("b", started, ended)], ENDS, GRACE).matched == 0


def test_what_another_anomaly_explains_is_counted_beside_and_not_as_right() -> None:
    told = [Episode("a", ENDS[1], ENDS[1]), Episode("b", ENDS[1], ENDS[1]), Episode("c", ENDS[1], ENDS[1])]
    there = [Planted("a", ENDS[0], None)]
    others = [Planted("a", ENDS[0], None), Planted("b", ENDS[0], None), Planted("c", ENDS[2], None)]
    assert quality(told, there, ENDS, GRACE, others) == Quality(3, 1, 1, 1, explained=1)


def test_of_a_districts_truth_all_its_customers_are_part() -> None:
    rows = [("DJ01", "c1", "d1", ENDS[0], None), ("XS01", "", "d1", ENDS[0], None), ("FQ07", "c2", "d1", ENDS[0], None)]
    truth = Truth(rows)
    assert [one.object_key for one in (*truth.of("DJ01"), *truth.of("XS01"))] == ["c1", "d1"]
    assert [one.object_key for one in truth.beside("DJ01", "customer")] == ["c2"]
    assert [one.object_key for one in truth.beside("XS01", "district")] == ["d1", "d1"]


def test_shares_are_exact_and_unknown_without_cases() -> None:
    whole = Quality(3, 2, 4, 1) + Quality(1, 1, 0, 0)
    assert (whole.precision, whole.recall) == (Fraction(3, 4), Fraction(1, 4))
    assert (Quality().precision, Quality().recall) == (None, None)


def test_month_ends_are_those_before_the_running_month() -> None:
    assert month_ends(date(2026, 11, 25), 3) == ENDS
    assert month_ends(date(2026, 3, 31), 1) == [date(2026, 2, 28)]


async def test_the_demo_is_measured_county_by_county_and_again_without_doubling(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        county.arrange(owner)
        county.use(owner, CUSTOMERS[0], date(2026, 10, 20), LAST, 50)
        county.use(owner, CUSTOMERS[1], date(2026, 10, 20), LAST, 50)
        for number, customer in (("G1", CUSTOMERS[0]), ("G2", CUSTOMERS[2])):
            owner.execute(
                "INSERT INTO demo_truth (county_code, number, anomaly_code, customer_number, started_on, org_path)"
                " VALUES (%s, %s, 'DJ01', %s, '2026-10-20', %s)", (COUNTY, number, customer, SOUTH),
            )  # fmt: skip
    monkeypatch.setattr("jobs.rule_quality.RULES", RULES)
    for _ in range(2):
        await measure_and_store(COUNTY, SOUTH, ENDS)
    known = await measured(viewer(NORTH))
    row = known["DJ01"]
    assert (row["detected"], row["matched"], row["planted"], row["found"]) == (2, 1, 2, 1)
    assert (row["first_day"], row["last_day"]) == (ENDS[0], LAST)
