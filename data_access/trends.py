"""Trends over months: sums of the roll-ups and of what changed since they were folded, under row security.

A unit's own sums are kept (migration 0007), so a look reads the rows of one unit and of those right below it. Both
parts of a sum are read by one statement, so that it sees one moment: what is folded meanwhile is in one of them, never
in both.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.trend_figures import NOTHING, Measure, TrendFigures
from data_access.engine import reading
from data_access.months import months_between
from data_access.objects import dicts
from data_access.scope import Viewer
from data_access.trend_filter import TrendFilter

# The unit, those above it and those right below it; row security leaves what the viewer may see of them.
_UNITS = text("""
SELECT other.code, other.level, other.name_zh, other.name_en, other.org_path::text AS org_path, other.parent_code
FROM organisation AS unit JOIN organisation AS other
    ON other.parent_code = unit.code OR other.org_path @> unit.org_path
WHERE unit.code = :code
ORDER BY other.level, other.code
""")
_RISK_SUMS = """sum(points) AS points, sum(points) FILTER (WHERE state IN (0, 1, 3)) AS open_points,
    sum(points) FILTER (WHERE state = 4) AS confirmed_points, sum(points) FILTER (WHERE state = 5) AS rejected_points,
    sum(points) FILTER (WHERE state = 2) AS cleared_points, sum(exposure_yuan) AS exposure_yuan, sum(score) AS score"""
_TICKET_NAMES = (
    "opened", "closed", "void", "in_time", "checked", "confirmed", "problems", "rectified", "recovered_kwh",
    "recovered_yuan", "breach_yuan",
)  # fmt: skip
_TICKET_SUMS = ", ".join(f"sum({name}) AS {name}" for name in _TICKET_NAMES)
_READ = {
    "risk": "month, anomaly_code, level, state, points, exposure_yuan, score",
    "ticket": f"month, anomaly_code, level, {', '.join(_TICKET_NAMES)}",
}
_NARROWED = """month BETWEEN :first AND :last
        AND (CAST(:kinds AS text[]) IS NULL OR anomaly_code = ANY (CAST(:kinds AS text[])))
        AND (CAST(:levels AS smallint[]) IS NULL OR level = ANY (CAST(:levels AS smallint[])))"""
# By month and level for the charts, by type and compared month for what moved most: one pass over the rows.
_OWN = """
SELECT month, level, anomaly_code, compared, {sums}
FROM (
    SELECT *, CASE WHEN month BETWEEN :now_first AND :now_last OR month BETWEEN :before_first AND :before_last
        THEN month END AS compared
    FROM (
        SELECT {read} FROM {table}_roll_up WHERE unit_code = :unit AND {narrowed}
        UNION ALL
        SELECT {read} FROM {table}_roll_delta WHERE org_path <@ CAST(:path AS ltree) AND {narrowed}
    ) AS known
) AS dated
GROUP BY GROUPING SETS ((month, level), (anomaly_code, compared))
"""
_BELOW = """
SELECT unit_code, month, {sums}
FROM (
    SELECT unit_code, {read} FROM {table}_roll_up WHERE unit_code = ANY (CAST(:below AS text[])) AND {narrowed}
    UNION ALL
    SELECT ltree2text(subpath(org_path, nlevel(CAST(:path AS ltree)), 1)), {read}
    FROM {table}_roll_delta
    WHERE org_path <@ CAST(:path AS ltree) AND nlevel(org_path) > nlevel(CAST(:path AS ltree)) AND {narrowed}
) AS known
GROUP BY unit_code, month
"""
_SUMS = {"risk": _RISK_SUMS, "ticket": _TICKET_SUMS}
# Before anything was known of a unit there is not nothing, there is no data.
_BEGIN = """
SELECT least(
    (SELECT min(month) FROM {table}_roll_up WHERE unit_code = :unit),
    (SELECT min(month) FROM {table}_roll_delta WHERE org_path <@ CAST(:path AS ltree))
)
"""


def _statement(shape: str, table: str) -> Any:
    return text(shape.format(sums=_SUMS[table], read=_READ[table], table=table, narrowed=_NARROWED))


OWN = {table: _statement(_OWN, table) for table in _SUMS}
BELOW = {table: _statement(_BELOW, table) for table in _SUMS}
BEGIN = {table: text(_BEGIN.format(table=table)) for table in _SUMS}

Figures = Mapping[tuple[Any, Any], TrendFigures]


@dataclass(frozen=True, slots=True)
class Trends:
    """What is known of a unit over the months `months` (first days), the last of them the running one.

    `units` lead down to `unit`; `below` are the units right below it. Figures by (month, level), by (type, month) in
    the compared months, and by (unit below, month); what is missing there is nothing. `is_partial`: a unit above the
    viewer's own was asked for, and `unit` is the viewer's own instead. `risk_from` and `ticket_from`: the months in
    which the unit's first point and first ticket lie, whatever the filter; None where there is none.
    """

    chosen: TrendFilter
    unit: dict[str, Any]
    units: list[dict[str, Any]]
    below: list[dict[str, Any]]
    months: list[date]
    by_level: Figures
    by_kind: Figures
    by_unit: Figures
    is_partial: bool
    risk_from: date | None
    ticket_from: date | None

    def whole_months(self, measure: Measure) -> list[date]:
        """The months that are over and that the data covers: the one in which it begins is not whole."""
        begin = self.risk_from if measure.of_risk else self.ticket_from
        return [month for month in self.months[:-1] if begin is not None and month > begin]

    def of_months(self) -> list[TrendFigures]:
        """All levels together, one a month."""
        return [
            sum((self.by_level.get((month, level), NOTHING) for level in (1, 2, 3, 4)), NOTHING)
            for month in self.months
        ]

    def of_level(self, level: int) -> list[TrendFigures]:
        """One level, one a month."""
        return [self.by_level.get((month, level), NOTHING) for month in self.months]

    def of_unit(self, code: str) -> list[TrendFigures]:
        """A unit below, one a month."""
        return [self.by_unit.get((code, month), NOTHING) for month in self.months]


async def trends(viewer: Viewer, chosen: TrendFilter) -> Trends | None:
    """The trends of the unit that `chosen` names; None where the viewer may not see one of that code.

    Seven statements, eight where a unit above the viewer's own is asked for; risk and tickets are read side by side.
    """
    own = viewer.org_path.rsplit(".", 1)[-1]
    async with reading(viewer) as connection:
        code = chosen.unit or own
        known = await _units(connection, code)
        path = next((one["org_path"] for one in known if one["code"] == code), None)
        is_partial = path is not None and viewer.org_path.startswith(f"{path}.")
        if is_partial:
            code, known = own, await _units(connection, own)
    unit = next((one for one in known if one["code"] == code), None)
    if unit is None:
        return None
    units = [one for one in known if one["level"] <= unit["level"]]
    below = [one for one in known if one["parent_code"] == code]
    risk, ticket = await asyncio.gather(*(_sums(viewer, table, chosen, unit, below) for table in _SUMS))
    by_level, by_kind, by_unit = (_joined(mine, theirs) for mine, theirs in zip(risk[:3], ticket[:3], strict=True))
    return Trends(
        chosen=chosen,
        unit=unit,
        units=units,
        below=below,
        months=months_between(chosen.first, chosen.running),
        by_level=by_level,
        by_kind=by_kind,
        by_unit=by_unit,
        is_partial=is_partial,
        risk_from=risk[3],
        ticket_from=ticket[3],
    )


async def _units(connection: AsyncConnection, code: str) -> list[dict[str, Any]]:
    return dicts(await connection.execute(_UNITS, {"code": code}))


Values = dict[tuple[Any, Any], dict[str, Any]]


async def _sums(
    viewer: Viewer, table: str, chosen: TrendFilter, unit: Mapping[str, Any], below: Sequence[Mapping[str, Any]]
) -> tuple[Values, Values, Values, date | None]:
    """By month and level, by type and compared month, by unit below and month, and the first month of all. At most
    three statements.
    """
    asked = {
        "path": unit["org_path"],
        "first": chosen.first,
        "last": chosen.running,
        "kinds": chosen.kinds,
        "levels": sorted(chosen.levels) or None,
    }
    periods = {
        "now_first": chosen.now.first,
        "now_last": chosen.now.last,
        "before_first": chosen.before.first,
        "before_last": chosen.before.last,
    }
    by_level: Values = {}
    by_kind: Values = {}
    by_unit: Values = {}
    async with reading(viewer) as connection:
        for row in (await connection.execute(OWN[table], {**asked, **periods, "unit": unit["code"]})).mappings():
            values = {name: row[name] or 0 for name in row if name not in _KEYS}
            if row["month"] is not None:
                by_level[row["month"], row["level"]] = values
            elif row["compared"] is not None:
                by_kind[row["anomaly_code"], row["compared"]] = values
        if below:
            codes = {"below": [one["code"] for one in below]}
            for row in (await connection.execute(BELOW[table], {**asked, **codes})).mappings():
                by_unit[row["unit_code"], row["month"]] = {name: row[name] or 0 for name in row if name not in _KEYS}
        begin = await connection.scalar(BEGIN[table], {"unit": unit["code"], "path": unit["org_path"]})
    return by_level, by_kind, by_unit, begin


_KEYS = frozenset({"month", "level", "anomaly_code", "compared", "unit_code"})


def _joined(risk: Values, ticket: Values) -> Figures:
    values: Values = defaultdict(dict)
    for part in (risk, ticket):
        for key, found in part.items():
            values[key] |= found
    return {key: TrendFigures(**found) for key, found in values.items()}
