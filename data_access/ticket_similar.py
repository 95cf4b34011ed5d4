"""Closed cases like the one at hand: the same anomaly, nearest first, and how each of them ended."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import text

from data_access.engine import reading
from data_access.scope import Viewer

MOST = 8
NEWEST = 1_000
"""Among so many of the newest cases of a kind the nearest are looked for: a search by place alone would walk through
the whole history where a kind is rare.
"""
_NEAREST = text("""
SELECT near.number, near.level, near.finding, near.cause, near.opened_at, near.closed_at, near.return_count,
    near.recovered_kwh, near.recovered_yuan, near.breach_yuan, district.name AS district, near.district_code,
    problem.rectification, near.longitude, near.latitude,
    ST_DistanceSphere(near.location, near.here) AS distance_m
FROM (
    SELECT ticket.*, ST_X(ticket.location) AS longitude, ST_Y(ticket.location) AS latitude, place.here
    FROM (SELECT ST_SetSRID(ST_MakePoint(:longitude, :latitude), 4326) AS here) AS place, (
        SELECT * FROM audit_ticket AS one
        WHERE one.anomaly_code = :anomaly AND one.status = 90 AND one.number <> :number AND one.location IS NOT NULL
        ORDER BY one.opened_at DESC LIMIT :newest
    ) AS ticket
    ORDER BY ticket.location <-> place.here
    LIMIT :most
) AS near
LEFT JOIN transformer_district AS district ON district.county_code = near.county_code
    AND district.code = near.district_code
LEFT JOIN problem ON problem.county_code = near.county_code AND problem.ticket_number = near.number
ORDER BY distance_m, near.number
""")


@dataclass(frozen=True, slots=True)
class SimilarCase:
    """An archived ticket. `distance_m` from the place asked for (WGS-84, on the sphere); amounts in kWh and yuan."""

    number: str
    level: int
    finding: str | None
    cause: str | None
    opened_at: datetime
    closed_at: datetime
    return_count: int
    recovered_kwh: Decimal | None
    recovered_yuan: Decimal | None
    breach_yuan: Decimal | None
    district: str | None
    district_code: str | None
    rectification: str | None
    longitude: float
    latitude: float
    distance_m: float


async def similar_cases(
    viewer: Viewer, number: str, anomaly_code: str, longitude: float, latitude: float, *, most: int = MOST
) -> list[SimilarCase]:
    """Archived tickets of the same anomaly in the viewer's scope, nearest to a place (WGS-84) first. One statement.

    Void ones are no cases: nobody checked them. `number` is the ticket at hand, left out; `NEWEST` bounds the search.
    """
    asked = {
        "number": number,
        "anomaly": anomaly_code,
        "longitude": longitude,
        "latitude": latitude,
        "most": most,
        "newest": NEWEST,
    }
    async with reading(viewer) as connection:
        return [SimilarCase(**row._mapping) for row in await connection.execute(_NEAREST, asked)]
