"""`python -m jobs`: the queue's worker, and housekeeping every hour, until it is told to stop (SIGTERM, Ctrl-C)."""

import asyncio
import logging
import signal
from contextlib import suppress
from datetime import UTC, datetime

from data_access.engine import dispose_engines
from jobs.housekeeping import HousekeepingFailed, run_once
from jobs.worker import keep_working

EVERY_S = 3600.0
AFTER_FAILURE_S = 60.0

log = logging.getLogger("gridaudit.jobs")


async def keep_house(stop: asyncio.Event) -> None:
    """Rounds until `stop` is set; a round that failed is tried again after a minute."""
    while not stop.is_set():
        wait = EVERY_S
        try:
            await run_once(datetime.now(UTC))
        except HousekeepingFailed as failed:
            log.warning("a round was not whole, again in %d s: %s", AFTER_FAILURE_S, failed)
            wait = AFTER_FAILURE_S
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(stop.wait(), wait)


async def main() -> None:
    """Both, side by side, until a signal comes."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        await asyncio.gather(keep_house(stop), keep_working(stop))
    finally:
        await dispose_engines()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    asyncio.run(main())
