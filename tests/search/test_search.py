"""Search: by number, beginning, slip and name, in both languages, within the own unit, masked, in two statements."""

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.engine import counting_statements
from data_access.search import search, slips, words_of
from tests.builders import SOUTH, county_of, viewer
from tests.isolation.twins import FOREIGN, SIDES, build

PEOPLE = {
    "1302000000011": "王丽",
    "1302000000012": "张三丰",
    "1302000000013": "张三",
    "1302000000099": "唐山市路北区海棠商贸有限公司",
}


@pytest.fixture(scope="module", autouse=True)
async def utility(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        build(owner)
        for side, station in SIDES.items():
            for number, name in PEOPLE.items():
                own = number if side == "SOUTH" else f"1307{number[4:]}"
                owner.execute(
                    "INSERT INTO customer (county_code, number, name, category, voltage, contract_capacity_kva,"
                    " tariff_code, district_code, opened_on, org_path)"
                    " VALUES (%s, %s, %s, 'residential', '220V', 8, 'R1', %s, '2020-01-01', %s)",
                    (county_of(station), own, name, f"D-{side}", station),
                )
                owner.execute(
                    "INSERT INTO meter (county_code, number, customer_number, digits, installed_on, org_path)"
                    " VALUES (%s, %s, %s, 6, '2020-01-01', %s)",
                    (county_of(station), f"M{own}", own, station),
                )
        owner.execute("UPDATE transformer_district SET name = '路北凤凰小区3号公变' WHERE code = 'D-SOUTH'")
        owner.execute("UPDATE organisation SET name_zh = '路北区', name_en = 'Lubei' WHERE code = '130202'")


async def found(asked: str, path: str = SOUTH) -> list[tuple[str, str, int]]:
    return [(hit.kind, hit.key, hit.how) for hit in await search(viewer(path), asked)]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("1302000000012", ("customer", "1302000000012", 0)),
        ("13020000000", ("customer", "1302000000011", 1)),
        ("1302000000021", ("customer", "1302000000011", 2)),  # one digit wrong
        ("130200000012", ("customer", "1302000000012", 2)),  # one missing
        ("13020000000112", ("customer", "1302000000012", 2)),  # one too many
        ("m1302000000012", ("meter", "M1302000000012", 0)),
        ("１３０２０００００００１２", ("customer", "1302000000012", 0)),  # full-width, as a Chinese keyboard writes
        ("t-south", ("ticket", "T-SOUTH", 0)),
        ("r-sou", ("risk", "R-SOUTH", 1)),
        ("130202", ("place", "130202", 0)),
        ("王丽", ("customer", "1302000000011", 3)),
        ("张三", ("customer", "1302000000013", 3)),
        ("海棠商贸", ("customer", "1302000000099", 5)),
        ("海裳商贸有限", ("customer", "1302000000099", 6)),
        ("张山丰", ("customer", "1302000000012", 6)),
        ("凤凰小区", ("district", "D-SOUTH", 5)),
        ("路北凤黄小区", ("district", "D-SOUTH", 6)),
        ("路北 3号公变", ("district", "D-SOUTH", 4)),
        ("lubei", ("place", "130202", 5)),
        ("lubie", ("place", "130202", 6)),
        ("路北", ("place", "130202", 4)),
        ("feeder south", ("feeder", "F-SOUTH", 3)),
        ("Demo E-SOUTH", ("inspector", "E-SOUTH", 3)),
    ],
)
async def test_a_thing_is_found_the_way_people_ask_for_it(asked, expected):
    kind, key, how = expected
    assert (kind, key, how) in await found(asked), await found(asked)


@pytest.mark.parametrize("asked", ["", "   ", "\0", "$$", "no such thing", "%", "'; DROP TABLE customer; --", "^"])
async def test_what_fits_nothing_finds_nothing(asked):
    assert [hit for hit in await found(asked) if hit[0] in ("customer", "meter", "ticket", "risk")] == []


async def test_the_very_name_comes_before_one_that_only_begins_so():
    customers = [key for kind, key, _ in await found("张三") if kind == "customer"]
    assert customers == ["1302000000013", "1302000000012"]


async def test_where_the_very_number_is_found_nothing_merely_similar_is_shown():
    assert {how for _, _, how in await found("E-SOUTH")} == {0}


async def test_names_of_customers_are_masked_whoever_asks():
    for role in ("manager", "inspector", "admin", "supervisor"):
        (hit,) = [hit for hit in await search(viewer(SOUTH, role), "张三丰") if hit.kind == "customer"]
        assert hit.name_zh == hit.name_en == "张**"


NORTHERN = ["王丽", "张三", "海棠商贸", "1307000000012", "M1307000000012", "T-NORTH", "R-NORTH", "D-NORTH", "E-NORTH"]
NORTHERN += ["130702", "1307000000021", "Feeder NORTH", "NORTH", "Unit 130702"]


@pytest.mark.parametrize("asked", NORTHERN)
async def test_the_south_finds_nothing_of_the_north(asked):
    hits = await search(viewer(SOUTH), asked)
    text = repr(hits).replace(asked, "")
    assert [word for word in (*FOREIGN, "1307") if word in text] == []
    province = await search(viewer("jibei"), asked)
    assert any("1307" in repr(hit) or "NORTH" in repr(hit) for hit in province), "there is something to find"


async def test_without_a_scope_there_are_no_candidates(owner):
    with owner.transaction():
        owner.execute("SELECT set_config('role', 'gridaudit_viewer', true), set_config('gridaudit.org_path', '', true)")
        row = owner.execute(
            "SELECT count(*) FROM search_keys('{1302000000012}', NULL, NULL, '{}', '{}', '{}', '{}', '{}', 9)"
        ).fetchone()
    assert row == (0,)


async def test_a_search_is_two_statements_and_one_when_nothing_fits():
    for asked, count in (("张三", 2), ("1302000000012", 2), ("nothing like this", 1), (" ", 0)):
        async with counting_statements() as statements:
            await search(viewer(SOUTH), asked)
        assert len(statements) == count, asked


def test_names_enter_by_the_index_of_pairs_with_the_scope_in_it(owner):
    """The function's own conditions, planned as it plans them: no table is read whole."""
    owner.execute("ANALYZE customer")
    with owner.transaction():
        owner.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join(
            row[0]
            for row in owner.execute(
                "EXPLAIN SELECT number FROM customer WHERE search_grams(name, org_path) @> ARRAY['张三', '@130202']"
            )
        )
    assert "ix_customer_search" in plan and "@130202" in plan, plan


@given(st.text("0123456789", min_size=6, max_size=16), st.data())
def test_every_number_one_slip_away_is_among_those_asked_for(number, data):
    at = data.draw(st.integers(0, len(number) - 1))
    digit = data.draw(st.sampled_from("0123456789"))
    words = words_of(number)
    assert words is not None
    for meant in (
        number[:at] + digit + number[at + 1 :],
        number[:at] + number[at + 1 :],
        number[:at] + digit + number[at:],
    ):
        assert meant == number or meant in words.slips
        assert slips(number, meant) <= 1


@given(st.text(max_size=100))
def test_any_text_makes_words_or_none(asked):
    words = words_of(asked)
    if words is not None:
        assert all(len(pair) == 2 for pair in words.containing + words.starting + words.whole)
        assert len(words.nearly) <= 9 * 24
