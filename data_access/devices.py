"""Whose device is it: tokens of phones and receivers, remembered for seconds and forgotten when rights change."""

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import cast

from sqlalchemy import text

from data_access.engine import database_address, system
from data_access.secret import digest
from geo.coordinates import CoordinateSystem

REMEMBER_S = 30.0
"""Upper bound; the change feed's `access` entries make a revoked token forgotten at once."""
REMEMBER_UNKNOWN_S = 2.0
MAX_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDevice:
    """A device that may send. Its employee gives the county and unit that the fixes belong to."""

    device_id: str
    employee_number: str
    county_code: str
    org_path: str
    coordinate_system: CoordinateSystem


_remembered: OrderedDict[tuple[str, str], tuple[float, KnownDevice | None]] = OrderedDict()

_BY_HASH = text(
    "SELECT device.id::text AS device_id, device.employee_number, COALESCE(employee.county_code, '') AS county_code,"
    " employee.org_path::text AS org_path, device.coordinate_system"
    " FROM device JOIN employee ON employee.number = device.employee_number"
    " WHERE device.token_hash = :hash AND device.revoked_at IS NULL"
)


def forget_devices() -> None:
    """Ask the database again for every device: somebody's rights changed."""
    _remembered.clear()


async def by_token(token: str) -> KnownDevice | None:
    """The device with this token, None when there is none or it was revoked. At most one statement."""
    key = (database_address(), digest(token))
    found = _remembered.get(key)
    now = time.monotonic()
    if found is not None and found[0] > now:
        return found[1]
    async with system("devices") as connection:
        row = (await connection.execute(_BY_HASH, {"hash": key[1]})).mappings().one_or_none()
    device = None
    if row is not None:
        fields = {**row, "coordinate_system": cast(CoordinateSystem, row["coordinate_system"])}
        device = KnownDevice(**fields)
    _remembered[key] = (now + (REMEMBER_S if device else REMEMBER_UNKNOWN_S), device)
    while len(_remembered) > MAX_REMEMBERED:
        _remembered.popitem(last=False)
    return device
