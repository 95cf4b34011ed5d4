"""The rules run over a county's past month ends in memory, and what they find is held against the planted truth.

Points aren't touched. For the demo utility only: its truth is known because it is made up.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from audit.rule_quality import Quality, episodes, quality
from audit.rules.filters import filtered
from audit.rules.partition import Partition, day_of
from audit.rules.registry import RULES
from audit.rules.rule import Rule
from audit.scan_settings import scan_settings
from data_access.engine import system
from data_access.months import month_back
from data_access.risk_partition import read_partition
from data_access.rule_quality import planted, store
from data_access.rule_thresholds import InForce, in_force

log = logging.getLogger("gridaudit.risk")

PART = "risk"
TIMEOUT_MS = 300_000
MONTH_ENDS = 12
GRACE = timedelta(days=31)
"""A bill of the month in which an anomaly ended comes in the next one."""
Found = dict[str, list[tuple[date, str, date]]]


def month_ends(today: date, count: int = MONTH_ENDS) -> list[date]:
    """The last days of the `count` months before the running one, the oldest first."""
    first = today.replace(day=1)
    return [month_back(first, back) - timedelta(days=1) for back in reversed(range(count))]


async def measure(
    county: str, path: str, days: Sequence[date], rules: Mapping[str, Rule] | None = None
) -> dict[str, Quality]:
    """Quality of every running rule in one county over `days`, by code. Two statements a day and the reader's.

    A rule that fails is left out: its figures would not be those of all days.
    """
    chosen = RULES if rules is None else rules
    truth = await planted(county)
    found: Found = {code: [] for code in chosen}
    for day in days:
        async with system(PART, timeout_ms=TIMEOUT_MS) as connection:
            holds = await in_force(connection, path, day)
            partition = await read_partition(connection, county, day)
        await asyncio.to_thread(_look, partition, chosen, holds, day, found)
    return {
        code: quality(episodes(told, days), truth.of(code), days, GRACE, truth.beside(code, chosen[code].of))
        for code, told in sorted(found.items())
    }


def _look(
    partition: Partition, rules: Mapping[str, Rule], holds: Mapping[str, InForce], day: date, found: Found
) -> None:
    clean = filtered(partition, scan_settings().power_limit).partition
    for code, rule in rules.items():
        if code not in holds or code not in found:
            continue
        try:
            seen = rule.findings(clean, holds[code].thresholds)
        except Exception:
            log.exception("%s failed on %s of %s: not measured", code, day, partition.county_code)
            del found[code]
            continue
        keys = clean.customers.number if rule.of == "customer" else clean.districts.code
        found[code] += [
            (day, str(key), day_of(since))
            for key, since in zip(keys[seen.position].tolist(), seen.since.tolist(), strict=True)
        ]


async def measure_and_store(county: str, path: str, days: Sequence[date]) -> dict[str, Quality]:
    """Measure a county and keep the figures."""
    figures = await measure(county, path, days)
    await store(county, figures, days)
    return figures
