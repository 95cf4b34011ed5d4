"""The clocks of tickets, looked at every few minutes: reminders (催办) before a deadline, supervision (督办) after it,
escalation of what stays late, and the end of suspensions.
"""

import logging
from collections import Counter
from datetime import datetime

from data_access.ticket_clock import tickets_to_look_at
from data_access.tickets import keep_clock

log = logging.getLogger("gridaudit.clock")


async def run_clock(now: datetime) -> Counter[str]:
    """One round; how often each action was taken. A ticket that fails is told and does not keep the others waiting."""
    done: Counter[str] = Counter()
    async for county, number in tickets_to_look_at(now):
        try:
            done.update(await keep_clock(county, number, now))
        except Exception:
            log.exception("the clock of %s stands still", number)
            done["failed"] += 1
    if done:
        log.info("tickets: %s", dict(done))
    return done
