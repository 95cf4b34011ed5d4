"""The heat surface: one surface over all tiles, whole weights, plain colours."""

import io

import numpy as np
import pytest
from PIL import Image

from geo import density
from geo.density import Points

ZOOM, COLUMN, ROW = 10, 848, 388
"""A tile over Tangshan."""


def world(count: int, seed: int, zoom: int = ZOOM, tiles: float = 3.0) -> Points:
    """Random points over the tile and its neighbours."""
    chance = np.random.default_rng(seed)
    side = 1 << (31 - zoom)
    x = (COLUMN - 1) * side + chance.random(count) * tiles * side
    y = (ROW - 1) * side + chance.random(count) * tiles * side
    return Points(x.astype(np.int32), y.astype(np.int32), chance.integers(1, 101, count).astype(np.uint8))


def surface(points: Points, zoom: int, column: int, row: int, scale: int = 1) -> np.ndarray:
    made = density.tile_density(points, zoom, column, row, scale=scale)
    assert made is not None
    return made


def by_hand(points: Points, zoom: int, column: int, row: int, pixel: tuple[int, int]) -> float:
    """The density at a pixel's middle, point after point: no grid, no margin."""
    px_x, px_y = column * 256 + pixel[0] + 0.5, row * 256 + pixel[1] + 0.5
    per_px = 2.0 ** (31 - zoom - 8)
    away = np.hypot(points.x / per_px - px_x, points.y / per_px - px_y)
    sigma = density.sigma_px(zoom)
    wide = sigma * density._GLOW_WIDTH
    core = np.exp(-0.5 * (away / sigma) ** 2) / (2 * np.pi * sigma**2)
    glow = np.exp(-0.5 * (away / wide) ** 2) / (2 * np.pi * wide**2)
    weight = (1 - density._GLOW_SHARE) * core + density._GLOW_SHARE * glow
    ground = density.square_km_per_px(zoom, px_y / (256 << zoom))
    return float((weight * points.score).sum() / 100 / ground)


@pytest.mark.parametrize("zoom", [5, 8, 10, 14])
def test_the_surface_is_what_each_point_by_itself_adds_up_to(zoom: int) -> None:
    side = 1 << (31 - zoom)
    points = world(400, seed=zoom)
    column, row = int(points.x[0]) // side, int(points.y[0]) // side
    made = surface(points, zoom, column, row)
    for pixel in ((0, 0), (255, 0), (128, 128), (31, 200), (255, 255)):
        assert made[pixel[1], pixel[0]] == pytest.approx(
            by_hand(points, zoom, column, row, pixel), rel=0.05, abs=float(made.max()) * 0.01
        )


def test_adjoining_tiles_are_one_surface() -> None:
    """Across an edge the values go on as they do inside a tile: no seam, on no side."""
    points = world(3000, seed=1)
    here = surface(points, ZOOM, COLUMN, ROW)
    east = surface(points, ZOOM, COLUMN + 1, ROW)
    south = surface(points, ZOOM, COLUMN, ROW + 1)
    inside = max(np.abs(np.diff(here, axis=1)).max(), np.abs(np.diff(here, axis=0)).max())
    assert np.abs(here[:, -1] - east[:, 0]).max() <= inside
    assert np.abs(here[-1, :] - south[0, :]).max() <= inside
    # The slope goes on as well: what the last two columns foretell is what the neighbour has.
    foretold = 2 * here[:, -1] - here[:, -2]
    bend = np.abs(np.diff(here, n=2, axis=1)).max()
    assert np.abs(foretold - east[:, 0]).max() <= 1.5 * bend


def test_a_point_just_beyond_the_edge_reaches_into_the_tile() -> None:
    side = 1 << (31 - ZOOM)
    points = Points(
        np.array([(COLUMN + 1) * side + 5], np.int32),
        np.array([ROW * side + side // 2], np.int32),
        np.array([80], np.uint8),
    )
    here, east = surface(points, ZOOM, COLUMN, ROW), surface(points, ZOOM, COLUMN + 1, ROW)
    assert here[128, 255] == pytest.approx(east[128, 0], rel=0.02)
    assert here[128, 255] > 0


def test_density_times_ground_gives_back_the_weight() -> None:
    """Summed over all the ground, the surface holds every point's weight: the legend's numbers mean what they say."""
    side = 1 << (31 - ZOOM)
    chance = np.random.default_rng(5)
    middle = side // 2
    points = Points(
        (COLUMN * side + middle + chance.normal(0, side / 40, 200)).astype(np.int32),
        (ROW * side + middle + chance.normal(0, side / 40, 200)).astype(np.int32),
        chance.integers(1, 101, 200).astype(np.uint8),
    )
    made = surface(points, ZOOM, COLUMN, ROW)
    lines = (ROW + (np.arange(256) + 0.5) / 256) / (1 << ZOOM)
    ground = np.array([density.square_km_per_px(ZOOM, line) for line in lines])
    assert (made.sum(axis=1) * ground).sum() == pytest.approx(points.score.sum() / 100, rel=0.01)


def test_a_double_density_tile_is_the_same_surface_finer() -> None:
    points = world(2000, seed=2)
    plain, fine = surface(points, ZOOM, COLUMN, ROW), surface(points, ZOOM, COLUMN, ROW, scale=2)
    assert fine.shape == (512, 512)
    assert fine.reshape(256, 2, 256, 2).mean(axis=(1, 3)) == pytest.approx(
        plain, rel=0.02, abs=float(plain.max()) * 0.002
    )


def test_nothing_in_reach_is_the_constant_empty_tile() -> None:
    points = world(100, seed=3)
    assert density.tile_density(points, ZOOM, COLUMN + 40, ROW) is None
    assert density.colour_png(None, 1.0, "inferno") is density.EMPTY_TILE
    image = Image.open(io.BytesIO(density.EMPTY_TILE)).convert("RGBA")
    assert image.size == (256, 256)
    assert image.getextrema()[3] == (0, 0)


@pytest.mark.parametrize("palette", density.PALETTES)
def test_the_legend_names_the_colours_that_the_tiles_have(palette: density.Palette) -> None:
    top = 40.0
    for value, colour in density.legend_stops(top, palette):
        flat = np.full((256, 256), value, np.float32)
        flat[0, 0] = top  # else the thinnest stop would be an empty tile
        image = Image.open(io.BytesIO(density.colour_png(flat, top, palette))).convert("RGBA")
        red, green, blue, _ = image.getpixel((100, 100))
        assert f"#{red:02x}{green:02x}{blue:02x}" == colour


def with_freak(points: Points, count: int) -> Points:
    """The points, and `count` heavy ones at one place, as files of customers with one wrong coordinate have them."""
    return Points(
        np.append(points.x, np.full(count, points.x[0])).astype(np.int32),
        np.append(points.y, np.full(count, points.y[0])).astype(np.int32),
        np.append(points.score, np.full(count, 100)).astype(np.uint8),
    )


def test_one_freak_place_does_not_set_the_scale() -> None:
    points = world(20_000, seed=4)
    assert density.scale_top(with_freak(points, 400), ZOOM) <= 1.3 * density.scale_top(points, ZOOM)


def test_however_heavy_one_place_is_the_rest_stays_visible() -> None:
    """With a tenth of all risk at one spot, the half of it that lies thinnest still gets a fifth of the colours."""
    points = world(20_000, seed=4)
    assert density.scale_top(with_freak(points, 1200), ZOOM) <= 22 * density.scale_top(points, ZOOM)


def test_the_scale_from_a_part_of_the_cells_is_near_that_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    points = world(200_000, seed=6, tiles=1.0)
    sampled = density.scale_top(points, 15)
    monkeypatch.setattr(density, "_SCALE_SAMPLE", 10**9)
    assert sampled == pytest.approx(density.scale_top(points, 15), rel=0.26)  # one or two steps of plain numbers


def test_no_points_still_have_a_scale() -> None:
    none = Points(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.uint8))
    assert all(density.scale_top(none, zoom) > 0 for zoom in range(density.MAX_ZOOM + 1))
