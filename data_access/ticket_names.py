"""Names behind the codes that a ticket's events carry: units by code, people by employee number."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import bindparam
from sqlalchemy.types import Text

from data_access.engine import reading
from data_access.scope import Viewer

_NAMES = text(
    "SELECT 'unit' AS kind, code, name_zh, name_en FROM organisation WHERE code = ANY(:units)"
    " UNION ALL SELECT 'person', number, name, name FROM employee WHERE number = ANY(:people)"
).bindparams(bindparam("units", type_=ARRAY(Text)), bindparam("people", type_=ARRAY(Text)))


@dataclass(frozen=True, slots=True)
class FoundNames:
    """What is in the viewer's sight: unit code → (Chinese, English), employee number → name."""

    units: dict[str, tuple[str, str]]
    people: dict[str, str]


async def names_of(viewer: Viewer, units: Iterable[str], people: Iterable[str]) -> FoundNames:
    """Names of units and people; a code out of the viewer's sight is left out. One statement."""
    asked = {"units": sorted(set(units)), "people": sorted(set(people))}
    async with reading(viewer) as connection:
        rows = list(await connection.execute(_NAMES, asked))
    return FoundNames(
        {row.code: (row.name_zh, row.name_en) for row in rows if row.kind == "unit"},
        {row.code: row.name_zh for row in rows if row.kind == "person"},
    )
