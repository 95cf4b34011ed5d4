"""Showing what is masked: a person asks for it with a reason, and the audit log keeps who, what, why, when, from where.

The line is written in the transaction that reads the values: nothing is shown without it.
"""

from dataclasses import dataclass

from sqlalchemy import text

from data_access.engine import writing
from data_access.log import log_action
from data_access.scope import SEES_PERSONAL_DATA, Viewer

SHORTEST_REASON, LONGEST_REASON = 4, 200
_CUSTOMER = text("SELECT number, name, phone, address, org_path::text AS org_path FROM customer WHERE number = :number")


class MayNotReveal(Exception):
    """The viewer's role may not see personal data, or the viewer is a screen or a system."""


class ReasonMissing(ValueError):
    """The reason is empty, or too short or long to be one."""

    def __init__(self, length: int) -> None:
        super().__init__(f"a reason of {SHORTEST_REASON} to {LONGEST_REASON} characters, found {length}")


@dataclass(frozen=True, slots=True)
class Revealed:
    """Personal data of one customer in full."""

    number: str
    name: str
    phone: str | None
    address: str | None


def masked_address(address: str | None) -> str | None:
    """Up to the street or community; what stands behind it as stars: 玉田县无终街道****.

    Without such a part, the first third.
    """
    if not address:
        return None
    cut = max((address.rfind(mark) for mark in ("街道", "镇", "乡", "村")), default=-1)
    keep = cut + (2 if address[cut : cut + 2] == "街道" else 1) if cut > 0 else max(1, len(address) // 3)
    return address[:keep] + "****"


def may_reveal(viewer: Viewer) -> bool:
    """Whether this viewer may ask for personal data in full."""
    return viewer.kind == "user" and viewer.role in SEES_PERSONAL_DATA


async def reveal_customer(viewer: Viewer, number: str, reason: str) -> Revealed | None:
    """A customer's name, phone and address in full; None where the viewer may not see one of that number. Two
    statements, one of them the line of the log (`revealed`, `customer`).

    Raises:
        MayNotReveal: not a role of `SEES_PERSONAL_DATA`.
        ReasonMissing: a reason of less than 4 or more than 200 characters.
    """
    if not may_reveal(viewer):
        raise MayNotReveal
    why = " ".join(reason.split())
    if not SHORTEST_REASON <= len(why) <= LONGEST_REASON:
        raise ReasonMissing(len(why))
    async with writing(viewer) as connection:
        row = (await connection.execute(_CUSTOMER, {"number": number})).mappings().first()
        if row is None:
            return None
        detail = {"reason": why, "fields": ["name", "phone", "address"]}
        await log_action(connection, viewer, "revealed", "customer", number, detail, org_path=row["org_path"])
    return Revealed(row["number"], row["name"], row["phone"], row["address"])
