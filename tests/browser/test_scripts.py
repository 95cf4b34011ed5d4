"""The scripts' own arithmetic, without a server: coordinates, addresses, clusters, replay, the server's clock."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page

from settings import ROOT

pytestmark = pytest.mark.browser
SCRIPTS = (
    "core/request.js",
    "core/texts.js",
    "core/tokens.js",
    "core/address.js",
    "live/clock.js",
    "live/live_store.js",
    "map/clusters.js",
    "map/coordinate_shift.js",
    "map/replay_layer.js",
    "wall/filters.js",
    "wall/kiosk.js",
)
# Domain sheet 8: latitude, longitude in WGS-84, GCJ-02, BD-09.
SHIFTS = [
    ((31.1774276, 121.5272106), (31.175304, 121.531542), (31.181329, 121.538016)),
    ((39.911954, 116.377817), (39.913345, 116.384047), (39.919576, 116.390455)),
    ((39.63, 118.18), (39.631308, 118.186279), (39.637581, 118.192708)),
    ((40.82, 114.88), (40.821328, 114.886121), (40.827077, 114.892730)),
    ((39.94, 119.60), (39.941108, 119.605772), (39.947024, 119.612282)),
    ((40.97, 117.94), (40.971547, 117.946278), (40.977816, 117.952694)),
    ((39.52, 116.70), (39.521124, 116.705957), (39.526796, 116.712585)),
]


@pytest.fixture(scope="module")
async def blank(chromium: Browser) -> AsyncIterator[Page]:
    """An empty page with the scripts that need no map."""
    page = await chromium.new_page()
    for script in SCRIPTS:
        await page.add_script_tag(path=ROOT / "assets" / "js" / script)
    yield page
    await page.close()


@pytest.mark.parametrize(("true", "gcj02", "bd09"), SHIFTS)
async def test_outside_tiles_are_shifted_as_the_domain_sheet_says(
    blank: Page, true: tuple[float, float], gcj02: tuple[float, float], bd09: tuple[float, float]
) -> None:
    for system, expected in (("wgs84", true), ("gcj02", gcj02), ("bd09", bd09)):
        shifted = await blank.evaluate("([s, lat, lon]) => gridaudit.toSystem(s, lat, lon)", [system, *true])
        assert shifted == pytest.approx(expected, abs=2e-6)


async def test_nothing_is_shifted_outside_china(blank: Page) -> None:
    assert await blank.evaluate("() => gridaudit.toSystem('gcj02', 48.85, 2.35)") == [48.85, 2.35]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?lang=zh&layer=off",
        "?theme=light&kiosk=1",
        "?business=CH,DJ&anomaly=DJ01&level=1,2&unit=130202&days=30&open=0",
        "?from=2026-01-01&to=2026-03-31",
        "?days=all&list=risk:level-1&sel=inspector:I0001&at=39.63,118.18,10.25",
        "?replay=team:2026-11-24",
    ],
)
async def test_an_address_says_the_same_after_a_round_trip(blank: Page, query: str) -> None:
    parsed = "q => gridaudit.address.format(gridaudit.address.parse(q))"
    written = await blank.evaluate(parsed, query)
    assert written == query
    assert await blank.evaluate(parsed, written) == query


@pytest.mark.parametrize(
    "query", ["?at=1,2", "?at=91,0,5", "?level=9,x", "?layer=boom", "?days=5", "?from=yesterday", "?lang=fr", "?sel=x"]
)
async def test_an_address_that_makes_no_sense_shows_the_default(blank: Page, query: str) -> None:
    assert await blank.evaluate("q => gridaudit.address.format(gridaudit.address.parse(q))", query) == ""


async def test_crowded_points_become_one_and_nobody_is_lost(blank: Page) -> None:
    groups = await blank.evaluate(
        "() => gridaudit.clusterPoints([[0,0],[3,0],[0,4],[50,50],[53,50],[200,9]].map(([x,y]) => ({x,y})), 1, 10)"
        ".map(g => g.length).sort()"
    )
    assert groups == [1, 2, 3]


async def test_replay_moves_between_fixes_but_never_through_a_gap(blank: Page) -> None:
    """Half way in time is half way in space; in a gap of more than ten minutes the place is the last one, not known."""
    places = await blank.evaluate(
        "() => [-1, 30000, 60000, 200000, 4000000, 9000000].map(ms => gridaudit.placeAt("
        "[[0, 0, 0], [60000, 1, 0], [3660000, 5, 0], [3720000, 6, 0]], ms)).map(p => p && [p.x, p.known])"
    )
    assert places == [None, [0.5, True], [1, True], [1, False], [6, True], None]


async def test_the_kiosk_goes_where_most_work_is_overdue(blank: Page) -> None:
    chosen = await blank.evaluate(
        "() => { const t = (county, dueAt) => ({county, dueAt}); const units = [{code: '1302'}, {code: '1307'}];"
        " return [gridaudit.mostOverdue([t('130202', 1), t('130702', 2), t('130703', 3), t('130202', 99)], units, 10),"
        " gridaudit.mostOverdue([t('130202', 99)], units, 10)]; }"
    )
    assert chosen == ["1307", None]


async def test_the_servers_clock_is_the_fastest_message_and_follows_a_jump(blank: Page) -> None:
    """A slow message looks older than it is; the quickest of the last minutes tells the time."""
    seen = await blank.evaluate(
        "() => { const c = gridaudit.clock, base = performance.now(), t0 = 1e12; const read = () =>"
        " Math.round((c.now() - performance.now() - (t0 - base)) / 100) * 100;"
        " c.observe(t0 - 400, base); const slow = read(); c.observe(t0, base); const quick = read();"
        " c.observe(t0 - 900, base); const still = read(); c.observe(t0 + 60000, base); const jumped = read();"
        " return [slow, quick, still, jumped]; }"
    )
    assert seen == [-400, 0, 0, 60000]


async def test_a_late_row_never_moves_a_marker_back(blank: Page) -> None:
    shown = await blank.evaluate(
        "() => { const s = gridaudit.store; const row = (at, lat) => ['I1', 'x', '1302', 118, lat, 0, 0, 'way', at, 1,"
        " null, 80]; s.snapshot({inspectors: [row(2000, 40)], tickets: [], at: 2000});"
        " s.delta({inspectors: [row(1000, 39)], at: 2100}); const late = s.inspectors.get('I1').lat;"
        " s.delta({inspectors: [row(3000, 41)], at: 3000}); return [late, s.inspectors.get('I1').lat]; }"
    )
    assert shown == [40, 41]


async def test_states_follow_from_the_age_of_the_last_fix(blank: Page) -> None:
    states = await blank.evaluate(
        "() => [0, 179, 181, 899, 901].map(s => gridaudit.store.stateOf({onShift: true, activity: 'site',"
        " fixedAt: 1e12 - s * 1000}, 1e12)).concat([gridaudit.store.stateOf({onShift: false, fixedAt: 1e12}, 1e12)])"
    )
    assert states == ["site", "site", "silent", "silent", "offline", None]
