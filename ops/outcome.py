"""How preparing a database ended: the exit codes of `python -m ops.prepare`."""

from enum import IntEnum


class Outcome(IntEnum):
    """Exit codes."""

    READY = 0
    FAILED = 1
    INTERRUPTED = 3
    """A load was cut short: the database is to be begun anew."""
    FOREIGN = 4
    """The database holds data that is not the demo's."""
