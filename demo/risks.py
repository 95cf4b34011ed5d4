"""What the rules saw of the truth: risk points, with what they missed and what they took for wrong.

Amounts are made up by one formula, and the rows that carry them are marked as demo data: exposure = monthly energy of
the object × share that the anomaly takes × months it went on × `DEMO_YUAN_A_KWH`, a round number and no tariff.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

import h3
import numpy as np

from audit.catalogue import catalogue
from audit.scores import RiskInputs, Score, risk_score
from demo.accounts import Account
from demo.grid import District, Grid
from demo.randomness import Streams
from demo.size import Size
from demo.traits import Trait, trait
from demo.truth import Objects, Planted
from settings import DISPLAY_ZONE

DEMO_YUAN_A_KWH = Decimal("0.60")
DISTRICT_KWH_A_KVA = 60
"""Monthly energy of a district for each kVA of its transformer."""
H3_RESOLUTION = 9
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Detected:
    """A risk point before anybody has worked on it."""

    number: str
    code: str
    level: int
    district: District
    account: Account | None
    planted: Planted | None
    """None: a false alarm."""
    at: datetime
    exposure_yuan: Decimal
    energy_kwh: Decimal
    repeats: int
    precision: Decimal
    h3_cell: int

    @property
    def place(self) -> tuple[float, float]:
        """The account, or the transformer."""
        return (self.account.longitude, self.account.latitude) if self.account else self.district.place

    def score(self, overdue: Decimal = Decimal(0)) -> Score:
        """Domain sheet 1.6."""
        return risk_score(RiskInputs(self.level, self.exposure_yuan, self.repeats, self.precision, overdue))


@dataclass(frozen=True, slots=True)
class _Seen:
    code: str
    district: District
    account: Account | None
    planted: Planted | None
    at: datetime
    months: float


def local_moment(day: date, chance: np.random.Generator) -> datetime:
    """When the rules run: mostly at night after the readings came in, some during the day."""
    seconds = chance.uniform(1.2, 6.5) if chance.random() < 0.6 else chance.uniform(8, 21)
    return datetime.combine(day, time(), DISPLAY_ZONE) + timedelta(seconds=round(seconds * 3600))


def _sightings(planted: list[Planted], now: datetime, chance: np.random.Generator) -> list[_Seen]:
    today = now.astimezone(DISPLAY_ZONE).date()
    found = []
    for truth in planted:
        kind = trait(truth.code)
        if chance.random() > kind.sensitivity:
            continue
        end = truth.ended or today
        day = truth.started + timedelta(days=round(float(chance.exponential(9.0))))
        # The first sighting may come late; a few more follow while it lasts.
        for _ in range(1 + int(chance.poisson(1.0))):
            if day > min(end + timedelta(days=10), today):
                break
            at = local_moment(day, chance)
            if at <= now:
                months = max(0.3, (day - truth.started).days / 30.4)
                found.append(_Seen(truth.code, truth.district, truth.account, truth, at, months))
            day += timedelta(days=20 + round(float(chance.exponential(30.0))))
    return found


def _false_alarms(count: int, objects: Objects, size: Size, now: datetime, chance: np.random.Generator) -> list[_Seen]:
    codes = [row.code for row in catalogue().anomaly_types]
    weights = np.array([trait(code).weight ** 0.6 for code in codes])
    today = now.astimezone(DISPLAY_ZONE).date()
    days = round(size.months * 30.4)
    found: list[_Seen] = []
    while len(found) < count:
        code = codes[int(chance.choice(len(codes), p=weights / weights.sum()))]
        target = trait(code).target
        members, shares = objects.districts_with(target, None)
        district = int(chance.choice(members, p=shares / shares.sum()))
        at = local_moment(today - timedelta(days=int(chance.integers(days))), chance)
        if at <= now:
            account = objects.pick(target, district, float(chance.random()))
            found.append(_Seen(code, objects.districts[district], account, None, at, float(chance.uniform(0.5, 3))))
    return found


def _energy(seen: _Seen, kind: Trait, chance: np.random.Generator) -> Decimal:
    monthly = seen.account.monthly_kwh if seen.account else seen.district.capacity_kva * DISTRICT_KWH_A_KVA
    kilowatt_hours = monthly * kind.share * min(12.0, seen.months) * float(chance.lognormal(0, 0.3))
    return Decimal(round(kilowatt_hours, 2)).quantize(CENT, ROUND_HALF_UP)


def detect(
    size: Size, grid: Grid, accounts: list[Account], planted: list[Planted], streams: Streams, now: datetime
) -> list[Detected]:
    """`size.risk_points` points in order of time, numbered by year."""
    chance = streams.of("detection")
    true = _sightings(planted, now, chance)
    if len(true) > size.risk_points * 0.8:
        kept = np.sort(chance.choice(len(true), round(size.risk_points * 0.8), replace=False))
        true = [true[index] for index in kept]
    false = _false_alarms(size.risk_points - len(true), Objects(grid, accounts), size, now, chance)
    everything = sorted(true + false, key=lambda seen: (seen.at, seen.district.code, seen.code))
    hits: dict[str, int] = defaultdict(int)
    total: dict[str, int] = defaultdict(int)
    for seen in everything:
        hits[seen.code] += seen.planted is not None
        total[seen.code] += 1
    levels = {row.code: row.level for row in catalogue().anomaly_types}
    earlier: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    numbers: dict[int, int] = defaultdict(int)
    found = []
    for seen in everything:
        kind = trait(seen.code)
        energy = _energy(seen, kind, chance)
        shift = int(chance.choice([-1, 0, 1], p=[0.08, 0.8, 0.12]))
        year = seen.at.astimezone(DISPLAY_ZONE).year
        numbers[year] += 1
        key = (seen.code, seen.account.number if seen.account else seen.district.code)
        longitude, latitude = (seen.account.longitude, seen.account.latitude) if seen.account else seen.district.place
        found.append(
            Detected(
                number=f"R{year}-{numbers[year]:06d}",
                code=seen.code,
                level=min(4, max(1, levels[seen.code] + shift)),
                district=seen.district,
                account=seen.account,
                planted=seen.planted,
                at=seen.at,
                exposure_yuan=(energy * DEMO_YUAN_A_KWH).quantize(CENT, ROUND_HALF_UP),
                energy_kwh=energy,
                repeats=sum(seen.at - before < timedelta(days=365) for before in earlier[key]),
                precision=(Decimal(hits[seen.code]) / total[seen.code]).quantize(CENT, ROUND_HALF_UP),
                h3_cell=h3.str_to_int(h3.latlng_to_cell(latitude, longitude, H3_RESOLUTION)),
            )
        )
        if seen.planted is not None:
            earlier[key].append(seen.at)
    return found
