"""Tokens of wall screens, other systems and inspectors' devices: made once, shown once, stored hashed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import text

from data_access.access_feed import announce
from data_access.engine import system
from data_access.log import log_action
from data_access.scope import Viewer
from data_access.secret import digest, new_secret
from data_access.sessions import PART, forget

PREFIX = {"wall": "gaw_", "api": "gaa_", "device": "gad_"}


class UnknownObject(Exception):
    """There is no such user, employee, unit or token."""

    def __init__(self, kind: str, key: str) -> None:
        super().__init__(f"no {kind} {key!r}")
        self.kind = kind
        self.key = key


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token just made. `secret` is shown to whoever asked for it and exists nowhere else."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"IssuedToken(id={self.id!r}, secret=…)"


async def _make_token(
    kind: Literal["wall", "api"], label: str, role: str, org_path: str, expires_at: datetime | None, by: Viewer | None
) -> IssuedToken:
    secret = new_secret(PREFIX[kind])
    async with system(PART) as connection:
        known = await connection.execute(
            text("SELECT 1 FROM organisation WHERE org_path = CAST(:path AS ltree)"), {"path": org_path}
        )
        if known.one_or_none() is None:
            raise UnknownObject("unit", org_path)
        made = await connection.execute(
            text(
                "INSERT INTO api_token (kind, label, role, token_hash, org_path, created_by, expires_at)"
                " VALUES (:kind, :label, :role, :digest, CAST(:path AS ltree), :by, :expires_at) RETURNING id"
            ),
            {
                "kind": kind,
                "label": label,
                "role": role,
                "digest": digest(secret),
                "path": org_path,
                "by": by.subject if by else "system",
                "expires_at": expires_at,
            },
        )
        key = str(made.scalar_one())
        detail = {"label": label, "role": role}
        await log_action(connection, by, f"{kind}_token_made", "api_token", key, detail, org_path=org_path)
        await announce(connection, key, org_path, "made")
    return IssuedToken(key, secret)


async def make_wall_token(
    label: str, org_path: str, *, expires_at: datetime | None = None, by: Viewer | None = None
) -> IssuedToken:
    """A token for a wall screen that shows the unit at `org_path`. It opens the wall and what the wall loads, no more.

    Raises:
        UnknownObject: there is no unit with this path.
    """
    return await _make_token("wall", label, "wall", org_path, expires_at, by)


async def make_api_token(
    label: str,
    org_path: str,
    *,
    role: Literal["gis", "lead", "manager", "supervisor"] = "gis",
    expires_at: datetime | None = None,
    by: Viewer | None = None,
) -> IssuedToken:
    """A token with which another system reads `/api` and `/tiles`, and as a supervisor also reports suspicions.

    Raises:
        UnknownObject: there is no unit with this path.
    """
    return await _make_token("api", label, role, org_path, expires_at, by)


async def revoke_token(token_id: str, *, by: Viewer | None = None) -> None:
    """Takes a wall or api token back at once.

    Raises:
        UnknownObject: there is no such token, or it was revoked before.
    """
    async with system(PART) as connection:
        gone = await connection.execute(
            text(
                "UPDATE api_token SET revoked_at = now() WHERE id = CAST(:key AS uuid) AND revoked_at IS NULL"
                " RETURNING org_path::text"
            ),
            {"key": token_id},
        )
        org_path = gone.scalar_one_or_none()
        if org_path is None:
            raise UnknownObject("token", token_id)
        await log_action(connection, by, "token_revoked", "api_token", token_id, org_path=org_path)
        await announce(connection, token_id, org_path, "revoked")
    forget(token_id)


async def make_device(
    employee_number: str,
    *,
    label: str = "",
    coordinate_system: Literal["wgs84", "gcj02", "bd09"] = "wgs84",
    by: Viewer | None = None,
) -> IssuedToken:
    """A token with which an inspector's phone sends positions.

    Raises:
        UnknownObject: there is no such employee.
    """
    secret = new_secret(PREFIX["device"])
    async with system(PART) as connection:
        made = await connection.execute(
            text(
                "INSERT INTO device (employee_number, label, coordinate_system, token_hash, org_path)"
                " SELECT number, :label, :coordinate_system, :digest, org_path FROM employee WHERE number = :number"
                " RETURNING id, org_path::text"
            ),
            {
                "number": employee_number,
                "label": label,
                "coordinate_system": coordinate_system,
                "digest": digest(secret),
            },
        )
        row = made.one_or_none()
        if row is None:
            raise UnknownObject("employee", employee_number)
        key, org_path = str(row[0]), row[1]
        detail = {"employee": employee_number, "label": label}
        await log_action(connection, by, "device_made", "device", key, detail, org_path=org_path)
        await announce(connection, key, org_path, "made")
    return IssuedToken(key, secret)


async def revoke_device(device_id: str, *, by: Viewer | None = None) -> None:
    """Takes a device's token back at once.

    Raises:
        UnknownObject: there is no such device, or it was revoked before.
    """
    async with system(PART) as connection:
        gone = await connection.execute(
            text(
                "UPDATE device SET revoked_at = now() WHERE id = CAST(:key AS uuid) AND revoked_at IS NULL"
                " RETURNING org_path::text"
            ),
            {"key": device_id},
        )
        org_path = gone.scalar_one_or_none()
        if org_path is None:
            raise UnknownObject("device", device_id)
        await log_action(connection, by, "device_revoked", "device", device_id, org_path=org_path)
        await announce(connection, device_id, org_path, "revoked")
