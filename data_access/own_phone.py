"""The phone that an inspector has signed in with: a sender of positions without a device token of its own.

A session shows who holds the phone, so the page may send that person's fixes and switch that person's shift, through
the same rules as any device.
"""

from uuid import UUID, uuid5

from sqlalchemy import text

from data_access.devices import KnownDevice
from data_access.engine import reading
from data_access.scope import Viewer

_NAMESPACE = UUID("6f1f2c1e-2a53-4f0e-9d57-3c1f0b6f5a11")
"""Of the names that stand for a person's page; refusals are counted under them as under a device's id."""
_EMPLOYEE = text(
    "SELECT number, COALESCE(county_code, '') AS county_code, org_path::text AS org_path FROM employee"
    " WHERE number = :number"
)


async def own_phone(viewer: Viewer) -> KnownDevice | None:
    """The viewer's page as a device; None for somebody who is no inspector with a file in sight. One statement.

    Browsers give WGS-84 by their standard (Geolocation API, section 5).
    """
    if viewer.kind != "user" or viewer.role != "inspector" or viewer.employee_number is None:
        return None
    async with reading(viewer) as connection:
        row = (await connection.execute(_EMPLOYEE, {"number": viewer.employee_number})).one_or_none()
    if row is None:
        return None
    return KnownDevice(
        device_id=str(uuid5(_NAMESPACE, row.number)),
        employee_number=row.number,
        county_code=row.county_code,
        org_path=row.org_path,
        coordinate_system="wgs84",
    )
