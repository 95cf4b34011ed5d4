"""Who a cookie or a token stands for, whether it still does, and how it is renewed and taken back.

A session lives as one row: idle and absolute limits are judged by the database's clock, the secret changes every few
minutes and its predecessor stays good for `GRACE` (requests already on their way). Answers are kept for at most
`session.recheck_seconds`, so that fifty tiles cost one query and a revoked session is still refused within seconds.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal, cast

from sqlalchemy import RowMapping, text

from data_access.access_feed import announce
from data_access.engine import database_address, system
from data_access.log import log_action
from data_access.memory import SingleFlight
from data_access.scope import Viewer
from data_access.secret import MAX_LENGTH, digest, new_secret
from settings import get_settings

PART = "access"
Language = Literal["en", "zh"]
GRACE = timedelta(seconds=30)
TOUCH_EVERY = timedelta(seconds=60)
CACHE_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A good cookie or token: who it stands for, and whether its secret is due to be changed."""

    viewer: Viewer
    rotation_due: bool = False


_ACCOUNT = (
    "account.id AS user_id, account.login, account.role, account.org_path::text AS org_path, account.employee_number,"
    " account.language, account.display_name"
)
_STANDS = (
    "session.revoked_at IS NULL AND account.disabled_at IS NULL"
    " AND session.created_at > now() - CAST(:absolute AS interval)"
    " AND session.seen_at > now() - CAST(:idle AS interval)"
)
_BY_COOKIE = text(
    f"SELECT session.id AS key, {_ACCOUNT},"  # noqa: S608 - constants of this file
    " session.token_hash = :digest AND session.rotated_at <= now() - CAST(:rotate AS interval) AS rotation_due,"
    " session.seen_at <= now() - CAST(:touch AS interval) AS touch_due"
    " FROM user_session AS session JOIN app_user AS account ON account.id = session.user_id"
    " WHERE (session.token_hash = :digest"
    "  OR (session.previous_token_hash = :digest AND session.rotated_at > now() - CAST(:grace AS interval)))"
    f" AND {_STANDS}"
)
_BY_KEYS = text(
    f"SELECT session.id AS key, {_ACCOUNT}"  # noqa: S608
    " FROM user_session AS session JOIN app_user AS account ON account.id = session.user_id"
    f" WHERE session.id = ANY(CAST(:keys AS uuid[])) AND {_STANDS}"
)
_TOKEN_STANDS = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())"  # noqa: S105 - a condition
_TOKEN = "SELECT id AS key, kind, label, role, org_path::text AS org_path FROM api_token WHERE "  # noqa: S105
_BY_TOKEN = text(f"{_TOKEN} token_hash = :digest AND {_TOKEN_STANDS}")
_BY_TOKEN_KEYS = text(f"{_TOKEN} id = ANY(CAST(:keys AS uuid[])) AND {_TOKEN_STANDS}")


def _limits() -> dict[str, timedelta]:
    session = get_settings().session
    return {
        "absolute": timedelta(hours=session.absolute_hours),
        "idle": timedelta(minutes=session.idle_minutes),
    }


def _person(row: RowMapping) -> Viewer:
    return Viewer(
        subject=row["login"],
        role=row["role"],
        org_path=row["org_path"],
        kind="user",
        user_id=str(row["user_id"]),
        employee_number=row["employee_number"],
        session_key=str(row["key"]),
        language=row["language"],
        display_name=row["display_name"],
    )


def _token(row: RowMapping) -> Viewer:
    return Viewer(
        subject=f"{row['kind']}:{row['label']}",
        role=row["role"],
        org_path=row["org_path"],
        kind=row["kind"],
        session_key=str(row["key"]),
        language=get_settings().web.default_language,
        display_name=row["label"],
    )


_known: dict[tuple[str, str, str], tuple[float, Entry | None]] = {}
_asking: SingleFlight[tuple[str, str, str], Entry | None] = SingleFlight()


def forget(key: str | None = None) -> None:
    """Drops what this process remembers about a user, session or token id (about all without one)."""
    if key is None:
        _known.clear()
        return
    for name, (_, entry) in list(_known.items()):
        if entry is not None and key in (entry.viewer.user_id, entry.viewer.session_key):
            del _known[name]


async def _remembered(kind: str, secret: str) -> Entry | None:
    if not 20 <= len(secret) <= MAX_LENGTH or not secret.isascii():
        return None
    name = (database_address(), kind, digest(secret))
    known = _known.get(name)
    if known is not None and known[0] > time.monotonic():
        return known[1]
    asked = time.monotonic()
    entry = await _asking.run(name, lambda: _ask_session(name[2]) if kind == "session" else _ask_token(name[2]))
    if len(_known) >= CACHE_MAX:
        _known.clear()
    _known[name] = (asked + min(get_settings().session.recheck_seconds, 2.0), entry)
    return entry


async def _ask_session(stored: str) -> Entry | None:
    parameters = {
        "digest": stored,
        "grace": GRACE,
        "touch": TOUCH_EVERY,
        "rotate": timedelta(minutes=get_settings().session.rotate_minutes),
        **_limits(),
    }
    async with system(PART) as connection:
        row = (await connection.execute(_BY_COOKIE, parameters)).mappings().one_or_none()
        if row is None:
            return None
        if row["touch_due"]:
            await connection.execute(
                text("UPDATE user_session SET seen_at = now() WHERE id = :key AND revoked_at IS NULL"),
                {"key": row["key"]},
            )
    return Entry(_person(row), bool(row["rotation_due"]))


async def _ask_token(stored: str) -> Entry | None:
    async with system(PART) as connection:
        row = (await connection.execute(_BY_TOKEN, {"digest": stored})).mappings().one_or_none()
    return None if row is None else Entry(_token(row))


async def by_cookie(secret: str) -> Entry | None:
    """Who the session cookie stands for; None when it is unknown, revoked, idle too long or too old."""
    return await _remembered("session", secret)


async def by_token(secret: str) -> Entry | None:
    """Who a wall or api token stands for; None when it is unknown, revoked or expired."""
    return await _remembered("token", secret)


async def open_session(connection: Any, user_id: str, *, address: str | None, agent: str | None) -> str:
    """A new session of a user inside the caller's transaction; returns the cookie's secret."""
    secret = new_secret("gas_")
    await connection.execute(
        text(
            "INSERT INTO user_session (token_hash, user_id, address, agent)"
            " VALUES (:digest, CAST(:user_id AS uuid), :address, :agent)"
        ),
        {"digest": digest(secret), "user_id": user_id, "address": address, "agent": (agent or "")[:300]},
    )
    return secret


async def rotate(viewer: Viewer, secret: str) -> str | None:
    """Changes the secret of a session; of several requests that ask at once exactly one gets the new secret.

    The others get None and go on: the old secret stays good for `GRACE`.
    """
    fresh = new_secret("gas_")
    async with system(PART) as connection:
        changed = await connection.execute(
            text(
                "UPDATE user_session SET previous_token_hash = token_hash, token_hash = :fresh, rotated_at = now(),"
                " seen_at = now() WHERE id = CAST(:key AS uuid) AND token_hash = :old AND revoked_at IS NULL"
            ),
            {"fresh": digest(fresh), "key": viewer.session_key, "old": digest(secret)},
        )
    if viewer.session_key:
        forget(viewer.session_key)
    return fresh if changed.rowcount == 1 else None


async def still_valid_all(viewers: Iterable[Viewer]) -> dict[str, Viewer]:
    """Which of these sign-ins still stand, and with which rights now, by `session_key`: one query for sessions, one for
    tokens, whatever their number. What is missing in the answer no longer stands.

    Language is kept as the viewer has it: it may be this screen's own choice.
    """
    asked = {viewer.session_key: viewer for viewer in viewers if viewer.session_key}
    people = [key for key, viewer in asked.items() if viewer.kind == "user"]
    tokens = [key for key, viewer in asked.items() if viewer.kind != "user"]
    found: list[Viewer] = []
    async with system(PART) as connection:
        if people:
            rows = (await connection.execute(_BY_KEYS, {"keys": people, **_limits()})).mappings()
            found += [_person(row) for row in rows]
        if tokens:
            rows = (await connection.execute(_BY_TOKEN_KEYS, {"keys": tokens})).mappings()
            found += [_token(row) for row in rows]
    answer: dict[str, Viewer] = {}
    for viewer in found:
        key = cast(str, viewer.session_key)
        answer[key] = in_language(viewer, asked[key].language)
    return answer


async def still_valid(viewer: Viewer) -> Viewer | None:
    """The viewer with the rights it has now, or None when its sign-in no longer stands. Always asks the database."""
    return (await still_valid_all([viewer])).get(viewer.session_key or "")


def in_language(viewer: Viewer, language: Language) -> Viewer:
    """The same viewer, reading another language."""
    return viewer if viewer.language == language else replace(viewer, language=language)


async def sign_out(viewer: Viewer, *, everywhere: bool = False) -> int:
    """Ends the viewer's session, or all sessions of the same account. Returns how many ended."""
    async with system(PART) as connection:
        condition = "user_id = CAST(:user_id AS uuid)" if everywhere else "id = CAST(:key AS uuid)"
        ended = await connection.execute(
            text(f"UPDATE user_session SET revoked_at = now() WHERE {condition} AND revoked_at IS NULL"),  # noqa: S608
            {"user_id": viewer.user_id, "key": viewer.session_key} if everywhere else {"key": viewer.session_key},
        )
        action = "sign_out_everywhere" if everywhere else "sign_out"
        await log_action(connection, viewer, action, "user", viewer.user_id or viewer.subject)
        await announce(connection, viewer.user_id or "", viewer.org_path, action)
    forget(viewer.user_id)
    return ended.rowcount


async def end_sessions_of(connection: Any, user_id: str) -> None:
    """Revokes every session of an account inside the caller's transaction (password changed, account disabled)."""
    await connection.execute(
        text(
            "UPDATE user_session SET revoked_at = now() WHERE user_id = CAST(:user_id AS uuid) AND revoked_at IS NULL"
        ),
        {"user_id": user_id},
    )


async def prune_access(keep: timedelta = timedelta(days=30)) -> int:
    """Deletes sessions that ended longer ago than `keep`, and sign-in attempts older than a day."""
    async with system(PART) as connection:
        gone = await connection.execute(
            text(
                "DELETE FROM user_session WHERE LEAST(revoked_at, created_at + CAST(:absolute AS interval))"
                " < now() - CAST(:keep AS interval)"
            ),
            {"keep": keep, "absolute": _limits()["absolute"]},
        )
        await connection.execute(text("DELETE FROM sign_in_attempt WHERE at < now() - interval '1 day'"))
    return gone.rowcount
