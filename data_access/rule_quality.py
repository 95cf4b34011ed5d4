"""Precision and recall of rules against known truth: the planted anomalies of the demo, and the figures that came out.

Counted by county (`truth` = `demo:130202`), so that it can be done piece by piece and again; `demo` is their sum. The
demo's truth is a simulation, and wherever the figures are shown they say so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from sqlalchemy import text

from audit.rule_quality import Planted, Quality
from audit.rules.rule import Subject
from data_access.engine import reading, system
from data_access.scope import Viewer

PART = "risk"
TRUTH = "demo"
_PLANTED = text("""
SELECT anomaly_code, customer_number, district_code, started_on, ended_on FROM demo_truth WHERE county_code = :county
""")
_STORE = text("""
INSERT INTO rule_quality (anomaly_code, truth, planted, detected, matched, explained, found, first_day,
    last_day)
VALUES (:code, :truth, :planted, :detected, :matched, :explained, :found, :first, :last)
ON CONFLICT (anomaly_code, truth) DO UPDATE SET planted = EXCLUDED.planted, detected = EXCLUDED.detected,
    matched = EXCLUDED.matched, explained = EXCLUDED.explained, found = EXCLUDED.found,
    first_day = EXCLUDED.first_day, last_day = EXCLUDED.last_day, computed_at = now()
""")
_SUM = text("""
INSERT INTO rule_quality (anomaly_code, truth, planted, detected, matched, explained, found, first_day,
    last_day)
SELECT anomaly_code, :truth, sum(planted), sum(detected), sum(matched), sum(explained), sum(found), min(first_day),
    max(last_day)
FROM rule_quality WHERE truth LIKE CAST(:truth AS text) || ':%' GROUP BY anomaly_code
ON CONFLICT (anomaly_code, truth) DO UPDATE SET planted = EXCLUDED.planted, detected = EXCLUDED.detected,
    matched = EXCLUDED.matched, explained = EXCLUDED.explained, found = EXCLUDED.found,
    first_day = EXCLUDED.first_day, last_day = EXCLUDED.last_day, computed_at = now()
""")
_LOCK = 4703214


@dataclass(frozen=True, slots=True)
class Truth:
    """What is planted in a county: type, customer ("" for one of the district itself), district, first and last day."""

    rows: Sequence[tuple[str, str, str, date, date | None]]

    def of(self, code: str) -> list[Planted]:
        """Those of a type, by customer or district."""
        return [Planted(customer or district, begin, end) for kind, customer, district, begin, end in self.rows
                if kind == code]  # fmt: skip

    def beside(self, code: str, subject: Subject) -> list[Planted]:
        """Those of other types: at customers themselves, or at districts and all their customers."""
        return [
            Planted(customer if subject == "customer" else district, begin, end)
            for kind, customer, district, begin, end in self.rows
            if kind != code and (customer or subject == "district")
        ]


async def planted(county: str) -> Truth:
    """The demo's truth of a county. One statement."""
    async with system(PART) as connection:
        rows = await connection.execute(_PLANTED, {"county": county})
        return Truth([
            (row.anomaly_code, row.customer_number or "", row.district_code or "", row.started_on, row.ended_on)
            for row in rows
        ])  # fmt: skip


async def store(county: str, figures: Mapping[str, Quality], days: Sequence[date]) -> None:
    """Keep a county's figures by code and bring the sum in line. Two statements and one a rule."""
    async with system(PART) as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        for code, one in sorted(figures.items()):
            await connection.execute(
                _STORE,
                {"code": code, "truth": f"{TRUTH}:{county}", "planted": one.planted, "detected": one.detected,
                 "matched": one.matched, "explained": one.explained, "found": one.found, "first": min(days),
                 "last": max(days)},
            )  # fmt: skip
        await connection.execute(_SUM, {"truth": TRUTH})


def queue_measurements(connection: psycopg.Connection[Any]) -> None:
    """Queue the measurement of every county that has truth, behind all other work, in the caller's transaction."""
    connection.execute(
        "SELECT procrastinate_defer_jobs_v1(array_agg(ROW('risk', 'rule_quality', -100, NULL, NULL,"
        " jsonb_build_object('county', place.county_code), NULL)::procrastinate_job_to_defer_v1))"
        " FROM (SELECT DISTINCT county_code FROM demo_truth ORDER BY county_code) AS place"
        " HAVING count(*) > 0"
    )


async def measured(viewer: Viewer) -> dict[str, dict[str, Any]]:
    """What is known of each rule's quality against the demo's truth, by code. One statement."""
    asked = text(
        "SELECT anomaly_code, planted, detected, matched, explained, found, first_day, last_day, computed_at"
        " FROM rule_quality WHERE truth = :truth ORDER BY anomaly_code"
    )
    async with reading(viewer) as connection:
        return {row.anomaly_code: dict(row._mapping) for row in await connection.execute(asked, {"truth": TRUTH})}
