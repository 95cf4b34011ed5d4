"""Throttled sign-in: how often an account or a network address may fail within a window.

An attempt is counted before the password is looked at, under a lock for the account and one for the address: a
thousand parallel guesses get no more tries than guesses in a row. A refused attempt isn't counted, so somebody who
keeps trying isn't kept out forever.
"""

import math
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from settings import get_settings

LOCK_SPACE = 4703205
_LOCK = text(
    "SELECT pg_advisory_xact_lock(:space, lock) FROM"
    " (SELECT DISTINCT lock FROM unnest(ARRAY[hashtext('login ' || :login), hashtext('address ' || :address)]) AS lock"
    "  ORDER BY lock) AS locks"
)
# When the failures of an account reach the limit, the next try is free as soon as the oldest of the last `limit`
# failures leaves the window. A success wipes an account clean, but not an address: whoever has one account may not use
# it to guess the others.
_WAIT = text(
    "SELECT GREATEST("
    " (SELECT at FROM sign_in_attempt WHERE login = :login AND NOT succeeded AND at > now() - CAST(:span AS interval)"
    "  AND at > COALESCE((SELECT max(at) FROM sign_in_attempt WHERE login = :login AND succeeded), '-infinity')"
    "  ORDER BY at DESC OFFSET :per_account LIMIT 1),"
    " (SELECT at FROM sign_in_attempt WHERE address = :address AND NOT succeeded"
    "  AND at > now() - CAST(:span AS interval) ORDER BY at DESC OFFSET :per_address LIMIT 1)"
    ") + CAST(:span AS interval) - now()"
)


class TooManyAttempts(Exception):
    """Sign-in was tried too often; `seconds` until the next try is looked at."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, math.ceil(seconds))
        self.minutes = max(1, math.ceil(seconds / 60))
        super().__init__(f"too many sign-in attempts, next in {self.seconds} s")


async def begin_attempt(connection: AsyncConnection, login: str, address: str) -> int:
    """Counts an attempt as failed until `succeed` says otherwise; returns its number. Commit before the password check.

    Raises:
        TooManyAttempts: the account or the address has used up its tries.
    """
    session = get_settings().session
    who = {"login": login, "address": address}
    await connection.execute(_LOCK, {"space": LOCK_SPACE, **who})
    wait = (
        await connection.execute(
            _WAIT,
            {
                "span": timedelta(minutes=session.attempt_window_minutes),
                "per_account": session.attempts_per_account - 1,
                "per_address": session.attempts_per_address - 1,
                **who,
            },
        )
    ).scalar_one()
    if wait is not None:
        raise TooManyAttempts(wait.total_seconds())
    made = await connection.execute(
        text("INSERT INTO sign_in_attempt (login, address, succeeded) VALUES (:login, :address, false) RETURNING id"),
        who,
    )
    return int(made.scalar_one())


async def succeed(connection: AsyncConnection, attempt: int) -> None:
    """Marks an attempt as good."""
    await connection.execute(text("UPDATE sign_in_attempt SET succeeded = true WHERE id = :id"), {"id": attempt})
