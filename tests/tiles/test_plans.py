"""Under row security the planner still enters by the spatial index (DESIGN.md, trap 5)."""

import psycopg
import pytest

from data_access import tracks
from tests.tiles import arrange
from tests.tiles.arrange import SOUTH, Risk

pytestmark = pytest.mark.usefixtures("database")
BOX = "ST_MakeEnvelope(118.18, 39.63, 118.181, 39.631, 4326)"


@pytest.fixture(scope="module", autouse=True)
def many(database_url: str) -> None:
    """Enough rows that reading them all is not the cheaper way."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        arrange.organisations(owner)
        arrange.grid(owner, "13020201", 20_000, spread=0.5)
        arrange.grid(owner, "13070201", 1, spread=0.5)
        arrange.risks(
            owner, [Risk(f"R{n}", "13020201", east=0.001 * (n % 200), north=0.001 * (n // 200)) for n in range(20_000)]
        )
        for table in ("risk_point", "risk_chunk", "transformer_district", "feeder"):
            owner.execute(f"ANALYZE {table}")


def plan(owner: psycopg.Connection, query: str) -> str:
    """The plan for a viewer of one county, with the scope set as the product sets it."""
    with owner.transaction():
        owner.execute(
            "SELECT set_config('role', 'gridaudit_viewer', true), set_config('gridaudit.org_path', %s, true),"
            " set_config('gridaudit.role', 'manager', true)",
            (SOUTH,),
        )
        return "\n".join(line for (line,) in owner.execute(f"EXPLAIN {query}"))


@pytest.mark.parametrize(
    ("table", "column", "index"),
    [
        ("risk_point", "location", "idx_risk_point_location"),
        ("transformer_district", "location", "idx_transformer_district_location"),
    ],
)
def test_a_box_enters_by_the_spatial_index(owner: psycopg.Connection, table: str, column: str, index: str) -> None:
    shown = plan(owner, f"SELECT * FROM {table} WHERE {column} && {BOX}")
    assert index in shown, shown
    assert "Seq Scan" not in shown.replace("InitPlan", ""), shown


def test_the_districts_near_a_stop_are_found_by_the_spatial_index_alone(owner: psycopg.Connection) -> None:
    near = tracks._NEAR.replace(":lon", "'{118.2,118.3}'").replace(":lat", "'{39.7,39.8}'")
    shown = plan(owner, near)
    assert "idx_transformer_district_location" in shown, shown
    assert "BitmapAnd" not in shown, shown


def test_the_rows_behind_a_cell_enter_by_the_cells_index(owner: psycopg.Connection) -> None:
    shown = plan(owner, "SELECT * FROM risk_point WHERE h3_cell BETWEEN 617057114722566144 AND 617057114722566150")
    assert "ix_risk_point_cell" in shown, shown


def test_the_box_counts_the_same_with_and_without_the_index(owner: psycopg.Connection) -> None:
    """The leakproof mark changes the way, not the answer: the other county's district in the box stays hidden."""
    query = f"SELECT count(*) FROM transformer_district WHERE location && ST_Expand({BOX}, 0.01)"
    counts = []
    for switch in ("on", "off"):
        with owner.transaction():
            owner.execute(f"SET LOCAL enable_indexscan = {switch}; SET LOCAL enable_bitmapscan = {switch}")
            owner.execute(
                "SELECT set_config('role', 'gridaudit_viewer', true), set_config('gridaudit.org_path', %s, true)",
                (SOUTH,),
            )
            counts.append(owner.execute(query).fetchone())
    assert counts[0] == counts[1]
    assert counts[0] is not None and counts[0][0] > 0
