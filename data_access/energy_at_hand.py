"""The energy and bills of the customer at hand, small enough for a phone: this month against last year's, last bills.

The expected bill is an estimate and says so: what was used this month, at the mean price of the newest bill. The exact
bill is made by `billing` when the month's readings are in.
"""

import calendar
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from data_access.bills import bills_of
from data_access.scope import Viewer
from data_access.usage import usage_of

LAST_BILLS = 4
CENT = Decimal("0.01")
PRICE = Decimal("0.0001")


async def energy_at_hand(viewer: Viewer, customer: str, today: date) -> dict[str, Any]:
    """Months, days of the newest month and of the same month a year before, bills, and the expected bill.

    kWh and yuan are decimals; a day without a reading is None. Two statements.
    """
    first = date(today.year - 1, today.month, 1)
    months = await usage_of(viewer, customer, _before(first), today)
    newest = months[-1] if months else None
    earlier = None
    if newest is not None:
        year_ago = date(newest["month"].year - 1, newest["month"].month, 1)
        earlier = next((one for one in months if one["month"] == year_ago), None)
    bills = [bill for bill in await bills_of(viewer, customer, limit=LAST_BILLS) if bill["billed_kwh"] is not None]
    return {
        "months": [{"month": one["month"], "kwh": one["energy_kwh"]} for one in months],
        "this": _days(newest),
        "year_ago": _days(earlier),
        "bills": [
            {"number": one["number"], "month": one["month"], "kwh": one["billed_kwh"], "yuan": one["total"]}
            for one in bills
        ],
        "expected": expected_bill(newest, bills),
    }


def _before(first: date) -> date:
    """The month before `first`: the newest month may not have begun for this customer."""
    return date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)


def _days(month: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if month is None else {"month": month["month"], "kwh": month["daily_kwh"]}


def expected_bill(month: dict[str, Any] | None, bills: list[dict[str, Any]]) -> dict[str, Any] | None:
    """What a month's bill is likely to be: its days so far, carried on to its end, at the newest bill's mean price.

    None without days or without a bill to take the price from. The price has four decimals, the amount two, rounded
    half up.
    """
    if month is None:
        return None
    price_of = next((bill for bill in bills if bill["billed_kwh"] > 0 and bill["total"] > 0), None)
    known = [day for day in month["daily_kwh"] if day is not None]
    if price_of is None or not known:
        return None
    days = calendar.monthrange(month["month"].year, month["month"].month)[1]
    used = sum(known, Decimal(0))
    whole = (used * days / len(known)).quantize(CENT, ROUND_HALF_UP)
    price = (price_of["total"] / price_of["billed_kwh"]).quantize(PRICE, ROUND_HALF_UP)
    return {
        "month": month["month"],
        "days_known": len(known),
        "days": days,
        "used_kwh": used,
        "kwh": whole,
        "price": price,
        "price_from": price_of["month"],
        "yuan": (whole * price).quantize(CENT, ROUND_HALF_UP),
    }
