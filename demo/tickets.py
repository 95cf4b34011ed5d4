"""Ticket histories: each walks through the states of domain sheet 1.2 until it is closed or until now."""

from collections import defaultdict
from datetime import datetime, timedelta

import numpy as np

from demo.people import Staff
from demo.randomness import Streams
from demo.risks import Detected
from demo.size import Size
from demo.ticket_history import History, Ticket, first_facts
from demo.traits import trait
from demo.working_time import WorkingTime
from settings import DISPLAY_ZONE

__all__ = ["Ticket", "make_tickets", "rectification_of"]

RECTIFICATIONS = {
    "wrong_tariff": "tariff_corrected",
    "reading": "reading_corrected",
    "metering_fault": "meter_replaced",
    "theft": "supply_restored_after_payment",
    "line_loss": "loss_reduced",
    "mapping": "mapping_corrected",
    "receipts": "account_settled",
    "generation": "contract_corrected",
    "service": "customer_answered",
    "process": "process_corrected",
}
"""Cause class → what put it right; codes, their words belong to the interface."""


def make_tickets(size: Size, points: list[Detected], staff: Staff, streams: Streams, now: datetime) -> list[Ticket]:
    """`size.tickets` tickets in order of opening; about `size.open_tickets` of them still open.

    The object's open ticket takes a second point of the same topic in (domain sheet 1.2: merge, don't create).
    """
    chance = streams.of("tickets")
    first = min(point.at for point in points).astimezone(DISPLAY_ZONE).date()
    times = WorkingTime(first - timedelta(days=3), now.astimezone(DISPLAY_ZONE).date() + timedelta(days=90))
    open_until: dict[tuple[str, str], datetime] = {}
    numbers: dict[int, int] = defaultdict(int)
    found = []
    for index in _chosen(size, points, now, chance):
        point = points[index]
        key = (point.code, point.account.number if point.account else point.district.code)
        opened = (point.at + timedelta(minutes=int(chance.integers(2, 50)))).replace(microsecond=0)
        if opened > now or open_until.get(key, opened) > opened:
            continue
        year = opened.astimezone(DISPLAY_ZONE).year
        numbers[year] += 1
        ticket = Ticket(point, first_facts(point, f"T{year}-{numbers[year]:04d}", opened))
        History(ticket, staff, times, now, chance).run()
        open_until[key] = ticket.closed_at or datetime.max.replace(tzinfo=now.tzinfo)
        found.append(ticket)
    return found


def _chosen(size: Size, points: list[Detected], now: datetime, chance: np.random.Generator) -> list[int]:
    """Indices of the points that become tickets: higher levels and larger amounts rather than others.

    The last weeks get as many as it takes for the wanted number of open tickets; merging loses a few, so some more are
    drawn than wanted.
    """
    weights = np.array([{1: 4.0, 2: 2.2, 3: 1.2, 4: 0.6}[point.level] for point in points])
    weights *= np.array([1.5 if point.exposure_yuan > 1_000 else 1.0 for point in points])
    recent = np.array([now - point.at < timedelta(days=35) for point in points])
    lately = min(int(recent.sum()), round(size.open_tickets * 2.1))
    before = min(int((~recent).sum()), max(0, round(size.tickets * 1.07) - lately))
    chosen: list[int] = []
    for mask, count in ((~recent, before), (recent, lately)):
        members = np.flatnonzero(mask)
        share = weights[members] / weights[members].sum()
        chosen += chance.choice(members, count, replace=False, p=share).tolist()
    return sorted(chosen)


def rectification_of(ticket: Ticket) -> tuple[str, str]:
    """Cause class and rectification of a confirmed problem, as codes."""
    cause = trait(ticket.risk.code).cause
    return cause, RECTIFICATIONS[cause]
