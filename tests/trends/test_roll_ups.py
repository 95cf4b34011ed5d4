"""The roll-ups say what a count of the raw rows says: after any changes, any filter, for viewers of every level."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from audit.trend_figures import NOTHING, TrendFigures
from data_access import roll_ups
from data_access.engine import counting_statements, reading
from data_access.months import month_back
from data_access.trend_filter import TrendFilter, preset
from data_access.trends import BELOW, OWN, Trends, trends
from settings import DISPLAY_ZONE
from tests import builders
from tests.builders import KINDS, viewer
from tests.trends import arrange
from tests.trends.arrange import PATHS, RUNNING, STATIONS

pytestmark = pytest.mark.usefixtures("database")
ZERO = Decimal(0)


@pytest.fixture(scope="module", autouse=True)
def utility(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as owner:
        arrange.units(owner)
        builders.catalogue(owner)


# What may happen.
FIRST = datetime(2023, 9, 1, tzinfo=DISPLAY_ZONE)
moments = st.integers(0, 40 * 30 * 24 * 2).map(lambda half_hours: FIRST + timedelta(minutes=30 * half_hours))
maybe = st.one_of(st.none(), moments)
amounts = st.one_of(st.none(), st.decimals(-1000, 100_000, places=2))
numbers = st.integers(0, 30)
paths, kinds, levels = st.sampled_from(STATIONS), st.sampled_from(KINDS), st.integers(1, 4)
points = st.fixed_dictionaries(
    {
        "path": paths, "kind": kinds, "level": levels, "state": st.integers(0, 5), "score": st.integers(0, 100),
        "yuan": st.decimals(0, 100_000, places=2), "at": moments,
    }
)  # fmt: skip
tickets = st.fixed_dictionaries(
    {
        "path": paths, "kind": kinds, "level": levels, "status": st.sampled_from([30, 50, 70, 80, 90, 95]),
        "finding": st.sampled_from([None, "true", "false", "unable"]), "opened": moments, "due": moments,
        "closed": maybe, "found": maybe, "yuan": amounts,
    }
)  # fmt: skip
few = st.integers(0, 6)
steps = st.one_of(
    st.tuples(st.just("points"), st.lists(points, min_size=1, max_size=8)),
    st.tuples(st.just("tickets"), st.lists(tickets, min_size=1, max_size=8)),
    st.tuples(st.just("change point"), few, st.fixed_dictionaries({}, optional={
        "level": levels, "state": st.integers(0, 5), "exposure_yuan": st.decimals(0, 9999, places=2),
        "anomaly_code": kinds, "detected_at": moments, "move": paths})),
    st.tuples(st.just("change ticket"), few, st.fixed_dictionaries({}, optional={
        "level": levels, "status": st.sampled_from([50, 90, 95]), "finding": st.sampled_from([None, "true", "false"]),
        "closed_at": maybe, "recovered_yuan": amounts, "move": paths})),
    st.tuples(st.just("delete"), st.sampled_from(["risk_point", "audit_ticket"]), few),
    st.just(("fold",)),
)  # fmt: skip


def apply(owner: psycopg.Connection, step: tuple[Any, ...], place: int) -> None:
    match step:
        case ("points" | "tickets") as what, rows:
            numbered = [{**row, "number": f"N{place}-{n}"} for n, row in enumerate(rows)]
            getattr(arrange, what)(owner, numbered)
        case ("change point" | "change ticket") as what, remainder, values:
            table = "risk_point" if what == "change point" else "audit_ticket"
            changes = {name: value for name, value in values.items() if name != "move"} or {"level": 1}
            if "move" in values:
                changes |= {"org_path": values["move"], "county_code": values["move"].split(".")[2]}
            names = ", ".join(f"{name} = %({name})s" for name in changes)
            owner.execute(
                f"UPDATE {table} SET {names} WHERE abs(hashtext(number)) %% 7 = %(remainder)s",
                {**changes, "remainder": remainder},
            )
        case "delete", table, remainder:
            owner.execute(f"DELETE FROM {table} WHERE abs(hashtext(number)) %% 7 = %s", (remainder,))
        case _:
            owner.execute("SELECT fold_roll_ups()")


# What a look at the raw rows says.
def month_of(moment: datetime | None) -> date | None:
    return moment and moment.astimezone(DISPLAY_ZONE).date().replace(day=1)


def of_point(row: Mapping[str, Any]) -> Iterable[tuple[date | None, TrendFigures]]:
    state = row["state"]
    yield (
        month_of(row["detected_at"]),
        TrendFigures(
            points=1, open_points=state in (0, 1, 3), confirmed_points=state == 4, rejected_points=state == 5,
            cleared_points=state == 2, exposure_yuan=row["exposure_yuan"], score=row["score"],
        ),
    )  # fmt: skip


def of_ticket(row: Mapping[str, Any]) -> Iterable[tuple[date | None, TrendFigures]]:
    yield month_of(row["opened_at"]), TrendFigures(opened=1)
    is_void = row["status"] == 95
    confirmed = row["finding"] == "true" and not is_void
    if row["closed_at"] and is_void:
        yield month_of(row["closed_at"]), TrendFigures(void=1)
    elif row["closed_at"]:
        yield (
            month_of(row["closed_at"]),
            TrendFigures(
                closed=1, in_time=row["closed_at"] <= row["due_at"], checked=row["finding"] is not None,
                confirmed=confirmed, recovered_kwh=row["recovered_kwh"] or ZERO,
                recovered_yuan=row["recovered_yuan"] or ZERO, breach_yuan=row["breach_yuan"] or ZERO,
            ),
        )  # fmt: skip
    if confirmed:
        found = row["found_at"] or row["closed_at"] or row["opened_at"]
        yield month_of(found), TrendFigures(problems=1, rectified=row["status"] == 90)


async def raw(who: Any, chosen: TrendFilter, unit: str) -> dict[str, dict[Any, TrendFigures]]:
    """The same figures counted over every row in the viewer's sight."""
    async with reading(who) as connection:
        rows = [
            (row, parts)
            for table, parts in (("risk_point", of_point), ("audit_ticket", of_ticket))
            for row in (
                await connection.execute(text(f"SELECT *, org_path::text AS path FROM {table}"))
            ).mappings()
        ]  # fmt: skip
    found: dict[str, dict[Any, TrendFigures]] = {"level": defaultdict(TrendFigures), "kind": defaultdict(TrendFigures),
                                                "unit": defaultdict(TrendFigures)}  # fmt: skip
    for row, parts in rows:
        labels = row["path"].split(".")
        if unit not in labels or (chosen.anomalies and row["anomaly_code"] not in chosen.anomalies):
            continue
        if (chosen.business and row["anomaly_code"][:2] not in chosen.business) or (
            chosen.levels and row["level"] not in chosen.levels
        ):
            continue
        for month, figures in parts(row):
            if month is None or not chosen.first <= month <= chosen.running:
                continue
            found["level"][month, row["level"]] += figures
            if month in chosen.now or month in chosen.before:
                found["kind"][row["anomaly_code"], month] += figures
            below = labels[labels.index(unit) + 1 :]
            if below:
                found["unit"][below[0], month] += figures
    return found


def same(figures: Mapping[Any, TrendFigures], counted: Mapping[Any, TrendFigures]) -> None:
    """What is nothing may be missing on either side."""
    for key in {*figures, *counted}:
        assert figures.get(key, NOTHING) == counted.get(key, NOTHING), key


async def agrees(who: Any, chosen: TrendFilter) -> Trends:
    found = await trends(who, chosen)
    assert found is not None
    counted = await raw(who, chosen, found.unit["code"])
    same(found.by_level, counted["level"])
    same(found.by_kind, counted["kind"])
    same(found.by_unit, counted["unit"])
    return found


def chosen_of(**values: Any) -> TrendFilter:
    now, before = preset(values.pop("preset", "quarter_year_ago"), RUNNING)
    return TrendFilter(running=RUNNING, now=now, before=before, **values)


filters = st.builds(
    chosen_of,
    anomalies=st.frozensets(kinds, max_size=2),
    business=st.sampled_from([frozenset(), frozenset({"DJ"}), frozenset({"CH", "JL"})]),
    levels=st.frozensets(levels, max_size=3),
    preset=st.sampled_from(["quarter_year_ago", "quarter", "half", "year"]),
)


@given(history=st.lists(steps, min_size=3, max_size=9), looks=st.lists(
    st.tuples(st.sampled_from(PATHS), st.integers(0, 3), filters), min_size=2, max_size=4))  # fmt: skip
@settings(
    max_examples=60, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
async def test_after_any_changes_any_filter_counts_what_the_raw_rows_say(owner, history, looks):
    """Seen from any unit, folded or not. Each history starts by deleting the one before."""
    owner.execute("DELETE FROM risk_point")
    owner.execute("DELETE FROM audit_ticket")
    for place, step in enumerate(history):
        apply(owner, step, place)
    for path, deeper, chosen in looks:
        below = [other for other in PATHS if other == path or other.startswith(f"{path}.")]
        unit = below[deeper % len(below)].rsplit(".", 1)[-1]
        await agrees(viewer(path), TrendFilter(**{**_values(chosen), "unit": unit}))


def _values(chosen: TrendFilter) -> dict[str, Any]:
    return {name: getattr(chosen, name) for name in TrendFilter.__dataclass_fields__}


def one_point(number: str, **more: Any) -> dict[str, Any]:
    at = datetime(2026, 10, 31, 17, tzinfo=DISPLAY_ZONE)
    usual = {"path": STATIONS[0], "kind": "DJ01", "level": 1, "state": 0, "score": 60, "yuan": 10, "at": at}
    return {"number": number, **usual, **more}


async def test_a_unit_is_read_in_seven_statements_and_one_above_the_own_shows_the_own_part():
    async with counting_statements() as statements:
        found = await trends(viewer("jibei.1302"), chosen_of(unit="1302"))
    assert found is not None and len(statements) == 7 and not found.is_partial
    assert [one["code"] for one in found.below] == ["130202", "130203"]
    assert [one["code"] for one in found.units] == ["jibei", "1302"]
    async with counting_statements() as statements:
        above = await trends(viewer("jibei.1302"), chosen_of(unit="jibei"))
    assert len(statements) == 8
    assert above is not None and above.is_partial and above.unit["code"] == "1302"


@pytest.mark.parametrize("code", ["1307", "130702", "nowhere"])
async def test_a_unit_beside_the_own_is_as_if_it_were_not_there(code):
    assert await trends(viewer("jibei.1302"), chosen_of(unit=code)) is None


async def test_a_change_that_touches_nothing_counted_leaves_no_trace(owner):
    arrange.points(owner, [one_point("QUIET")])
    owner.execute("SELECT fold_roll_ups()")
    owner.execute("UPDATE risk_point SET facts = '{\"a\": 1}'")
    owner.execute("UPDATE audit_ticket SET updated_at = now()")
    for table in ("risk_roll_delta", "ticket_roll_delta"):
        assert owner.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


async def test_sums_that_are_nothing_again_are_removed(owner):
    arrange.points(owner, [one_point("GONE")])
    owner.execute("SELECT fold_roll_ups()")
    owner.execute("DELETE FROM risk_point")
    owner.execute("DELETE FROM audit_ticket")
    owner.execute("SELECT fold_roll_ups()")
    for table in ("risk_roll_up", "ticket_roll_up"):
        assert owner.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


async def test_two_that_fold_at_once_count_nothing_twice_while_others_write(owner, database_url):
    owner.execute("DELETE FROM risk_point")

    async def writes(name: str) -> None:
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
            for n in range(15):
                await connection.execute(
                    "INSERT INTO risk_point (county_code, number, station_code, anomaly_code, level, state, score,"
                    " exposure_yuan, detected_at, h3_cell, org_path, location)"
                    " VALUES ('130202', %s, '13020201', 'DJ01', 1, 0, 50, 1, '2026-10-05T00:00Z', 0, %s, %s)",
                    (f"{name}-{n}", STATIONS[0], arrange.POINT),
                )

    async def folds() -> None:
        for _ in range(15):
            await roll_ups.fold()

    async def looks() -> None:
        before = 0
        for _ in range(10):
            found = await trends(viewer(), chosen_of())
            seen = sum(figures.points for figures in found.of_months())
            assert before <= seen <= 45, "a look finds each point once, in the sums or beside them"
            before = seen

    await asyncio.gather(writes("A"), writes("B"), writes("C"), folds(), folds(), looks())
    found = await agrees(viewer(), chosen_of())
    assert sum(figures.points for figures in found.of_months()) == 45


async def test_sums_that_went_wrong_are_counted_anew(owner):
    arrange.points(owner, [one_point("ANEW", path=STATIONS[2])])
    owner.execute("UPDATE risk_roll_up SET points = points + 5")
    owner.execute("DELETE FROM risk_roll_delta")
    assert await roll_ups.rebuild() > 0
    await agrees(viewer(), chosen_of())


async def test_an_emptied_table_leaves_nothing(owner):
    arrange.points(owner, [one_point("EMPTIED")])
    owner.execute("TRUNCATE risk_point")
    assert owner.execute("SELECT count(*) FROM risk_roll_delta").fetchone() == (0,)
    await agrees(viewer(), chosen_of())


@pytest.mark.parametrize("table", ["risk", "ticket"])
async def test_sums_are_found_by_their_key_under_the_viewers_role(owner, table):
    values = {
        "unit": "1302", "path": "jibei.1302", "first": month_back(RUNNING, 36), "last": RUNNING, "kinds": None,
        "levels": None, "below": ["130202"], "now_first": RUNNING, "now_last": RUNNING, "before_first": RUNNING,
        "before_last": RUNNING,
    }  # fmt: skip
    for statement in (OWN[table], BELOW[table]):
        async with reading(viewer("jibei.1302")) as connection:
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
            names = set(statement.compile().params)
            plan = await connection.execute(
                text(f"EXPLAIN {statement.text}"), {name: values[name] for name in names}
            )  # fmt: skip
            lines = "\n".join(row[0] for row in plan)
        assert f"pk_{table}_roll_up" in lines and "Index Cond: ((unit_code" in lines.replace("= ANY", "=")
