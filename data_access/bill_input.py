"""What the bills of a county's month are made from, chunk by chunk: accounts with their terms, and readings.

Every chunk is one range of customer numbers, so that each query reads one stretch of the primary keys, however large
the county is.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from settings import DISPLAY_ZONE


class DueAccount(NamedTuple):
    """A customer that has no bill of the month yet. `terms` is JSON text, None where the file has none."""

    number: str
    district_code: str
    org_path: str
    opened_on: date
    closed_on: date | None
    terms: str | None
    terms_from: date | None
    terms_before: str | None
    """Scheme of the terms before these, where they follow each other without a gap."""


class MeterRow(NamedTuple):
    """A meter that was in service at some time since the year began."""

    number: str
    multiplier: int
    digits: int


class ReadingRow(NamedTuple):
    """A reading: seconds of its moment (Unix), dial in ten-thousandths."""

    meter: str
    register: str
    at: int
    dial: int


@dataclass(frozen=True, slots=True)
class DueChunk:
    """Accounts in order of their numbers, and what is known of each, by customer."""

    accounts: list[DueAccount]
    meters: dict[str, list[MeterRow]]
    readings: dict[str, list[ReadingRow]]


# NOT IN is read once and hashed: the month's partition grows while its counties are billed, and an anti join that was
# planned for an empty table would read all of it for every customer.
_ACCOUNTS = text("""
SELECT c.number, c.district_code, c.org_path::text, c.opened_on, c.closed_on,
    terms.terms::text, terms.valid_from,
    (SELECT earlier.terms->>'scheme' FROM account_terms AS earlier
     WHERE earlier.county_code = c.county_code AND earlier.customer_number = c.number
       AND earlier.valid_until = terms.valid_from)
FROM customer AS c
LEFT JOIN LATERAL (
    SELECT own.terms, own.valid_from FROM account_terms AS own
    WHERE own.county_code = c.county_code AND own.customer_number = c.number
      AND own.valid_from < :month_end AND (own.valid_until IS NULL OR own.valid_until > :month)
    ORDER BY own.valid_from LIMIT 1
) AS terms ON true
WHERE c.county_code = :county AND c.number > :after
  AND (CAST(:section AS text) IS NULL OR c.reading_section_code = :section)
  AND c.opened_on < :month_end AND (c.closed_on IS NULL OR c.closed_on > :month)
  AND c.number NOT IN (SELECT bill.customer_number FROM bill WHERE bill.county_code = :county
    AND bill.month = :month AND bill.version = 0 AND bill.customer_number > :after)
  AND c.number NOT IN (SELECT failure.customer_number FROM billing_failure AS failure
    WHERE failure.county_code = :county AND failure.run_id = :run AND failure.customer_number > :after)
ORDER BY c.number
LIMIT :size
""")
_METERS = text("""
SELECT customer_number, number, multiplier, digits FROM meter
WHERE county_code = :county AND customer_number > :after AND customer_number <= :last
  AND installed_on < :month_end AND (removed_on IS NULL OR removed_on >= :year)
ORDER BY customer_number, installed_on, number
""")
# The month itself; what closed the month before (its dial at the beginning); where the year's tiers begin; and, since
# the year began, the meters that came and went. A reading may come twice.
_READINGS = text("""
SELECT customer_number, meter_number, register, extract(epoch FROM read_at)::bigint, (reading * 10000)::bigint
FROM meter_reading
WHERE county_code = :county AND customer_number > :after AND customer_number <= :last
  AND month IN (:month, :before) AND read_at >= :begins
UNION ALL
SELECT customer_number, meter_number, register, extract(epoch FROM read_at)::bigint, (reading * 10000)::bigint
FROM meter_reading
WHERE county_code = :county AND customer_number > :after AND customer_number <= :last
  AND month = ANY(CAST(:tier_months AS date[])) AND read_at = ANY(CAST(:tier_begins AS timestamptz[]))
  AND register = 'total'
UNION ALL
SELECT customer_number, meter_number, register, extract(epoch FROM read_at)::bigint, (reading * 10000)::bigint
FROM meter_reading
WHERE county_code = :county AND customer_number > :after AND customer_number <= :last
  AND kind <> 'period_end' AND month >= :year AND month < :month AND register = 'total'
""")


def midnight(day: date) -> datetime:
    """00:00 of a local day (Asia/Shanghai)."""
    return datetime(day.year, day.month, day.day, tzinfo=DISPLAY_ZONE)


def month_after(day: date) -> date:
    """The first day of the following month."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def month_before(day: date) -> date:
    """The first day of the month before."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


async def read_due(
    connection: AsyncConnection,
    *,
    county: str,
    section: str | None,
    month: date,
    run: int,
    after: str,
    size: int,
) -> DueChunk:
    """The next `size` customers after `after` that this run still has to bill, with everything their bills need."""
    parameters = {"county": county, "month": month, "month_end": month_after(month), "after": after}
    rows = await connection.execute(_ACCOUNTS, {**parameters, "section": section, "run": run, "size": size})
    accounts = [DueAccount(*row) for row in rows.all()]
    meters: dict[str, list[MeterRow]] = defaultdict(list)
    readings: dict[str, list[ReadingRow]] = defaultdict(list)
    if accounts:
        year = date(month.year, 1, 1)
        parameters |= {"last": accounts[-1].number, "year": year}
        for customer, *meter in await connection.execute(_METERS, parameters):
            meters[customer].append(MeterRow(*meter))
        begins = _tier_begins(accounts, year, month)
        parameters |= {
            "before": month_before(month),
            "begins": midnight(month),
            "tier_months": [month_before(day) for day in begins],
            "tier_begins": [midnight(day) for day in begins],
        }
        for row in (await connection.execute(_READINGS, parameters)).all():
            readings[row[0]].append(ReadingRow._make(row[1:]))
    return DueChunk(accounts, meters, readings)


def _tier_begins(accounts: Sequence[DueAccount], year: date, month: date) -> list[date]:
    """First days of months, before this one, from which some account's tiers may count."""
    starts = {account.terms_from for account in accounts if account.terms_from and account.terms_from.day == 1}
    return sorted({day for day in (year, *starts) if year <= day < month})
