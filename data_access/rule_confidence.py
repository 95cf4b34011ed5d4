"""How often a rule was right on site: confirmed of visited in the last months, by rule and unit, with its interval.

Counted from the findings of tickets over whole months and the running one (domain sheet 1.7: TRUE of those checked,
void ones left out) for every county, city and the province; feeds the confidence part of the score (1.6). A unit with
few visits of its own is judged by the one above it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.performance import wilson_interval
from audit.scan_settings import scan_settings
from data_access.engine import reading, system
from data_access.months import month_back
from data_access.scope import Viewer
from data_access.tracks import day_bounds

PART = "risk"
_LOCK = 4703213
_FRESH = text("SELECT count(*) > 0 FROM rule_confidence WHERE last_day >= :day")
_GONE = text("DELETE FROM rule_confidence")
_COUNT = text("""
INSERT INTO rule_confidence (anomaly_code, org_path, visited, confirmed, first_day, last_day)
SELECT anomaly_code, subpath(org_path, 0, depth), count(*), count(*) FILTER (WHERE finding = 'true'), :first, :day
FROM audit_ticket CROSS JOIN generate_series(1, 3) AS depth
WHERE finding IS NOT NULL AND status <> 95 AND found_at >= :begin AND found_at < :end AND nlevel(org_path) >= depth
GROUP BY 1, 2
""")
_READ = text("""
SELECT anomaly_code, org_path::text AS path, visited, confirmed, first_day, last_day, computed_at FROM rule_confidence
WHERE org_path @> CAST(:path AS ltree) OR (:below AND org_path <@ CAST(:path AS ltree))
""")


@dataclass(frozen=True, slots=True)
class Confidence:
    """Results on site of one rule in one unit."""

    code: str
    path: str
    visited: int
    confirmed: int
    first_day: date
    last_day: date
    computed_at: datetime

    @property
    def share(self) -> Decimal | None:
        """confirmed / visited, four decimals; None without visits."""
        return None if not self.visited else (Decimal(self.confirmed) / self.visited).quantize(Decimal("0.0001"))

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the share lies with 95 % confidence (Wilson)."""
        return wilson_interval(self.confirmed, self.visited)


async def refresh(day: date, *, only_if_older: bool = False) -> bool:
    """Count anew over the months up to `day` (Asia/Shanghai); whether it was done. Four statements.

    `only_if_older`: leave figures that reach to `day` as they are.
    """
    first = month_back(day.replace(day=1), scan_settings().confidence_months)
    span = {"first": first, "day": day, "begin": day_bounds(first)[0], "end": day_bounds(day)[1]}
    async with system(PART, timeout_ms=60_000) as connection:
        # Readers see the old figures until the new ones are all there; two writers take turns.
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if only_if_older and await connection.scalar(_FRESH, {"day": day}):
            return False
        await connection.execute(_GONE)
        await connection.execute(_COUNT, span)
    return True


def nearest(known: Mapping[tuple[str, str], Confidence], code: str, path: str) -> Confidence | None:
    """The rule's figures of the nearest unit on the line from `path` upwards that has enough visits; else of the
    highest one that has any; None without results.
    """
    found = None
    while path:
        here = known.get((code, path))
        if here is not None:
            found = here
            if here.visited >= scan_settings().confidence_visits:
                return here
        path = path.rpartition(".")[0]
    return found


async def confidences(
    connection: AsyncConnection, path: str, *, below: bool = False
) -> dict[tuple[str, str], Confidence]:
    """Figures of the units on the line to `path`, and with `below` under it, by (code, path). One statement."""
    rows = await connection.execute(_READ, {"path": path, "below": below})
    return {(row.anomaly_code, row.path): Confidence(*row) for row in rows}


async def confidences_for(viewer: Viewer) -> dict[tuple[str, str], Confidence]:
    """All figures that the viewer may see: of the own units, and of those above. One statement."""
    async with reading(viewer) as connection:
        return await confidences(connection, viewer.org_path, below=True)
