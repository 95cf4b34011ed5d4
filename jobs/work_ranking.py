"""The ranking for work of a county: made anew after each scan, and every night, so that Monday draws its controls."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from audit.work_ranking import controls_by_unit, draw, expected_yuan, week_of
from audit.work_settings import WorkSettings, work_settings
from data_access import rule_confidence
from data_access.rule_confidence import nearest
from data_access.tracks import today
from data_access.work_ranking import Basis, Ranked, basis_of, counties_with_points, write
from jobs.work_value import claim_of

log = logging.getLogger("gridaudit.risk")


def ranked(
    county: str, basis: Basis, week: date, settings: WorkSettings, learned: Mapping[str, Decimal] | None = None
) -> list[Ranked]:
    """The county's open points with what a visit is expected to bring. `learned`: customer → probability, where a
    score is current; else the rule's confidence counts, else the configured guess.
    """
    count = controls_by_unit(basis.visits, settings.control_share, settings.control_seed, week).get(county, 0)
    candidates = [point["number"] for point in basis.points]
    new = draw(candidates, count, settings.control_seed, week, basis.drawn)
    scores = learned or {}
    result = []
    for point in basis.points:
        code = point["anomaly_code"]
        probability = scores.get(point["customer_number"] or "")
        if probability is None:
            known = nearest(basis.confidence, code, basis.path)
            share = None if known is None else known.share
            probability = settings.probability_unknown if share is None else share
        claim = claim_of(point["number"], code, point["exposure_yuan"], point["energy_kwh"], settings)
        cost = settings.visit_cost_yuan["customer" if point["customer_number"] else "district"]
        number = point["number"]
        is_control = number in new or number in basis.drawn
        expected = expected_yuan(probability, claim.total, cost)
        result.append(Ranked(number, probability, claim.total, expected, is_control))
    return result


def changed(basis: Basis, found: list[Ranked], week: date) -> list[Ranked]:
    """Those that differ from what is on file: the same again leaves no trace."""
    before = {
        point["number"]: (point["probability"], point["recoverable_yuan"], point["expected_yuan"],
                          point["control_on"] if point["is_control"] else None)
        for point in basis.points
    }  # fmt: skip
    return [
        one
        for one in found
        if before[one.number] != (one.probability, one.recoverable, one.expected, week if one.is_control else None)
    ]


async def rank_county(county: str, now: datetime) -> int:
    """Rank a county's open points; how many of them changed.

    Raises:
        LookupError: there is no such county.
    """
    week = week_of(today(now))
    basis = await basis_of(county, week)
    if basis is None:
        raise LookupError(f"no county {county}")
    found = await asyncio.to_thread(ranked, county, basis, week, work_settings())
    return await write(county, changed(basis, found, week), week)


async def rank_all(now: datetime) -> int:
    """Every county that has open points, by the results on site up to today; how many points changed."""
    await rule_confidence.refresh(today(now), only_if_older=True)
    count = sum([await rank_county(county, now) for county in await counties_with_points()])
    log.info("ranking for work: %d points changed", count)
    return count
