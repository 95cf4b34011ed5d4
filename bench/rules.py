"""Precision and recall of every running rule against what the demo planted, at the month ends of its history.

Simulated truth: it says that the rules find what they are meant to find and how much else they tell, not how often they
would be right in a real utility; for that there are the results on site (`data_access.rule_confidence`). The demo's
months are billed first, because rules read bills. Points aren't touched: everything is looked at in memory.
"""

import asyncio
from datetime import date, timedelta

import psycopg

from audit.catalogue import catalogue
from audit.performance import wilson_interval
from audit.rule_quality import Quality
from audit.rules.registry import RULES
from bench.report import Figure, summarise
from bench.target import in_this_process
from data_access.engine import dispose_engines
from data_access.risk_runs import counties
from jobs.billing_run import bill_run
from jobs.rule_quality import measure_and_store, month_ends

SIZE = "demo"
FIRST_MONTHS = 4
"""No rule is asked about the first months: it would have nothing to compare them with."""
_DUE = "SELECT county_code, id FROM billing_run WHERE state IN ('queued', 'running') ORDER BY month DESC, county_code"
_HISTORY = "SELECT min(day), max(day) FROM district_energy"
_ABROAD = "SELECT count(*) FROM demo_truth WHERE NOT anomaly_code = ANY (%s)"


def looked_at(first: date, last: date) -> list[date]:
    """Month ends of a history from `first` to `last`, without the first months."""
    months = (last.year - first.year) * 12 + last.month - first.month - FIRST_MONTHS
    return month_ends(last + timedelta(days=1), max(1, months))


def figures(address: str) -> list[Figure]:
    """Shares by rule and over all rules; how long it took. The figures are kept in `rule_quality` of the database.

    Raises:
        ValueError: the database holds no demo utility.
    """
    with psycopg.connect(address) as connection:
        due = connection.execute(_DUE).fetchall()
        first, last = connection.execute(_HISTORY).fetchone() or (None, None)
        abroad = connection.execute(_ABROAD, [list(RULES)]).fetchone()
    if first is None or last is None:
        raise ValueError("no energy to look at: load the demo utility first")
    days = looked_at(first, last)
    with in_this_process(address):
        known = asyncio.run(_measure(due, days))
    whole = sum(known.values(), Quality())
    waiting = abroad[0] if abroad else 0
    period = f"the demo utility at {len(days)} month ends from {days[0]} to {days[-1]}, simulated truth"
    result = [
        summarise("rules that were measured", "rules", [len(known)],
                  note=f"{period}; {waiting} planted anomalies of types whose rules don't run aren't counted")
    ]  # fmt: skip
    for name, one in (("all rules", whole), *sorted(known.items())):
        result += _shares(name, one)
    return result


async def _measure(due: list[tuple[str, int]], days: list[date]) -> dict[str, Quality]:
    for done, (county, run) in enumerate(due):
        if done % 200 == 0:
            print(f"billing the demo's months: {done:,} of {len(due):,}", flush=True)
        await bill_run(county, run)
    known: dict[str, Quality] = {}
    for county, path in await counties():
        for code, one in (await measure_and_store(county, path, days)).items():
            known[code] = known.get(code, Quality()) + one
    await dispose_engines()
    return known


def _shares(name: str, one: Quality) -> list[Figure]:
    kind = catalogue().by_code.get(name)
    label = name if kind is None else f"{name} {kind.name_en}"
    result = []
    for word, part, whole in (("precision", one.matched, one.detected), ("recall", one.found, one.planted)):
        interval = wilson_interval(part, whole)
        if interval is None:
            print(f"{label}: no {word}, nothing was {'told' if word == 'precision' else 'planted'}")
            continue
        note = f"{part:,} of {whole:,}, 95 %: {interval[0]:.2f} to {interval[1]:.2f}"
        if word == "precision":
            note += f"; of {whole - part:,} others {one.explained:,} at objects with another planted anomaly"
        result.append(
            Figure(figure=f"{label}: {word}", unit="share", samples=whole, median=part / whole, p95=part / whole,
                   higher_is_better=True, note=note)
        )  # fmt: skip
    return result
