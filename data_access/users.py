"""Accounts: sign-in, passwords, roles. The whole of access is reached from here: sessions and tokens are re-exported.

Everything runs under `system("access")`: nobody has signed in yet, or somebody's rights are being changed. Each change
writes the audit log and a feed entry of kind `access` in its own transaction.
"""

import re
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.access_feed import announce
from data_access.attempts import TooManyAttempts, begin_attempt, succeed
from data_access.engine import system
from data_access.log import log_action
from data_access.passwords import UnfitPassword, check_new, hashed, outdated, verified
from data_access.scope import ROLES, Role, Viewer
from data_access.sessions import (
    PART,
    Entry,
    by_cookie,
    by_token,
    end_sessions_of,
    forget,
    in_language,
    open_session,
    prune_access,
    rotate,
    sign_out,
    still_valid,
    still_valid_all,
)
from data_access.tokens import (
    IssuedToken,
    UnknownObject,
    make_api_token,
    make_device,
    make_wall_token,
    revoke_device,
    revoke_token,
)

__all__ = [
    "Entry",
    "IssuedToken",
    "SignedIn",
    "TooManyAttempts",
    "UnfitPassword",
    "UnknownObject",
    "WrongPassword",
    "by_cookie",
    "by_token",
    "change_role",
    "create_user",
    "data_is_demo",
    "disable_user",
    "forget",
    "in_language",
    "make_api_token",
    "make_device",
    "make_wall_token",
    "prune_access",
    "revoke_device",
    "revoke_token",
    "rotate",
    "set_password",
    "sign_in",
    "sign_out",
    "still_valid",
    "still_valid_all",
]

LOGIN = re.compile(r"[\w.@-]{1,64}")


class WrongPassword(Exception):
    """The name is unknown, the account is disabled, or the password is wrong: which one isn't told."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh sign-in: the cookie's secret, and whose it is."""

    secret: str = field(repr=False)
    login: str
    display_name: str
    role: str
    language: str


def normal_login(login: str) -> str:
    """The form in which logins are stored and looked up."""
    return login.strip().casefold()


async def create_user(
    login: str,
    password: str,
    *,
    display_name: str,
    role: Role,
    org_path: str,
    employee_number: str | None = None,
    language: str = "zh",
    is_demo: bool = False,
    by: Viewer | None = None,
) -> str:
    """A new account; returns its id.

    Raises:
        UnfitPassword: too short or too easy; not asked of demo accounts.
        ValueError: the login has other characters than letters, digits, `.`, `_`, `@`, `-`; an unknown role; the
            login is taken.
        UnknownObject: there is no unit with this path, or no such employee.
    """
    login = normal_login(login)
    if not LOGIN.fullmatch(login):
        raise ValueError(f"login {login!r}: expected 1 to 64 letters, digits, '.', '_', '@' or '-'")
    if role not in ROLES or role in ("wall", "gis"):
        raise ValueError(f"role {role!r}: expected a role of people, one of {ROLES[:5]}")
    if not is_demo:
        check_new(login, password)
    password_hash = await hashed(password)
    async with system(PART) as connection:
        if (
            await connection.execute(
                text("SELECT 1 FROM organisation WHERE org_path = CAST(:path AS ltree)"), {"path": org_path}
            )
        ).one_or_none() is None:
            raise UnknownObject("unit", org_path)
        try:
            made = await connection.execute(
                text(
                    "INSERT INTO app_user (login, display_name, password_hash, role, employee_number, org_path,"
                    " language, is_demo) VALUES (:login, :display_name, :password_hash, :role, :employee_number,"
                    " CAST(:org_path AS ltree), :language, :is_demo) RETURNING id"
                ),
                {
                    "login": login,
                    "display_name": display_name,
                    "password_hash": password_hash,
                    "role": role,
                    "employee_number": employee_number,
                    "org_path": org_path,
                    "language": language,
                    "is_demo": is_demo,
                },
            )
        except IntegrityError as error:
            if "employee" in str(error.orig):
                raise UnknownObject("employee", employee_number or "") from None
            raise ValueError(f"login {login!r} is taken") from None
        user_id = str(made.scalar_one())
        await log_action(
            connection, by, "user_created", "user", user_id, {"login": login, "role": role}, org_path=org_path
        )
        await announce(connection, user_id, org_path, "created")
    return user_id


async def _account(connection: AsyncConnection, login: str) -> tuple[str, str]:
    """Id and path of an account, its row locked.

    Raises:
        UnknownObject: there is none.
    """
    row = (
        await connection.execute(
            text("SELECT id, org_path::text FROM app_user WHERE login = :login FOR UPDATE"),
            {"login": normal_login(login)},
        )
    ).one_or_none()
    if row is None:
        raise UnknownObject("user", login)
    return str(row[0]), row[1]


async def set_password(login: str, password: str, *, by: Viewer | None = None) -> None:
    """Gives an account a new password and ends all its sessions.

    Raises:
        UnfitPassword: too short or too easy.
        UnknownObject: there is no such account.
    """
    check_new(normal_login(login), password)
    password_hash = await hashed(password)
    async with system(PART) as connection:
        user_id, org_path = await _account(connection, login)
        await connection.execute(
            text("UPDATE app_user SET password_hash = :password_hash WHERE id = CAST(:id AS uuid)"),
            {"password_hash": password_hash, "id": user_id},
        )
        await end_sessions_of(connection, user_id)
        await log_action(connection, by, "password_set", "user", user_id, org_path=org_path)
        await announce(connection, user_id, org_path, "password_set")
    forget(user_id)


async def disable_user(login: str, *, by: Viewer | None = None) -> None:
    """Closes an account and ends all its sessions.

    Raises:
        UnknownObject: there is no such account.
    """
    async with system(PART) as connection:
        user_id, org_path = await _account(connection, login)
        await connection.execute(
            text("UPDATE app_user SET disabled_at = COALESCE(disabled_at, now()) WHERE id = CAST(:id AS uuid)"),
            {"id": user_id},
        )
        await end_sessions_of(connection, user_id)
        await log_action(connection, by, "user_disabled", "user", user_id, org_path=org_path)
        await announce(connection, user_id, org_path, "disabled")
    forget(user_id)


async def change_role(login: str, role: Role, *, org_path: str | None = None, by: Viewer | None = None) -> None:
    """Gives an account another role, or another unit as well. Open sessions go on with the new rights.

    Raises:
        ValueError: an unknown role.
        UnknownObject: there is no such account, or no unit with this path.
    """
    if role not in ROLES or role in ("wall", "gis"):
        raise ValueError(f"role {role!r}: expected a role of people, one of {ROLES[:5]}")
    async with system(PART) as connection:
        user_id, before = await _account(connection, login)
        after = org_path or before
        changed = await connection.execute(
            text(
                "UPDATE app_user SET role = :role, org_path = CAST(:path AS ltree) WHERE id = CAST(:id AS uuid)"
                " AND EXISTS (SELECT 1 FROM organisation WHERE org_path = CAST(:path AS ltree))"
            ),
            {"role": role, "path": after, "id": user_id},
        )
        if changed.rowcount == 0:
            raise UnknownObject("unit", after)
        detail = {"role": role, "from_unit": before, "to_unit": after}
        await log_action(connection, by, "role_changed", "user", user_id, detail, org_path=after)
        await announce(connection, user_id, after, "role_changed")
    forget(user_id)


async def sign_in(
    login: str, password: str, *, address: str, agent: str | None = None, replaces: Viewer | None = None
) -> SignedIn:
    """Checks name and password and opens a new session; the one that the browser had before (`replaces`) ends.

    The attempt is counted and committed before the password is checked; no connection is held during the check.

    Raises:
        WrongPassword: it doesn't fit, or there is no such account, or it is disabled.
        TooManyAttempts: the account or the address has used up its tries.
    """
    login = normal_login(login)[:200]
    async with system(PART) as connection:
        attempt = await begin_attempt(connection, login, address)
        account = (
            (
                await connection.execute(
                    text(
                        "SELECT id, password_hash, display_name, role, language, org_path::text AS org_path"
                        " FROM app_user WHERE login = :login AND disabled_at IS NULL"
                    ),
                    {"login": login},
                )
            )
            .mappings()
            .one_or_none()
        )
    good = await verified(account["password_hash"] if account else None, password)
    if not good or account is None:
        await _log_failure(login, account["org_path"] if account else None, address)
        raise WrongPassword
    user_id = str(account["id"])
    rehashed = await hashed(password) if outdated(account["password_hash"]) else None
    async with system(PART) as connection:
        await succeed(connection, attempt)
        if rehashed:
            await connection.execute(
                text("UPDATE app_user SET password_hash = :hash WHERE id = CAST(:id AS uuid)"),
                {"hash": rehashed, "id": user_id},
            )
        if replaces:
            await connection.execute(
                text("UPDATE user_session SET revoked_at = now() WHERE id = CAST(:id AS uuid) AND revoked_at IS NULL"),
                {"id": replaces.session_key},
            )
        secret = await open_session(connection, user_id, address=address, agent=agent)
        await log_action(
            connection, None, "sign_in", "user", user_id, {"role": account["role"]}, address,
            org_path=account["org_path"], subject=login,
        )  # fmt: skip
    if replaces:
        forget(replaces.session_key)
    return SignedIn(secret, login, account["display_name"], account["role"], account["language"])


async def _log_failure(login: str, org_path: str | None, address: str) -> None:
    async with system(PART) as connection:
        if org_path is None:
            # Nobody's account: the line stands at the top unit, where an administrator reads it.
            top = text("SELECT org_path::text FROM organisation ORDER BY level LIMIT 1")
            org_path = (await connection.execute(top)).scalar_one_or_none() or ""
        await log_action(
            connection, None, "sign_in_failed", "login", login, {}, address, org_path=org_path, subject=login
        )


async def data_is_demo() -> bool:
    """Whether this database holds the demo utility: its accounts say so."""
    async with system(PART) as connection:
        found = await connection.execute(text("SELECT EXISTS (SELECT 1 FROM app_user WHERE is_demo)"))
        return bool(found.scalar_one())
