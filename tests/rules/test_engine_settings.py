"""A unit sets its thresholds: with a preview of what changes, a reason, and a line in the audit log."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from data_access.parameters import BadParameter
from data_access.rule_settings import MayNotSet, preview, set_thresholds, settings_of, thresholds_at
from data_access.scope import Viewer
from tests import builders
from tests.builders import NORTH, PROVINCE, SOUTH, viewer
from tests.rules import engine_county as county
from tests.rules.engine_county import COUNTY, CUSTOMERS, LAST, RULES

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
BOSS = viewer(SOUTH, "supervisor")


@pytest.fixture(scope="module", autouse=True)
def utility(database: str) -> None:
    """Three customers at 50, 45 and 35 kWh at the end; the second and the third one's case was confirmed."""
    with psycopg.connect(database, autocommit=True) as owner:
        county.arrange(owner)
        for customer, kwh in zip(CUSTOMERS, (50, 45, 35), strict=False):
            county.use(owner, customer, date(2026, 10, 20), LAST, kwh)
        for number in (1, 2):
            builders.risk(owner, f"R{number}", state=4, detected_at=datetime(2026, 10, 9, tzinfo=UTC))
            owner.execute(
                "UPDATE risk_point SET customer_number = %s WHERE number = %s", (CUSTOMERS[number], f"R{number}")
            )


@pytest.fixture(autouse=True)
def clean(owner: psycopg.Connection) -> Iterator[None]:
    yield
    owner.execute("DELETE FROM rule_setting")


async def look(kwh: float, who: Viewer = BOSS, unit: str = COUNTY) -> dict[str, int]:
    seen = await preview(who, "DJ01", unit, {"kwh": kwh}, rules=RULES, last_day=LAST)
    names = ("before", "after", "new", "gone", "confirmed", "kept", "gained", "lost")
    return {name: getattr(seen, name) for name in names if getattr(seen, name)}


async def test_a_preview_says_what_is_more_and_less_and_what_becomes_of_confirmed_cases() -> None:
    assert await look(48) == {"before": 2, "after": 1, "gone": 1, "confirmed": 2, "lost": 1}
    assert await look(30) == {"before": 2, "after": 3, "new": 1, "confirmed": 2, "kept": 1, "gained": 1}
    assert await look(40) == {"before": 2, "after": 2, "confirmed": 2, "kept": 1}


async def test_a_preview_knows_that_a_nearer_unit_has_the_last_word() -> None:
    await set_thresholds(BOSS, "DJ01", COUNTY, {"kwh": 44}, "many complaints", now=NOW - timedelta(days=30))
    seen = await preview(viewer(PROVINCE, "admin"), "DJ01", "jibei", {"kwh": 1}, rules=RULES, last_day=LAST)
    assert (seen.before, seen.after, seen.new) == (2, 2, 0)
    assert (seen.counties_total, len(seen.counties)) == (2, 2)


async def test_a_setting_holds_from_its_day_for_its_unit_and_is_logged(owner: psycopg.Connection) -> None:
    seen = await preview(BOSS, "DJ01", COUNTY, {"kwh": 48}, rules=RULES, last_day=LAST)
    assert await set_thresholds(BOSS, "DJ01", COUNTY, {"kwh": 48}, "too many alarms", seen=seen, now=NOW) == 1
    assert await set_thresholds(BOSS, "DJ01", COUNTY, {"kwh": 46}, "still too many", now=NOW) == 2
    day = NOW.date()
    assert await thresholds_at(BOSS, "DJ01", COUNTY, day) == {"kwh": 46}
    assert await thresholds_at(BOSS, "DJ01", COUNTY, day - timedelta(days=1)) == {"kwh": 40}
    assert await thresholds_at(viewer(PROVINCE), "DJ01", "130702", day) == {"kwh": 40}
    first = (await settings_of(BOSS, "DJ01"))[-1]
    assert (first["reason"], first["preview"]["gone"], first["set_by"]) == ("too many alarms", 1, BOSS.subject)
    assert await settings_of(viewer(NORTH), "DJ01") == []
    lines = owner.execute("SELECT object_key, detail ->> 'reason', org_path::text FROM audit_log WHERE action ="
                          " 'rule.set' ORDER BY id DESC LIMIT 1").fetchone()  # fmt: skip
    assert lines == ("DJ01", "still too many", SOUTH)


@pytest.mark.parametrize("who", [viewer(SOUTH, "manager"), viewer(NORTH, "supervisor"), viewer(NORTH, "admin")])
async def test_nobody_sets_thresholds_of_another_unit_or_without_the_role(who: Viewer) -> None:
    with pytest.raises(MayNotSet):
        await look(10, who)
    with pytest.raises(MayNotSet):
        await set_thresholds(who, "DJ01", COUNTY, {"kwh": 10}, "just because", now=NOW)
    with pytest.raises(MayNotSet):
        await set_thresholds(who, "DJ01", "jibei", {"kwh": 10}, "just because", now=NOW)


@pytest.mark.parametrize(
    ("thresholds", "reason", "day"),
    [
        ({}, "a good reason", None),
        ({"percent": 3}, "a good reason", None),
        ({"kwh": "40"}, "a good reason", None),
        ({"kwh": float("nan")}, "a good reason", None),
        ({"kwh": True}, "a good reason", None),
        ({"kwh": 40}, "a good reason", None),
        ({"kwh": 41}, "  ok  ", None),
        ({"kwh": 41}, "a good reason", NOW.date() - timedelta(days=1)),
    ],
)
async def test_what_can_not_be_meant_is_refused(thresholds: dict[str, object], reason: str, day: date | None) -> None:
    with pytest.raises(BadParameter):
        await set_thresholds(BOSS, "DJ01", COUNTY, thresholds, reason, effective_from=day, now=NOW)


async def test_a_rule_that_does_not_run_has_no_preview() -> None:
    with pytest.raises(BadParameter):
        await preview(BOSS, "DJ01", COUNTY, {"kwh": 10}, rules={}, last_day=LAST)
