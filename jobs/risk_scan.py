"""The scan of a county by all rules, rule by rule; after a crash it goes on with the rules that are left.

Read once (one moment of the database), filter (domain sheet 1.5), then for each rule: look in a thread, merge in one
transaction. A rule that fails doesn't keep the others from running; the run is then told as failed, with a reference.
"""

import asyncio
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from psycopg import OperationalError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import OperationalError as SqlOperationalError

from audit.rules.filters import filtered
from audit.rules.registry import RULES
from audit.rules.rule import Rule
from audit.scan_settings import scan_settings
from data_access import rule_confidence
from data_access.engine import system
from data_access.risk_findings import RuleResult, Written, judged_among, merge_rule, repeats
from data_access.risk_partition import read_partition
from data_access.risk_runs import PART, Run, begin, counted, end, queue_nightly
from data_access.rule_confidence import Confidence, confidences, nearest
from data_access.rule_thresholds import InForce, in_force
from data_access.tracks import today
from jobs.risk_values import Valuer, mean_prices, scorer

log = logging.getLogger("gridaudit.risk")

READ_TIMEOUT_MS = 300_000
LOST_DATABASE = (OperationalError, SqlOperationalError, InterfaceError)
"""Faults that pass by themselves: the job is tried again."""
_CENTRE = text(
    "SELECT ST_X(place), ST_Y(place) FROM (SELECT COALESCE(centre, ST_Centroid(boundary)) AS place FROM organisation"
    " WHERE code = :county AND level = 2) AS one"
)


class RulesFailed(Exception):
    """Some rules of a run failed; the others were merged."""

    def __init__(self, codes: list[str]) -> None:
        super().__init__(", ".join(codes))
        self.codes = codes


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that the rules of one run need."""

    valuer: Valuer
    in_force: Mapping[str, InForce]
    repeats: Mapping[tuple[str, str], int]
    confidence: Mapping[tuple[str, str], Confidence]
    customers: Mapping[str, int]
    districts: Mapping[str, int]
    dropped: Mapping[str, int]


async def scan(county: str, number: int, rules: Mapping[str, Rule] | None = None) -> None:
    """Do a run to its end. A run that was interrupted is taken up again with the rules that are left.

    Raises:
        LookupError: no such run.
        RulesFailed: some rules failed; what the others found is there.
        psycopg.OperationalError, sqlalchemy.exc.DBAPIError: the database is lost; the run stays as it is.
    """
    chosen = RULES if rules is None else rules
    run = await begin(county, number, list(chosen))
    try:
        await rule_confidence.refresh(today(), only_if_older=True)
        look = await prepare(run)
        await counted(run, len(look.customers), len(look.districts), look.dropped)
        failed = await _all_rules(run, look, chosen)
        if failed:
            raise RulesFailed(failed)
    except LOST_DATABASE:
        raise
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        reference = secrets.token_hex(4)
        log.error("risk run %d of %s failed, reference %s", number, county, reference, exc_info=error)
        code = "rules" if isinstance(error, RulesFailed) else "failed"
        await end(county, number, f"rules_engine.error_{code}", reference)
        raise
    await end(county, number)
    log.info("risk run %d: %s %s done", number, county, run.last_day)


async def prepare(run: Run) -> Look:
    """Read and filter the county, the rules in force, and what scores are made of. Five statements and the reader's."""
    settings = scan_settings()
    async with system(PART, timeout_ms=READ_TIMEOUT_MS, consistent=True) as connection:
        partition = await read_partition(connection, run.county, run.last_day)
        rules = await in_force(connection, run.path, run.last_day)
        known = await repeats(connection, run.county, run.last_day)
        confidence = await confidences(connection, run.path)
        centre = (await connection.execute(_CENTRE, {"county": run.county})).one()
    clean = await asyncio.to_thread(filtered, partition, settings.power_limit)
    prices = await asyncio.to_thread(mean_prices, clean.partition, settings)
    valuer = Valuer(clean.partition, run.path, (float(centre[0]), float(centre[1])), settings, prices)
    return Look(
        valuer=valuer,
        in_force=rules,
        repeats=known,
        confidence=confidence,
        customers=dict(zip(clean.partition.customers.number.tolist(), range(len(partition.customers)), strict=True)),
        districts=dict(zip(clean.partition.districts.code.tolist(), range(len(partition.districts)), strict=True)),
        dropped=clean.dropped,
    )


async def _all_rules(run: Run, look: Look, rules: Mapping[str, Rule]) -> list[str]:
    failed = []
    for code in sorted(rules.keys() - run.rules_done):
        if code not in look.in_force:
            log.info("risk run %d: no version of %s holds on %s", run.id, code, run.last_day)
            continue
        try:
            result = await asyncio.to_thread(result_of, rules[code], look, run.path)
        except Exception:
            log.exception("risk run %d of %s: rule %s failed", run.id, run.county, code)
            failed.append(code)
            continue
        await merge_rule(run, result)
    return failed


def result_of(rule: Rule, look: Look, path: str) -> RuleResult:
    """One rule over the county, ready to be merged."""
    holds = look.in_force[rule.code]
    found = rule.findings(look.valuer.partition, holds.thresholds)
    confidence = nearest(look.confidence, rule.code, path)
    precision: Decimal | None = None if confidence is None else confidence.share
    return RuleResult(
        code=rule.code,
        version=holds.version,
        level=holds.level,
        thresholds=holds.thresholds,
        findings=look.valuer.findings(rule, found),
        judged=judged_among(look.customers if rule.of == "customer" else look.districts, found.judged),
        score=scorer(rule.code, look.repeats, precision),
        probability=precision,
        whole_months=rule.whole_months,
    )


async def scan_nightly(now: datetime) -> int:
    """Count the results on site anew, then queue the night's scans; how many."""
    await rule_confidence.refresh(today(now))
    count = await queue_nightly(now)
    log.info("%d counties queued for a scan", count)
    return count


__all__ = ["Written", "prepare", "scan", "scan_nightly"]
