"""Supplied, sold and generated energy of each demo district by day (domain sheet 4).

Supplied is what was really used, what left past every meter, and the technical loss of lines and transformer, as the
gateway counted it. Sold is the sum of the meters: what theft or a wrong meter kept back is missing there, so that the
loss shows it.
"""

from datetime import date, timedelta
from typing import Any

import numpy as np
import psycopg

from data_access.column_copy import Field, column_copy, constant, day, decimal, ltree, nothing, smallint, text
from demo.energy_accounts import Accounts
from demo.load_shapes import Calendar
from demo.truth_rows import district_list
from demo.usage import Usage
from demo.usage_effects import Districts

COLUMNS = (
    "county_code", "day", "district_code", "supplied_kwh", "sold_kwh", "generated_kwh", "meters", "meters_read",
    "state", "reason", "org_path",
)  # fmt: skip
ENOUGH_READ = 0.98
"""Collection success below which a loss is not computed (domain sheet 4, `[design]`)."""
STATES: tuple[tuple[str, str | None], ...] = (
    ("computed", None),
    ("not_computable", "no_supply"),
    ("not_computable", "low_collection"),
)


def write_districts(
    connection: psycopg.Connection[Any],
    accounts: Accounts,
    calendar: Calendar,
    usage: Usage,
    units: Any,
    districts: Districts,
    chance: np.random.Generator,
) -> int:
    """All days of all districts; returns the number of rows."""
    start = district_list(accounts).start
    count = len(start)
    if not count:
        return 0
    kwh = units.astype(np.int64) * accounts.multiplier[:, None]
    sold = np.add.reduceat(kwh, start, axis=0)
    used = np.add.reduceat(usage.used, start, axis=0, dtype=np.float64)
    meters = np.add.reduceat(usage.in_service, start, axis=0, dtype=np.int64)
    unread = np.add.reduceat(usage.missing & usage.in_service, start, axis=0, dtype=np.int64)
    generated = np.zeros((count, calendar.days))
    for row, given in usage.fed_in.items():
        generated[np.searchsorted(start, row, side="right") - 1] += given
    high = accounts.voltage[start] != "<1kV"
    technical = np.where(high, chance.uniform(0.006, 0.014, count), chance.uniform(0.018, 0.04, count))
    share = np.clip(technical[:, None] + chance.normal(0, 0.0025, (count, calendar.days)), 0.002, 0.08)
    supplied = np.rint((used + districts.hidden) / (1 - share) * districts.factor * 100).astype(np.int64)
    state = np.where(unread > (1 - ENOUGH_READ) * meters, 2, 0)
    state = np.where((supplied == 0) | districts.silent, 1, state)
    given = np.rint(generated * 100).astype(np.int64)
    places = [accounts.county[start], accounts.district[start], accounts.org_path[start]]
    with column_copy(connection, "district_energy", COLUMNS) as copy:
        for number in range(calendar.days):
            today = (calendar.first + timedelta(days=number) - date(1970, 1, 1)).days
            for kind, (name, reason) in enumerate(STATES):
                rows = np.flatnonzero((state[:, number] == kind) & (meters[:, number] > 0))
                if not len(rows):
                    continue
                supply: Field = nothing(len(rows)) if kind == 1 else decimal(supplied[rows, number], 2)
                copy.block(
                    [
                        text(places[0][rows]), day(np.full(len(rows), today)), text(places[1][rows]), supply,
                        decimal(sold[rows, number], 2), decimal(given[rows, number], 2),
                        smallint(meters[rows, number]), smallint((meters - unread)[rows, number]),
                        constant(name.encode(), len(rows)),
                        constant(reason.encode(), len(rows)) if reason else nothing(len(rows)),
                        ltree(places[2][rows]),
                    ]
                )  # fmt: skip
        return copy.rows
