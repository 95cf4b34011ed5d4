"""Whatever the order, the cutting and the repetition of batches: the same is stored and the marker is the same."""

import itertools
from dataclasses import dataclass
from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access.devices import KnownDevice
from data_access.positions import Parcel, store
from geo.fix_filters import Fix
from tests import builders
from tests.live.conftest import now_s

NUMBERS = itertools.count()
COMMON = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@dataclass(frozen=True)
class Delivery:
    """What happens to one day's fixes on their way: how they are cut into batches, in which order these come, and which
    come again.
    """

    seconds: tuple[int, ...]
    cuts: tuple[int, ...]
    order: tuple[int, ...]


@st.composite
def deliveries(draw: st.DrawFn) -> Delivery:
    seconds = draw(st.lists(st.integers(0, 3000), min_size=1, max_size=30, unique=True))
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(seconds) - 1)), max_size=4)))
    batches = list(range(len(cuts) + 1))
    order = draw(st.permutations(batches)) + draw(st.lists(st.sampled_from(batches), max_size=3))
    return Delivery(tuple(seconds), tuple(cuts), tuple(order))


def person(owner: psycopg.Connection) -> KnownDevice:
    number = f"P{next(NUMBERS):04}"
    phone = builders.phone(owner, number)
    return KnownDevice(
        device_id=phone.device_id,
        employee_number=number,
        county_code="130202",
        org_path=phone.station,
        coordinate_system="wgs84",
    )


def way(seconds: tuple[int, ...], start: float) -> list[Fix]:
    """A drive east at 30 km/h; the fix of second n is always at the same place."""
    lon, lat = builders.PLACES[builders.SOUTH_STATION]
    return [
        Fix(index=n, at=start + s, longitude=lon + s * 0.0001, latitude=lat, accuracy_m=5, battery_percent=50)
        for n, s in enumerate(seconds)
    ]


def result(owner: psycopg.Connection, device: KnownDevice) -> tuple[Any, ...]:
    fixes = owner.execute(
        "SELECT fixed_at, longitude, latitude FROM position_fix WHERE employee_number = %s ORDER BY fixed_at",
        (device.employee_number,),
    ).fetchall()
    marker = owner.execute(
        "SELECT fixed_at, longitude, latitude FROM inspector_position WHERE employee_number = %s",
        (device.employee_number,),
    ).fetchall()
    return fixes, marker


@COMMON
@given(delivery=deliveries())
async def test_batches_in_any_order_and_repetition(owner: psycopg.Connection, delivery: Delivery) -> None:
    now, device, straight = now_s(), person(owner), person(owner)
    fixes = way(delivery.seconds, now - 3600)
    edges = [0, *delivery.cuts, len(fixes)]
    batches = [fixes[a:b] for a, b in itertools.pairwise(edges)]
    counted = 0
    for place in delivery.order:
        if batches[place]:
            (receipt,) = await store([Parcel(device, batches[place])], now=now)
            counted += receipt.accepted
            assert receipt.rejected == []
            assert receipt.accepted + receipt.duplicates == len(batches[place])
    await store([Parcel(straight, sorted(fixes, key=lambda fix: fix.at))], now=now)
    assert counted == len(fixes), "each fix is accepted exactly once"
    assert result(owner, device) == result(owner, straight)
    assert result(owner, device)[1][0][0].timestamp() == now - 3600 + max(delivery.seconds)


@COMMON
@given(delivery=deliveries(), moved=st.lists(st.booleans(), min_size=8, max_size=8))
async def test_the_feed_only_ever_tells_of_newer_places(
    owner: psycopg.Connection, delivery: Delivery, moved: list[bool]
) -> None:
    """Parcels of one person in one group commit (`moved` says which come together), and in several."""
    now, device = now_s(), person(owner)
    fixes = way(delivery.seconds, now - 3600)
    edges = [0, *delivery.cuts, len(fixes)]
    parcels = [Parcel(device, fixes[a:b]) for a, b in itertools.pairwise(edges) if a < b]
    group: list[Parcel] = []
    for parcel, together in zip(parcels, itertools.cycle(moved)):
        group.append(parcel)
        if not together:
            await store(group, now=now)
            group = []
    if group:
        await store(group, now=now)
    told = [
        row[0]["row"][8]
        for row in owner.execute(
            "SELECT body FROM change_feed WHERE key = %s ORDER BY sequence", (device.employee_number,)
        )
    ]
    assert told == sorted(set(told))
    assert told[-1] == (now - 3600 + max(delivery.seconds)) * 1000
