"""The planted truth, read from the database and laid over the energy history."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import psycopg

from data_access.demo_energy import demo_truth
from demo.energy_accounts import Accounts
from demo.load_shapes import Calendar
from demo.reading_rows import Marks
from demo.usage import Usage
from demo.usage_effects import EFFECTS, OF_DISTRICT, Districts, Place


@dataclass(frozen=True, slots=True)
class Truth:
    """One planted anomaly: the row of its account (None: the district's), the number of its district, its days."""

    code: str
    account: int | None
    district: int
    first: int
    last: int
    """Day indices in the history, [first, last)."""
    started: date
    ended: date | None
    roll: float


@dataclass(frozen=True, slots=True)
class DistrictList:
    """The districts that have demo accounts, in the order of the accounts; `start` is the first account's row."""

    start: Any
    key: dict[str, int]


def district_list(accounts: Accounts) -> DistrictList:
    """Accounts are ordered by district, so each district is a run of rows."""
    codes = accounts.district
    start = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]])) if len(codes) else np.zeros(0, np.int64)
    return DistrictList(start, {codes[row].decode(): number for number, row in enumerate(start.tolist())})


def read_truth(
    connection: psycopg.Connection[Any], accounts: Accounts, calendar: Calendar, chance: np.random.Generator
) -> list[Truth]:
    """Everything that was planted and touches the history."""
    rows = {number.decode(): row for row, number in enumerate(accounts.number.tolist())}
    districts = district_list(accounts).key
    found = []
    for code, customer, district, started, ended in demo_truth(connection):
        roll = float(chance.random())
        first = calendar.index(started)
        last = calendar.index(ended) if ended else calendar.days
        if district in districts and (customer is None or customer in rows):
            account = rows[customer] if customer else None
            found.append(Truth(code, account, districts[district], first, last, started, ended, roll))
    return found


def apply_truth(truth: list[Truth], usage: Usage, accounts: Accounts, calendar: Calendar) -> Districts:
    """Lay every effect over the usage; returns what happens to the districts."""
    listed = district_list(accounts)
    count = len(listed.start)
    districts = Districts(
        factor=np.ones((count, calendar.days)),
        hidden=np.zeros((count, calendar.days)),
        silent=np.zeros((count, calendar.days), np.bool_),
        neighbour=_neighbours(accounts, listed),
    )
    whole = np.add.reduceat(accounts.capacity, listed.start) if count else np.zeros(0)
    for one in truth:
        effect = EFFECTS.get(one.code)
        if effect is None or one.last <= one.first or (one.account is None) != (one.code in OF_DISTRICT):
            continue
        capacity = float(whole[one.district] * 0.3 if one.account is None else accounts.capacity[one.account])
        effect(usage, districts, calendar, Place(one.account, one.district, one.first, one.last, capacity, one.roll))
    usage.used[~usage.in_service] = 0
    usage.recorded[~usage.in_service] = 0
    return districts


def _neighbours(accounts: Accounts, listed: DistrictList) -> np.typing.NDArray[np.int64]:
    """The one before in the list, of the same county and kind, else the one after: along a street they follow."""
    start = listed.start
    kind = [(accounts.county[row], str(accounts.voltage[row]) == "<1kV") for row in start.tolist()]
    before: dict[Any, int] = {}
    found = np.arange(len(start))
    for number, mine in enumerate(kind):
        if mine in before:
            found[number] = before[mine]
            if found[before[mine]] == before[mine]:
                found[before[mine]] = number
        before[mine] = number
    return found


def marks_of(truth: list[Truth], calendar: Calendar) -> Marks:
    """Readings that fall behind (CH04) or are read by hand (CH03, JL12)."""
    behind: set[tuple[int, int]] = set()
    by_hand: set[tuple[int, int]] = set()
    borders = calendar.month_start[: calendar.complete_months + 1]
    for one in truth:
        if one.account is None:
            continue
        inside = [number for number, border in enumerate(borders) if number and one.first < border <= one.last]
        if one.code == "CH04":
            behind.update((one.account, number) for number in inside[:1])
        if one.code in ("CH03", "JL12"):
            by_hand.update((one.account, number) for number in inside)
    return Marks(frozenset(behind), frozenset(by_hand))
