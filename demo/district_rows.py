"""Supplied, sold and generated energy of each demo district by day (domain sheet 4).

Supplied is what was really used, what left past every meter, and the technical loss of lines and transformer, as the
gateway counted it. Sold is the sum of the meters: what theft or a wrong meter kept back is missing there, so that the
loss shows it.
"""

from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import psycopg

from data_access.column_copy import Field, column_copy, constant, day, decimal, ltree, nothing, smallint, text
from demo.energy_accounts import Accounts
from demo.load_shapes import Calendar, Ints
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
    sold = np.add.reduceat(units * accounts.multiplier[:, None].astype(np.int32), start, axis=0, dtype=np.int64)
    used = np.add.reduceat(usage.used, start, axis=0, dtype=np.float64)
    meters = np.add.reduceat(usage.in_service.view(np.int8), start, axis=0, dtype=np.int32)
    unread = np.zeros((count, calendar.days), np.int32)
    rows, days = np.nonzero(usage.missing & usage.in_service)
    np.add.at(unread, (np.searchsorted(start, rows, side="right") - 1, days), 1)
    generated = np.zeros((count, calendar.days))
    for row, kwh in usage.fed_in.items():
        generated[np.searchsorted(start, row, side="right") - 1] += kwh
    high = accounts.voltage[start] != "<1kV"
    technical = np.where(high, chance.uniform(0.006, 0.014, count), chance.uniform(0.018, 0.04, count))
    share = np.clip(technical[:, None] + chance.normal(0, 0.0025, (count, calendar.days)), 0.002, 0.08)
    past = np.maximum(used + districts.hidden, 0.02 * used)
    supplied: Ints = np.rint(past / (1 - share) * districts.factor * 100).astype(np.int64)
    state = np.where(unread > (1 - ENOUGH_READ) * meters, 2, 0)
    state = np.where((supplied == 0) | districts.silent, 1, state)
    given: Ints = np.rint(generated * 100).astype(np.int64)
    places = [accounts.county[start], accounts.district[start], accounts.org_path[start]]
    first = (calendar.first - date(1970, 1, 1)).days
    with column_copy(connection, "district_energy", COLUMNS) as copy:
        for begin, end in pairwise(calendar.month_start):
            for kind, (name, reason) in enumerate(STATES):
                at, offset = np.nonzero((state[:, begin:end] == kind) & (meters[:, begin:end] > 0))
                today = offset + begin
                if not len(at):
                    continue
                supply: Field = nothing(len(at)) if kind == 1 else decimal(supplied[at, today], 2)
                copy.block(
                    [
                        text(places[0][at]), day(first + today), text(places[1][at]), supply,
                        decimal(sold[at, today], 2), decimal(given[at, today], 2),
                        smallint(meters[at, today]), smallint((meters - unread)[at, today]),
                        constant(name.encode(), len(at)),
                        constant(reason.encode(), len(at)) if reason else nothing(len(at)),
                        ltree(places[2][at]),
                    ]
                )  # fmt: skip
        return copy.rows
