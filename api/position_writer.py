"""One writer a process: gathers what phones send within milliseconds and stores it in one transaction.

A commit costs the same for one fix and for ten thousand; without gathering, a thousand phones would wait for each
other's commits. The queue is bounded: when the database is slower than the phones, they are told to come again, and
nothing is taken that was not stored.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg
import sqlalchemy.exc

from data_access.positions import Parcel, Receipt, store

log = logging.getLogger("gridaudit.positions")

GATHER_S = 0.004
GROUP_FIXES = 10_000
MAX_WAITING_FIXES = 100_000


class WriterBusy(Exception):
    """Too many fixes wait for the database already; the sender keeps its own and comes again."""


@dataclass(slots=True)
class _Waiting:
    parcel: Parcel
    size: int
    answer: asyncio.Future[Receipt]


class PositionWriter:
    """Takes parcels, answers each with its receipt after the commit, in the order of arrival."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._waiting: list[_Waiting] = []
        self._fixes = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write."""
        self._wake = asyncio.Event()  # an event belongs to the loop it was waited for on
        self._task = asyncio.create_task(self._run(), name="position writer")

    async def stop(self) -> None:
        """Write what waits, then end."""
        if self._task is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                while self._waiting:
                    self._wake.set()
                    await asyncio.sleep(0.01)
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._task = None
        for one in self._waiting:
            one.answer.cancel()
        self._waiting.clear()

    async def take(self, parcel: Parcel) -> Receipt:
        """Store `parcel`; returns after the commit.

        Raises:
            WriterBusy: too much waits already, or the writer has stopped.
            sqlalchemy.exc.SQLAlchemyError: the database refused or is away; nothing of the parcel is stored, or, when
                it went away in the middle of a commit, sending it again stores it once.
        """
        size = len(parcel.fixes) + 1
        if self._task is None or self._task.done() or self._fixes + size > MAX_WAITING_FIXES:
            raise WriterBusy
        waiting = _Waiting(parcel, size, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._fixes += size
        self._wake.set()
        return await waiting.answer

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(GATHER_S)
            while self._waiting:
                group = self._next_group()
                await self._write(group)

    def _next_group(self) -> list[_Waiting]:
        count = fixes = 0
        while count < len(self._waiting) and (count == 0 or fixes + self._waiting[count].size <= GROUP_FIXES):
            fixes += self._waiting[count].size
            count += 1
        group, self._waiting = self._waiting[:count], self._waiting[count:]
        self._fixes -= fixes
        return group

    async def _write(self, group: Sequence[_Waiting]) -> None:
        try:
            receipts = await store([one.parcel for one in group], now=self._clock())
        except (sqlalchemy.exc.DataError, sqlalchemy.exc.IntegrityError, psycopg.DataError) as error:
            if len(group) == 1:
                self._fail(group, error)
                return
            # One parcel spoils the transaction of all: let each have its own.
            log.warning("a group of %d parcels was refused, storing them one by one: %s", len(group), error)
            for one in group:
                await self._write([one])
        except Exception as error:
            self._fail(group, error)
        else:
            for one, receipt in zip(group, receipts, strict=True):
                if not one.answer.done():
                    one.answer.set_result(receipt)

    @staticmethod
    def _fail(group: Sequence[_Waiting], error: Exception) -> None:
        for one in group:
            if not one.answer.done():
                one.answer.set_exception(error)
