"""Thresholds that a unit sets for itself and those below it, and what they would change: a preview over 90 days.

A setting is only ever added to: who set what, since when, why, and what the preview said stays on file. Who may:
administrators and supervisors, for their own unit and those below it.
"""

import asyncio
import hashlib
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import bindparam

from audit.rules.detections import Detections
from audit.rules.filters import filtered
from audit.rules.partition import Partition
from audit.rules.registry import RULES
from audit.rules.rule import Rule
from audit.scan_settings import scan_settings
from data_access.engine import reading, system
from data_access.log import log_action
from data_access.parameters import BadParameter
from data_access.risk_partition import read_partition
from data_access.rule_thresholds import Rulebook, Setting, on_line, rulebook
from data_access.scope import Role, Viewer
from data_access.tracks import day_bounds, today

PART = "risk"
MAY_SET: frozenset[Role] = frozenset({"admin", "supervisor"})
LEAST_REASON = 5
_MOST = 1e9
_READ_TIMEOUT_MS = 120_000
_UNIT = text("SELECT org_path::text AS path FROM organisation WHERE code = :unit OR org_path::text = :unit")
_COUNTIES = text("""
SELECT unit.code, unit.org_path::text AS path, (SELECT COALESCE(sum(customer_count), 0)::bigint
    FROM transformer_district WHERE county_code = unit.code) AS customers
FROM organisation AS unit
WHERE unit.level = 2 AND (unit.org_path <@ CAST(:path AS ltree) OR unit.org_path @> CAST(:path AS ltree))
""")
_CONFIRMED = text("""
SELECT DISTINCT county_code, COALESCE(customer_number, district_code) AS object_key FROM risk_point
WHERE anomaly_code = :code AND state = 4 AND detected_at >= :begin AND detected_at < :end
    AND county_code = ANY (:counties)
""")
_ADD = text("""
INSERT INTO rule_setting (anomaly_code, org_path, version, effective_from, thresholds, reason, preview, set_by)
SELECT :code, CAST(:path AS ltree), COALESCE(max(version), 0) + 1, :day, :thresholds, :reason, :preview, :by
FROM rule_setting WHERE anomaly_code = :code AND org_path = CAST(:path AS ltree)
RETURNING version
""").bindparams(bindparam("thresholds", type_=JSONB), bindparam("preview", type_=JSONB))
_HISTORY = text("""
SELECT anomaly_code, org_path::text AS path, version, effective_from, thresholds, reason, preview, set_by, set_at
FROM rule_setting WHERE anomaly_code = :code ORDER BY set_at DESC, org_path, version DESC LIMIT :limit
""")
Progress = Callable[[int, int], Awaitable[None]]
"""Told after each county: how many are done of how many."""


class MayNotSet(Exception):
    """The viewer's role, or the place in the organisation, does not allow to set thresholds there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What other thresholds would change: objects found on any of `days` in `counties` of `counties_total`.

    `confirmed`: objects with a point of the type confirmed on site in the window; of them `kept` are found by both
    thresholds, `gained` only by the new ones, `lost` only by those that hold now, the rest by neither on those days.
    """

    code: str
    path: str
    thresholds: dict[str, float]
    days: list[date]
    counties: list[str]
    counties_total: int
    customers: int
    before: int
    after: int
    new: int
    gone: int
    confirmed: int
    kept: int
    gained: int
    lost: int
    seconds: float

    def content(self) -> dict[str, Any]:
        """As it is kept with the setting."""
        return {**asdict(self), "days": [day.isoformat() for day in self.days]}


async def _unit_path(viewer: Viewer, unit: str) -> str:
    """The path of a unit that the viewer may set thresholds for.

    Raises:
        MayNotSet: the role doesn't, or the unit isn't the viewer's own or below it.
    """
    if viewer.role not in MAY_SET:
        raise MayNotSet
    async with reading(viewer) as connection:
        path: str | None = await connection.scalar(_UNIT, {"unit": unit})
    if path is None or not (path == viewer.org_path or path.startswith(f"{viewer.org_path}.")):
        raise MayNotSet
    return path


def _checked(book: Rulebook, code: str, thresholds: Mapping[str, Any]) -> dict[str, float]:
    if code not in book.rules:
        raise BadParameter("code", code, "a type of the catalogue whose rule holds today")
    names = book.rules[code].thresholds
    if not thresholds:
        raise BadParameter("thresholds", "nothing", f"values for {', '.join(names)}")
    checked = {}
    for name, value in thresholds.items():
        if name not in names:
            raise BadParameter(name, value, f"one of the thresholds {', '.join(names)}")
        number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
        if not abs(number) <= _MOST:
            raise BadParameter(name, value, "a finite number")
        checked[name] = number
    return checked


async def preview(
    viewer: Viewer, code: str, unit: str, thresholds: Mapping[str, Any], *, rules: Mapping[str, Rule] | None = None,
    last_day: date | None = None, progress: Progress | None = None,
) -> Preview:  # fmt: skip
    """How many objects the rule would find more or fewer in the unit's counties, were these thresholds set there.

    Runs the rule with both thresholds on some days of the last 90; reads no more than `preview_customer_days` and
    begins no county after `preview_seconds` (`audit/data/scan.yaml`): counties are drawn evenly, `counties` says which.
    Four statements, and those of the reader for each county and day.

    Raises:
        MayNotSet: the viewer may not set thresholds there.
        BadParameter: no such rule, or it doesn't run; a threshold it doesn't have; a value that is no number.
    """
    begun, settings = time.monotonic(), scan_settings()
    path = await _unit_path(viewer, unit)
    known_rules = RULES if rules is None else rules
    last = last_day or today() - timedelta(days=1)
    async with system(PART, timeout_ms=_READ_TIMEOUT_MS) as connection:
        book = await rulebook(connection, path, last, below=True)
        places = (await connection.execute(_COUNTIES, {"path": path})).all()
    wanted = _checked(book, code, thresholds)
    if code not in known_rules:
        raise BadParameter("code", code, "a rule that runs; this one waits for data")
    rule, days = known_rules[code], sorted(last - timedelta(days=back) for back in settings.preview_days)
    drawn = sorted(places, key=lambda place: hashlib.sha256(f"{code}/{place.code}".encode()).digest())
    done: list[str] = []
    customers = 0
    before: set[tuple[str, str]] = set()
    after: set[tuple[str, str]] = set()
    for place in drawn:
        size = place.customers * len(days)
        if done and (
            customers + size > settings.preview_customer_days or time.monotonic() - begun > settings.preview_seconds
        ):
            break
        now = book.at(place.path, code)
        then = book.at(place.path, code, [Setting(path, 0, wanted)])
        for day in days:
            async with system(PART, timeout_ms=_READ_TIMEOUT_MS) as connection:
                partition = await read_partition(connection, place.code, day, rule.needs)
            old, new = await asyncio.to_thread(_both, rule, partition, now.thresholds, then.thresholds)
            before |= {(place.code, key) for key in old}
            after |= {(place.code, key) for key in new}
        customers += size
        done.append(place.code)
        if progress is not None:
            await progress(len(done), len(drawn))
    span = {"begin": day_bounds(last - timedelta(days=settings.preview_window_days))[0], "end": day_bounds(last)[1]}
    async with system(PART) as connection:
        rows = await connection.execute(_CONFIRMED, {"code": code, "counties": done, **span})
        confirmed = {(row.county_code, row.object_key) for row in rows}
    return Preview(
        code=code, path=path, thresholds=wanted, days=days, counties=sorted(done), counties_total=len(drawn),
        customers=customers // max(1, len(days)), before=len(before), after=len(after), new=len(after - before),
        gone=len(before - after), confirmed=len(confirmed), kept=len(confirmed & before & after),
        gained=len(confirmed & (after - before)), lost=len(confirmed & (before - after)),
        seconds=round(time.monotonic() - begun, 2),
    )  # fmt: skip


def _both(
    rule: Rule, partition: Partition, now: Mapping[str, float], then: Mapping[str, float]
) -> tuple[set[str], set[str]]:
    clean = filtered(partition, scan_settings().power_limit).partition
    keys = clean.customers.number if rule.of == "customer" else clean.districts.code

    def objects(found: Detections) -> set[str]:
        return set(keys[found.position].tolist())

    return objects(rule.findings(clean, now)), objects(rule.findings(clean, then))


async def set_thresholds(
    viewer: Viewer, code: str, unit: str, thresholds: Mapping[str, Any], reason: str, *,
    effective_from: date | None = None, seen: Preview | None = None, now: datetime | None = None,
) -> int:  # fmt: skip
    """Set a unit's thresholds from a day on (default: today); the version. `seen`: the preview that was looked at.

    Scans of days before it aren't changed. Five statements; a line in the audit log.

    Raises:
        MayNotSet: the viewer may not set thresholds there.
        BadParameter: as in `preview`; nothing differs from what holds; no reason; a day that has gone by.
    """
    path, day = await _unit_path(viewer, unit), effective_from or today(now)
    given = reason.strip()
    if len(given) < LEAST_REASON:
        raise BadParameter("reason", reason, f"a reason of at least {LEAST_REASON} characters")
    if day < today(now):
        raise BadParameter("effective_from", day, f"a day not before {today(now)}")
    async with system(PART) as connection:
        book = await rulebook(connection, path, day)
        wanted = _checked(book, code, thresholds)
        holds = book.at(path, code).thresholds
        if all(holds[name] == value for name, value in wanted.items()):
            raise BadParameter("thresholds", wanted, "a value that differs from the one in force")
        # The unit's version before stays in force for the names that aren't set now.
        own = next((one for one in book.settings.get(code, ()) if one.path == path), None)
        whole = {**(own.thresholds if own else {}), **wanted}
        fits = seen is not None and (seen.code, seen.path, seen.thresholds) == (code, path, wanted)
        values = {"code": code, "path": path, "day": day, "thresholds": whole, "reason": given, "by": viewer.subject,
                  "preview": seen.content() if seen and fits else {}}  # fmt: skip
        version: int = (await connection.execute(_ADD, values)).scalar_one()
        detail = {"unit": path, "version": version, "thresholds": wanted, "reason": given, "from": day.isoformat()}
        await log_action(connection, viewer, "rule.set", "rule", code, detail, org_path=path)
    return version


async def settings_of(viewer: Viewer, code: str, limit: int = 100) -> list[dict[str, Any]]:
    """What the viewer's units, those above and those below set for a rule, the newest first. One statement."""
    async with reading(viewer) as connection:
        rows = await connection.execute(_HISTORY, {"code": code, "limit": limit})
        return [dict(row._mapping) for row in rows]


async def thresholds_at(viewer: Viewer, code: str, unit: str, day: date | None = None) -> dict[str, float]:
    """The thresholds in force at a unit in the viewer's sight. Three statements.

    Raises:
        LookupError: no such unit or rule in sight.
    """
    async with reading(viewer) as connection:
        path: str | None = await connection.scalar(_UNIT, {"unit": unit})
        if path is None or not (on_line(Setting(viewer.org_path, 0, {}), path) or viewer.org_path.startswith(path)):
            raise LookupError(unit)
        book = await rulebook(connection, path, day or today())
        if code not in book.rules:
            raise LookupError(code)
        return book.at(path, code).thresholds
