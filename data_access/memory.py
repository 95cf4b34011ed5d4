"""Memory shared by requests: a cache bounded in bytes, and one computation for all who ask for the same thing at once.

Keys carry the database, the layer's version and the viewer's `scope_key`: people with equal rights share an entry,
others can't reach it because they can't name it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class ByteCache(Generic[Key, Value]):
    """Least recently used entries leave when the bytes of all pass the bound."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self._entries: OrderedDict[Key, tuple[Value, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Value | None:
        """The entry, now the most recently used one; None when absent."""
        found = self._entries.get(key)
        if found is None:
            return None
        self._entries.move_to_end(key)
        return found[0]

    def put(self, key: Key, value: Value, size: int) -> None:
        """Keeps `value`, counted as `size` bytes. What alone passes the bound is not kept."""
        self.discard(key)
        if size > self.max_bytes:
            return
        self._entries[key] = (value, size)
        self.bytes += size
        while self.bytes > self.max_bytes:
            _, (_, gone) = self._entries.popitem(last=False)
            self.bytes -= gone

    def discard(self, key: Key) -> None:
        """Forgets an entry, if there is one."""
        found = self._entries.pop(key, None)
        if found is not None:
            self.bytes -= found[1]

    def clear(self) -> None:
        """Forgets everything."""
        self._entries.clear()
        self.bytes = 0


class SingleFlight(Generic[Key, Value]):
    """The first who asks starts the work, the others wait for the same result.

    The work is a task of its own: a client that goes away cancels its own waiting, not the work of the others.
    """

    def __init__(self) -> None:
        self._running: dict[Key, asyncio.Task[Value]] = {}

    async def run(self, key: Key, make: Callable[[], Awaitable[Value]]) -> Value:
        """The result of `make()`, shared by all callers that arrive before it is there; its exception likewise."""
        task = self._running.get(key)
        if task is None or task.get_loop() is not asyncio.get_running_loop():
            task = asyncio.ensure_future(_as_coroutine(make))
            self._running[key] = task
            task.add_done_callback(lambda done: self._finished(key, done))
        return await asyncio.shield(task)

    def _finished(self, key: Key, done: asyncio.Task[Value]) -> None:
        if self._running.get(key) is done:
            del self._running[key]
        if not done.cancelled():
            done.exception()  # marks it as seen: every waiter may have gone


async def _as_coroutine(make: Callable[[], Awaitable[Value]]) -> Value:
    return await make()
