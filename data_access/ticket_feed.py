"""A ticket's change as the feed tells it to every live screen: its row, what happened, and a new risk layer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import bindparam
from sqlalchemy.types import Text

Told = tuple[str, str, str, dict[str, Any]]
"""Kind, key, path and body of a change in the feed."""
_APPEND = text("SELECT append_changes(:kinds, :keys, :paths, :bodies)").bindparams(
    bindparam("kinds", type_=ARRAY(Text)),
    bindparam("keys", type_=ARRAY(Text)),
    bindparam("paths", type_=ARRAY(Text)),
    bindparam("bodies", type_=ARRAY(JSONB)),
)
_REFRESH = text("SELECT refresh_risk_chunks()")
_VERSION = text("SELECT version FROM layer_version WHERE layer = 'risk'")


def milliseconds(moment: datetime) -> int:
    """Unix milliseconds."""
    return round(moment.timestamp() * 1000)


def ticket_row(ticket: Mapping[str, Any]) -> list[Any] | None:
    """An open ticket as the live messages carry it; None for a closed one or one without a place."""
    if ticket["closed_at"] is not None or ticket["longitude"] is None:
        return None
    return [
        ticket["number"],
        round(ticket["longitude"], 6),
        round(ticket["latitude"], 6),
        ticket["anomaly_code"],
        ticket["level"],
        int(ticket["status"]),
        milliseconds(ticket["due_at"]),
        ticket["handler_number"],
        ticket["county_code"],
        ticket["district_code"],
        milliseconds(ticket["opened_at"]),
    ]


def happened(
    kind: str, key: str, code: str, status: int, place: Mapping[str, Any], at: datetime, actor: str | None
) -> dict[str, Any]:
    """An event of the live messages; `place` has `level`, `county_code`, `longitude` and `latitude`."""
    longitude, latitude = place["longitude"], place["latitude"]
    return {
        "at": milliseconds(at),
        "kind": kind,
        "key": key,
        "code": code,
        "status": status,
        "level": place["level"],
        "county": place["county_code"],
        "actor": actor,
        "lon": None if longitude is None else round(longitude, 6),
        "lat": None if latitude is None else round(latitude, 6),
    }


def of_ticket(ticket: Mapping[str, Any], code: str, at: datetime, actor: str) -> Told:
    """The ticket's new row and its event."""
    event = happened("ticket", ticket["number"], code, int(ticket["status"]), ticket, at, actor)
    return "ticket", ticket["number"], ticket["org_path"], {"row": ticket_row(ticket), "event": event}


async def of_risk_layer(connection: AsyncConnection) -> Told:
    """Packs the risk points that changed and tells the layer's new version. Two statements."""
    await connection.execute(_REFRESH)
    version = await connection.scalar(_VERSION)
    return "layer", "risk", "jibei", {"version": version}


async def tell(connection: AsyncConnection, feed: list[Told]) -> None:
    """Append to the feed: last in a transaction, whoever holds its lock must not wait for other rows. One statement."""
    kinds, keys, paths, bodies = (list(column) for column in zip(*feed, strict=True))
    await connection.execute(_APPEND, {"kinds": kinds, "keys": keys, "paths": paths, "bodies": bodies})
