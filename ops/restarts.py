"""When a part that has crashed is started again, and when the whole is given up. Pure: the clock is the caller's."""

from collections import deque
from dataclasses import dataclass, field


@dataclass
class Restarts:
    """The restarts of one part. Waits grow while crashes follow each other and begin anew after a quiet window."""

    limit: int = 5
    """This many crashes within the window are one too many."""
    window_seconds: float = 60.0
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 15.0
    _crashes: deque[float] = field(default_factory=deque)

    def wait_after_crash(self, now: float) -> float | None:
        """Seconds to wait before the next start; None: given up.

        >>> restarts = Restarts(limit=3)
        >>> [restarts.wait_after_crash(second) for second in (0, 1, 2)]
        [0.5, 1.0, None]
        >>> Restarts(limit=1).wait_after_crash(0) is None
        True
        """
        while self._crashes and now - self._crashes[0] > self.window_seconds:
            self._crashes.popleft()
        self._crashes.append(now)
        if len(self._crashes) >= self.limit:
            return None
        return min(self.first_wait_seconds * 2 ** (len(self._crashes) - 1), self.longest_wait_seconds)
