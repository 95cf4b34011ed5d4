"""What is really wrong in the demo: anomalies planted around hot spots and by season, before any rule looks."""

import math
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from audit.catalogue import catalogue
from demo.accounts import AGRICULTURAL, BUSINESS, RESIDENTIAL, Account
from demo.grid import District, Grid
from demo.randomness import Streams
from demo.size import Size
from demo.territory import distance_m
from demo.traits import SEASONS, Trait, trait

TIMED_KVA, RATED_KVA = 50, 100
"""From where on the demo's accounts have time-of-use prices and a power-factor standard (`energy_accounts`)."""
PLANTED_A_POINT = 0.42
"""Planted anomalies for each risk point wanted."""


@dataclass(frozen=True, slots=True)
class Planted:
    """One anomaly that is really there, from `started` to `ended` (None: still)."""

    number: str
    code: str
    district: District
    account: Account | None
    started: date
    ended: date | None
    hot_spot: int | None


@dataclass(frozen=True, slots=True)
class HotSpot:
    """A neighbourhood where two or three kinds of anomaly pile up for some months."""

    number: int
    codes: tuple[str, ...]
    members: np.ndarray
    """District indices."""
    nearness: np.ndarray
    first_day: int
    last_day: int


class Objects:
    """Who an anomaly can happen to: districts, and the accounts of each by target."""

    def __init__(self, grid: Grid, accounts: list[Account]) -> None:
        self.districts = grid.districts
        index = {district.code: number for number, district in enumerate(grid.districts)}
        self._by_target: dict[str, dict[int, list[Account]]] = {}
        for account in accounts:
            number = index[account.district.code]
            for target in _targets(account):
                self._by_target.setdefault(target, {}).setdefault(number, []).append(account)
        self._members = {target: np.array(sorted(found)) for target, found in self._by_target.items()}
        self._weights = {
            target: np.array([math.sqrt(len(found[number])) for number in sorted(found)])
            for target, found in self._by_target.items()
        }

    def districts_with(self, target: str, among: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Indices of districts that have such objects, and their weights."""
        if target == "district":
            target = "any"
        members, weights = self._members[target], self._weights[target]
        if among is None:
            return members, weights
        kept = np.isin(members, among)
        return members[kept], weights[kept]

    def pick(self, target: str, district: int, roll: float) -> Account | None:
        """An account of the district; None when the district itself is the object."""
        if target == "district":
            return None
        there = self._by_target[target][district]
        return there[int(roll * len(there))]


def _targets(account: Account) -> list[str]:
    found = ["any"]
    if account.category == RESIDENTIAL:
        found.append("residential")
    if account.category == AGRICULTURAL:
        found.append("agricultural")
    if account.category == BUSINESS:
        found.append("business")
    if account.district.is_dedicated:
        found.append("large")
    if account.tariff_code == "two_part":
        found.append("two_part")
    if account.category == BUSINESS and (account.district.is_dedicated or account.capacity_kva >= TIMED_KVA):
        found.append("timed")
    if account.district.is_dedicated and account.capacity_kva >= RATED_KVA:
        found.append("rated")
    if account.tariff_code == "single_part" and not account.district.is_dedicated:
        found.append("shop")
    if account.tariff_code == "heating_time_of_use":
        found.append("heating")
    if account.has_solar:
        found.append("solar")
    return found


def hot_spots(size: Size, grid: Grid, streams: Streams, days: int) -> list[HotSpot]:
    """Places and times; about half of them go on until today."""
    chance = streams.of("hot spots")
    codes = [row.code for row in catalogue().anomaly_types]
    weights = np.array([trait(code).weight for code in codes])
    places = [district.place for district in grid.districts]
    found = []
    for number in range(size.hot_spots):
        centre = int(chance.integers(len(places)))
        reach = float(chance.uniform(3_000, 12_000))
        distances = np.array([distance_m(places[centre], place) for place in places])
        members = np.flatnonzero(distances < reach)
        length = int(chance.integers(120, 420))
        first = days - length if chance.random() < 0.5 else int(chance.integers(0, max(1, days - length)))
        kinds = chance.choice(codes, int(chance.integers(2, 4)), replace=False, p=weights / weights.sum())
        found.append(
            HotSpot(
                number=number + 1,
                codes=tuple(str(code) for code in kinds),
                members=members,
                nearness=np.exp(-((distances[members] / (0.5 * reach)) ** 2)),
                first_day=max(0, first),
                last_day=max(0, first) + length,
            )
        )
    return found


def _calendar_weights(season: str, first: date, days: int) -> np.ndarray:
    """Weight of each day: its month's, rising by a third over the whole time."""
    months = np.array([(first + timedelta(days=day)).month - 1 for day in range(days)])
    weights = np.array(SEASONS[season])[months] * np.linspace(0.85, 1.15, days)
    return weights / weights.sum()


def plant(size: Size, grid: Grid, accounts: list[Account], streams: Streams, today: date) -> list[Planted]:
    """The truth over the last `size.months` months."""
    chance = streams.of("truth")
    days = round(size.months * 30.4)
    first = today - timedelta(days=days - 1)
    objects = Objects(grid, accounts)
    spots = hot_spots(size, grid, streams, days)
    codes = [row.code for row in catalogue().anomaly_types]
    traits: dict[str, Trait] = {code: trait(code) for code in codes}
    weights = np.array([traits[code].weight for code in codes])
    calendars = {season: _calendar_weights(season, first, days) for season in SEASONS}
    count = round(size.risk_points * PLANTED_A_POINT)
    found = []
    for number in range(count):
        spot = spots[int(chance.integers(len(spots)))] if chance.random() < 0.45 else None
        code = str(chance.choice(spot.codes) if spot else chance.choice(codes, p=weights / weights.sum()))
        kind = traits[code]
        calendar = calendars[kind.season]
        if spot:
            calendar = calendar[spot.first_day : spot.last_day]
            day = spot.first_day + int(chance.choice(len(calendar), p=calendar / calendar.sum()))
        else:
            day = int(chance.choice(days, p=calendar))
        members, shares = objects.districts_with(kind.target, spot.members if spot else None)
        if spot and len(members):
            shares = shares * spot.nearness[np.searchsorted(spot.members, members)]
        if not len(members):
            spot = None
            members, shares = objects.districts_with(kind.target, None)
        district = int(chance.choice(members, p=shares / shares.sum()))
        started = first + timedelta(days=day)
        length = max(3, round(float(chance.lognormal(math.log(kind.duration_days), 0.6))))
        ended = started + timedelta(days=length)
        found.append(
            Planted(
                number=f"G{number + 1:06d}",
                code=code,
                district=grid.districts[district],
                account=objects.pick(kind.target, district, float(chance.random())),
                started=started,
                ended=ended if ended <= today else None,
                hot_spot=spot.number if spot else None,
            )
        )
    return found
