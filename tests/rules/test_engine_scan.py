"""A scan of a real county: points with reasons, once each; later data confirms and clears; decisions stand."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from data_access import risk_findings, risk_runs, rule_confidence
from data_access.parameters import BadParameter
from data_access.risk_runs import MayNotScan, queue_nightly, queue_run, run_progress
from jobs.risk_scan import RulesFailed, scan
from jobs.worker import run_worker
from tests import builders
from tests.builders import NORTH, PROVINCE, SOUTH, SOUTH_STATION, viewer
from tests.rules import engine_county as county
from tests.rules.engine_county import COUNTY, DISTRICT, HEAVY, LAST, RULES, SHOP, points

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
DJ, LOSS = f"R261031-DJ01-{HEAVY}", f"R261031-JL01-{DISTRICT}"


@pytest.fixture(scope="module", autouse=True)
def utility(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        county.arrange(owner)


@pytest.fixture(autouse=True)
def clean(owner: psycopg.Connection) -> Iterator[None]:
    """Everybody at 10 kWh a day, the district at 3 % loss; no points, runs, jobs."""
    yield
    for table in ("procrastinate_events", "procrastinate_jobs", "risk_point", "risk_run", "problem", "rule_confidence",
                  "audit_ticket", "rule_setting"):  # fmt: skip
        owner.execute(f"DELETE FROM {table}")
    owner.execute("UPDATE usage_month SET daily_kwh = array_fill(1000, ARRAY[cardinality(daily_kwh)])")
    owner.execute("UPDATE district_energy SET supplied_kwh = 62, sold_kwh = 60")
    owner.execute("SELECT refresh_risk_chunks()")


async def look(day: date = LAST, rules: object = RULES) -> int:
    """One run; its number."""
    number = await risk_runs.make_run(COUNTY, "day", day, "test")
    await scan(COUNTY, number, rules)  # type: ignore[arg-type]
    return number


def faulty(owner: psycopg.Connection) -> None:
    county.use(owner, HEAVY, date(2026, 10, 20), LAST, 50)
    county.district_day(owner, LAST, "100", "60")


async def test_a_scan_makes_points_with_their_reasons(owner: psycopg.Connection) -> None:
    faulty(owner)
    builders_problem(owner)
    number = await look()
    row = owner.execute("SELECT * FROM risk_point WHERE number = %s", (DJ,)).fetchone()
    assert row is not None
    found = dict(zip([column.name for column in owner.execute("SELECT * FROM risk_point LIMIT 0").description or ()],
                     row, strict=True))  # fmt: skip
    assert found["facts"] == {"numbers": {"mean_kwh": 50.0}, "thresholds": {"kwh": 40.0}}
    assert (found["customer_number"], found["district_code"], found["station_code"]) == (HEAVY, DISTRICT, "13020201")
    assert (found["state"], found["run_id"], str(found["since_on"])) == (0, number, "2026-10-29")
    assert (str(found["energy_kwh"]), str(found["exposure_yuan"])) == ("150.00", "78.00"), "at 0.52 yuan a kWh"
    assert {name: part["points"] for name, part in found["score_parts"].items()} == {
        "severity": "28.0", "exposure": "0.0", "repeats": "5.0", "confidence": "5.0", "overdue": "0.0",
    }  # fmt: skip
    loss = owner.execute("SELECT exposure_yuan::text, customer_number FROM risk_point WHERE number = %s", (LOSS,))
    assert loss.fetchone() == ("1234.56", None), "the rule knew the money itself"
    assert owner.execute("SELECT sum(count) FROM risk_chunk").fetchone() == (2,), "the map has them"


def builders_problem(owner: psycopg.Connection) -> None:
    """A confirmed problem of the same type at the same customer, this year."""
    owner.execute(
        "INSERT INTO problem (county_code, number, ticket_number, anomaly_code, customer_number, cause,"
        " responsible_unit, level, found_at, org_path)"
        " VALUES (%s, 'P1', 'T1', 'DJ01', %s, 'theft', '13020201', 2, '2026-05-01', %s)",
        (COUNTY, HEAVY, SOUTH_STATION),
    )


async def test_the_same_data_twice_and_rules_in_another_order_leave_the_same_points(owner: psycopg.Connection) -> None:
    faulty(owner)
    await look()
    first, feed = points(owner), owner.execute("SELECT count(*) FROM change_feed").fetchone()
    await look(rules=dict(reversed(RULES.items())))
    assert points(owner) == first and len(first) == 2
    assert owner.execute("SELECT count(*) FROM change_feed").fetchone() == feed, "nothing to tell"
    owner.execute("DELETE FROM risk_point")
    await look(rules={"JL01": RULES["JL01"]})
    await look(rules={"DJ01": RULES["DJ01"]})
    assert points(owner) == first


async def test_a_later_day_confirms_or_clears_and_a_missing_reading_does_neither(owner: psycopg.Connection) -> None:
    county.use(owner, HEAVY, date(2026, 10, 20), LAST, 50)
    county.use(owner, SHOP, date(2026, 10, 20), date(2026, 10, 29), 50)
    county.use(owner, county.CUSTOMERS[2], date(2026, 10, 20), date(2026, 10, 29), 50)
    county.use(owner, county.CUSTOMERS[2], date(2026, 10, 30), LAST, None)
    await look(LAST - timedelta(days=2))
    await look()
    states = {row[0]: row[1] for row in points(owner)}
    assert states == {
        f"R261029-DJ01-{HEAVY}": 1, f"R261029-DJ01-{SHOP}": 2, f"R261029-DJ01-{county.CUSTOMERS[2]}": 0,
    }  # fmt: skip
    await look(LAST - timedelta(days=2))
    assert {row[0]: row[1] for row in points(owner)} == states, "an older day undoes nothing"


async def test_points_from_elsewhere_are_taken_over_and_rejected_ones_stay(owner: psycopg.Connection) -> None:
    faulty(owner)
    for number, customer, state, ended in (("R2026-000001", HEAVY, 0, None), ("R2026-000002", SHOP, 5, LAST)):
        builders.risk(owner, number, state=state, detected_at=datetime(2026, 10, 25, tzinfo=UTC))
        owner.execute(
            "UPDATE risk_point SET customer_number = %s, cleared_at = %s WHERE number = %s", (customer, ended, number)
        )
    county.use(owner, SHOP, date(2026, 10, 20), LAST, 50)
    await look(rules={"DJ01": RULES["DJ01"]})
    assert [row[:2] for row in points(owner)] == [("R2026-000001", 1), ("R2026-000002", 5)]


async def test_an_interrupted_run_goes_on_with_the_rules_that_are_left(
    owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty(owner)
    real = risk_findings._write

    async def broken(connection: object, plan: object, result: risk_findings.RuleResult, *rest: object) -> object:
        written = await real(connection, plan, result, *rest)  # type: ignore[arg-type]
        if result.code == "JL01":
            raise asyncio.CancelledError
        return written

    number = await risk_runs.make_run(COUNTY, "day", LAST, "test")
    with monkeypatch.context() as patch:
        patch.setattr(risk_findings, "_write", broken)
        with pytest.raises(asyncio.CancelledError):
            await scan(COUNTY, number, RULES)
    state = "SELECT state, rules_done, points_new FROM risk_run"
    assert owner.execute(state).fetchone() == ("running", ["DJ01"], 1), "the broken rule left nothing"
    await scan(COUNTY, number, RULES)
    assert owner.execute(state).fetchone() == ("done", ["DJ01", "JL01"], 2)
    assert len(points(owner)) == 2


async def test_a_rule_that_fails_does_not_keep_the_others_from_running(owner: psycopg.Connection) -> None:
    faulty(owner)

    def broken(*_: object) -> object:
        raise ZeroDivisionError

    with pytest.raises(RulesFailed):
        await look(rules={**RULES, "DJ01": replace(RULES["DJ01"], look=broken)})
    assert [row[0] for row in points(owner)] == [LOSS]
    run = owner.execute("SELECT state, error_code, error_reference IS NOT NULL FROM risk_run").fetchone()
    assert run == ("failed", "rules_engine.error_rules", True)


async def test_a_unit_may_set_its_own_threshold(owner: psycopg.Connection) -> None:
    faulty(owner)
    owner.execute(
        "INSERT INTO rule_setting (anomaly_code, org_path, version, effective_from, thresholds, reason, set_by) VALUES"
        " ('DJ01', 'jibei', 1, '2026-01-01', '{\"kwh\": 60}', 'r', 't'),"
        " ('DJ01', 'jibei.1307', 1, '2026-01-01', '{\"kwh\": 1}', 'r', 't'),"
        " ('JL01', 'jibei.1302', 1, '2026-11-01', '{\"percent\": 90}', 'r', 't')"
    )
    await look()
    assert [row[0] for row in points(owner)] == [LOSS], "the province's holds, the city's not yet, the other city's not"
    owner.execute(
        "INSERT INTO rule_setting (anomaly_code, org_path, version, effective_from, thresholds, reason, set_by) VALUES"
        " ('DJ01', %s, 1, '2026-01-01', '{\"kwh\": 45}', 'r', 't')",
        (SOUTH,),
    )
    await look()
    facts = owner.execute("SELECT facts -> 'thresholds' FROM risk_point WHERE number = %s", (DJ,)).fetchone()
    assert facts == ({"kwh": 45.0},), "the nearest unit has the last word"


async def test_results_on_site_feed_the_confidence_of_the_nearest_unit(owner: psycopg.Connection) -> None:
    faulty(owner)
    for number in range(12):
        builders.ticket(owner, f"T{number}", status=90, finding="true" if number < 9 else "false")
    owner.execute("UPDATE audit_ticket SET found_at = now()")
    await rule_confidence.refresh(datetime.now(UTC).date())
    known = await rule_confidence.confidences_for(viewer(SOUTH))
    assert {(path, one.visited, one.confirmed) for (_, path), one in known.items()} == {
        ("jibei", 12, 9), ("jibei.1302", 12, 9), (SOUTH, 12, 9),
    }  # fmt: skip
    low, high = known["DJ01", SOUTH].interval or (0, 0)
    assert 0.46 < low < 0.75 < high < 0.92
    assert await rule_confidence.confidences_for(viewer(NORTH)) == {("DJ01", "jibei"): known["DJ01", "jibei"]}
    await look()
    part = owner.execute("SELECT score_parts -> 'confidence' ->> 'points' FROM risk_point WHERE number = %s", (DJ,))
    assert part.fetchone() == ("7.5",)


async def test_a_run_is_queued_by_who_may_and_done_by_the_worker(owner: psycopg.Connection) -> None:
    with pytest.raises(MayNotScan):
        await queue_run(viewer(SOUTH, "manager"), COUNTY, "day", LAST, now=NOW)
    with pytest.raises(MayNotScan):
        await queue_run(viewer(NORTH, "supervisor"), COUNTY, "day", LAST, now=NOW)
    with pytest.raises(LookupError):
        await queue_run(viewer(PROVINCE, "admin"), "999999", "day", LAST, now=NOW)
    with pytest.raises(BadParameter):
        await queue_run(viewer(PROVINCE, "admin"), COUNTY, "day", NOW.date() + timedelta(days=1), now=NOW)
    number = await queue_run(viewer(SOUTH, "supervisor"), COUNTY, "month", date(2026, 10, 1), now=NOW)
    again = await queue_run(viewer(PROVINCE, "admin"), COUNTY, "month", date(2026, 10, 9), now=NOW)
    assert again == number, "it waits already"
    await run_worker(wait=False)
    progress = await run_progress(viewer(SOUTH))
    assert [(row["last_day"], row["done"], row["customers"]) for row in progress["days"]] == [(LAST, 1, 6)]
    assert (await run_progress(viewer(NORTH)))["days"] == []


async def test_the_night_queues_the_newest_day_with_readings_once(owner: psycopg.Connection) -> None:
    assert await queue_nightly(NOW) == 1, "one of two counties has readings"
    assert owner.execute("SELECT county_code, last_day, kind FROM risk_run").fetchone() == (COUNTY, LAST, "day")
    assert await queue_nightly(NOW) == 0
