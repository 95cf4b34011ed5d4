"""Search over everything that has a number or a name, in the viewer's scope: customers, meters, districts, people,
tickets, risk points, places and the grid.

The candidates come from the function `search_keys` (migration 0005, which says why), what is shown of them is read
under row security: a key alone tells nobody anything. Two statements, whatever is asked.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from data_access.cards import masked_name
from data_access.engine import reading
from data_access.scope import Viewer

EACH = 20
"""Candidates of a kind."""
SHOWN = 6
"""Hits of a kind that are shown."""
MAX_LENGTH = 60
BEGINS_FROM = 3
"""Characters of a number by whose beginning is searched."""
SLIP_FROM = 6
"""A number with fewer digits is one slip away from too many others."""
BEGINS, SIMILAR = 1, (2, 6)
"""Of `Hit.how`."""
NEAR_PAIRS = 24
_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9._/-]*")
ORDER = ("customer", "meter", "district", "inspector", "ticket", "risk", "place", "feeder", "substation")


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found. `how`: 0 its very number, 1 the number begins so, 2 one slip in the number, 3 its very name,
    4 the name begins so, 5 the name contains it, 6 the name is similar. Names of customers are masked."""

    kind: str
    key: str
    county: str
    how: int
    name_zh: str
    name_en: str
    leads_to: str
    """What its page is asked with: a meter leads to its customer, a feeder and a substation to their county."""
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """A search text as the index wants it."""

    spellings: list[str]
    begins: str | None
    ends: str | None
    slips: list[str]
    whole: list[str]
    starting: list[str]
    containing: list[str]
    nearly: list[str]


def _pairs(word: str) -> list[str]:
    return [word[at : at + 2] for at in range(len(word) - 1)]


def _slips(number: str) -> list[str]:
    """Every number that becomes `number` by one wrong, missing, surplus digit or two swapped ones."""
    found: set[str] = set()
    for at in range(len(number) + 1):
        before, after = number[:at], number[at:]
        found |= {f"{before}{digit}{after}" for digit in "0123456789"}
        if after:
            found.add(before + after[1:])
            if after[0].isdigit():
                found |= {f"{before}{digit}{after[1:]}" for digit in "0123456789"}
        if len(after) > 1:
            found.add(f"{before}{after[1]}{after[0]}{after[2:]}")
    return sorted(found - {number})


def _nearly(starts: Sequence[list[str]]) -> list[str]:
    """What is left of the pairs when those around each character, or each two swapped ones, are left out in turn.

    At least two pairs must stay: by a single one too much would be similar. Of two lists the shorter one finds all that
    the longer one does.
    """
    ways = {
        frozenset(pairs[:at] + pairs[at + gone :])
        for pairs in starts
        if len(pairs) <= NEAR_PAIRS
        for gone in (1, 2, 3)
        for at in range(len(pairs) - gone + 1)
        if gone != 1 or at in (0, len(pairs) - 1)
    }
    enough = [way for way in ways if len(way) >= 2]
    return ["\x01".join(sorted(way)) for way in enough if not any(other < way for other in enough)]


def words_of(asked: str) -> Words | None:
    """The text in full-width forms and either case as the index has it; None for nothing to search."""
    plain = unicodedata.normalize("NFKC", asked.replace("\0", ""))[:MAX_LENGTH].strip()
    if not plain:
        return None
    parts = [] if plain.isdecimal() and len(plain) >= SLIP_FROM else plain.lower().split()  # nobody's name
    whole = _pairs(f"^{''.join(parts)}$") if parts else []
    inner = [pair for part in parts for pair in _pairs(part)]
    starting = [*_pairs(f"^{''.join(parts[:1])}"), *(pair for part in parts[1:] for pair in _pairs(part))]
    number = plain.upper() if _NUMBER.fullmatch(plain.upper()) else None
    begins = number if number and len(number) >= BEGINS_FROM else None
    digits = sum(character.isdigit() for character in number or "")
    return Words(
        spellings=sorted({plain, number}) if number else [],
        begins=begins,
        ends=begins[:-1] + chr(ord(begins[-1]) + 1) if begins else None,
        slips=_slips(number) if number and digits >= SLIP_FROM and len(number) <= 24 else [],
        whole=whole,
        starting=starting,
        containing=inner,
        nearly=sorted(_nearly((inner, starting, whole))),
    )


_CANDIDATES = text(
    "SELECT kind, county, key, min(how) AS how FROM search_keys(:spellings, :begins, :ends, :slips, :whole, :starting,"
    " :containing, :nearly, :each) GROUP BY kind, county, key"
)
_GIVEN = (
    "(SELECT unnest(CAST(:{kind}_counties AS text[])) AS county, unnest(CAST(:{kind}_keys AS text[])) AS key) AS given"
)
_BY_COUNTY = " ON one.county_code = given.county AND one.{key} = given.key"
_PLAIN = " ON one.{key} = given.key"


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is read of a kind: names, the number its page is asked with, further facts as JSON."""

    table: str
    key: str
    by_county: bool
    names: str
    leads_to: str
    detail: str
    only: str = ""


_KINDS: dict[str, _Shown] = {
    "customer": _Shown(
        "customer", "number", True, "one.name, one.name", "one.number",
        "json_build_object('district', one.district_code, 'closed', one.closed_on IS NOT NULL)",
    ),
    "meter": _Shown(
        "meter", "number", True, "one.number, one.number", "one.customer_number",
        "json_build_object('customer', one.customer_number, 'removed', one.removed_on IS NOT NULL)",
    ),
    "district": _Shown(
        "transformer_district", "code", True, "one.name, one.name", "one.code",
        "json_build_object('capacity', one.capacity_kva, 'customers', one.customer_count)",
    ),
    "inspector": _Shown(
        "employee", "number", False, "one.name, one.name", "one.number",
        "json_build_object('unit', one.organisation_code)", " WHERE one.kind = 'inspector'",
    ),
    "ticket": _Shown(
        "audit_ticket", "number", True,
        "(SELECT name_zh FROM anomaly_type WHERE code = one.anomaly_code),"
        " (SELECT name_en FROM anomaly_type WHERE code = one.anomaly_code)", "one.number",
        "json_build_object('status', one.status, 'level', one.level)",
    ),
    "risk": _Shown(
        "risk_point", "number", True,
        "(SELECT name_zh FROM anomaly_type WHERE code = one.anomaly_code),"
        " (SELECT name_en FROM anomaly_type WHERE code = one.anomaly_code)", "one.number",
        "json_build_object('state', one.state, 'level', one.level)",
    ),
    "place": _Shown(
        "organisation", "code", False, "one.name_zh, one.name_en", "one.code",
        "json_build_object('level', one.level)",
    ),
    "feeder": _Shown(
        "feeder", "code", False, "one.name, one.name", "one.county_code",
        "json_build_object('substation', one.substation_code)",
    ),
    "substation": _Shown(
        "substation", "code", False, "one.name, one.name", "one.county_code",
        "json_build_object('voltage', one.voltage_kv)",
    ),
}  # fmt: skip


def _reading(kinds: Iterable[str]) -> str:
    return " UNION ALL ".join(
        f"SELECT '{kind}', given.county, given.key, {shown.names}, {shown.leads_to}, {shown.detail}"  # noqa: S608
        f" FROM {_GIVEN.format(kind=kind)} JOIN {shown.table} AS one"
        f"{(_BY_COUNTY if shown.by_county else _PLAIN).format(key=shown.key)}{shown.only}"
        for kind in kinds
        for shown in (_KINDS[kind],)
    )


async def search(viewer: Viewer, asked: str) -> list[Hit]:
    """What fits, best first within each kind, kinds in the order of `ORDER`, at most `SHOWN` of each. Two statements,
    one when nothing fits.
    """
    words = words_of(asked)
    if words is None:
        return []
    values = {name: getattr(words, name) for name in Words.__slots__}
    async with reading(viewer) as connection:
        found = (await connection.execute(_CANDIDATES, {**values, "each": EACH})).all()
        if not found:
            return []
        how = {(row.kind, row.county, row.key): int(row.how) for row in found}
        kinds = sorted({row.kind for row in found})
        given = {
            f"{kind}_{name}": [getattr(row, column) for row in found if row.kind == kind]
            for kind in kinds
            for name, column in (("counties", "county"), ("keys", "key"))
        }
        rows = (await connection.execute(text(_reading(kinds)), given)).all()
    hits = [
        Hit(kind, key, county, how[kind, county, key], zh or "", en or "", leads_to, detail)
        for kind, county, key, zh, en, leads_to, detail in rows
    ]
    return _ranked(hits, unicodedata.normalize("NFKC", asked).strip().lower())


def _ranked(hits: list[Hit], asked: str) -> list[Hit]:
    kept: list[Hit] = []
    sure = min((hit.how for hit in hits), default=0) <= BEGINS
    for kind in ORDER:
        own = sorted(
            (hit for hit in hits if hit.kind == kind and not (sure and hit.how in SIMILAR)),
            key=lambda hit: (
                hit.how,
                min(slips(asked, n.lower()) for n in (hit.key, hit.name_zh, hit.name_en)),
                hit.key,
            ),
        )
        kept += [_masked(hit) for hit in own[:SHOWN]]
    return kept


def _names(hit: Hit) -> tuple[str, str, str]:
    return hit.key, hit.name_zh, hit.name_en


def _masked(hit: Hit) -> Hit:
    if hit.kind != "customer":
        return hit
    name = masked_name(hit.name_zh) or ""
    return Hit(hit.kind, hit.key, hit.county, hit.how, name, name, hit.leads_to, hit.detail)


def slips(one: str, other: str) -> int:
    """How many characters must be put in, taken out or replaced to make one text the other (Levenshtein)."""
    before = list(range(len(other) + 1))
    for row, left in enumerate(one, start=1):
        now = [row]
        for column, right in enumerate(other, start=1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (left != right)))
        before = now
    return before[-1]
