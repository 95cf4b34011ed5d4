"""Which thresholds a county's rules are held against on a day: the catalogue's, and over them what its units set.

In force: the newest version of `rule_version`, then the newest `rule_setting` of each unit on the line from province to
county, the nearest unit last. Days of Asia/Shanghai.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_RULES = text("""
SELECT DISTINCT ON (rule.anomaly_code) rule.anomaly_code AS code, rule.version, rule.thresholds, kind.default_level
FROM rule_version AS rule JOIN anomaly_type AS kind ON kind.code = rule.anomaly_code
WHERE rule.effective_from <= :day AND (rule.effective_to IS NULL OR rule.effective_to > :day)
ORDER BY rule.anomaly_code, rule.version DESC
""")
_SETTINGS = text("""
SELECT DISTINCT ON (anomaly_code, org_path) anomaly_code AS code, org_path::text AS path, version, thresholds
FROM rule_setting
WHERE effective_from <= :day
    AND (org_path @> CAST(:path AS ltree) OR (:below AND org_path <@ CAST(:path AS ltree)))
ORDER BY anomaly_code, org_path, version DESC
""")


@dataclass(frozen=True, slots=True)
class Setting:
    """What a unit set: `path` such as `jibei.1302`, `version` 0 for one that isn't stored (a preview's)."""

    path: str
    version: int
    thresholds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class InForce:
    """A rule as it holds for one county on one day. `settings`: those that were applied, nearest unit last."""

    code: str
    version: int
    level: int
    thresholds: dict[str, float]
    settings: tuple[Setting, ...] = ()


def on_line(setting: Setting, path: str) -> bool:
    """Whether a unit's setting counts for the unit at `path`."""
    return path == setting.path or path.startswith(f"{setting.path}.")


def applied(rule: InForce, settings: Sequence[Setting], path: str) -> InForce:
    """The rule with the settings on the line to `path`; of one unit the last in the sequence counts.

    Names that the rule's version doesn't have (any more) are left out.
    """
    own = {one.path: one for one in settings if on_line(one, path)}
    ordered = tuple(sorted(own.values(), key=lambda one: one.path.count(".")))
    thresholds = dict(rule.thresholds)
    for one in ordered:
        thresholds |= {name: float(value) for name, value in one.thresholds.items() if name in thresholds}
    return InForce(rule.code, rule.version, rule.level, thresholds, ordered)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules of a day and the settings of the units around one place."""

    rules: Mapping[str, InForce]
    settings: Mapping[str, Sequence[Setting]]

    def at(self, path: str, code: str, extra: Sequence[Setting] = ()) -> InForce:
        """The rule as it holds at `path`; `extra` settings are taken as if they were stored.

        Raises:
            KeyError: no version of the rule holds on the day.
        """
        return applied(self.rules[code], [*self.settings.get(code, ()), *extra], path)


async def rulebook(connection: AsyncConnection, path: str, day: date, *, below: bool = False) -> Rulebook:
    """The rules of `day` with the settings of the units on the line to `path`, and with `below` of those under it.
    Two statements.
    """
    rows = (await connection.execute(_RULES, {"day": day})).all()
    rules = {
        row.code: InForce(row.code, row.version, row.default_level, {
            name: float(one["value"]) for name, one in row.thresholds.items()
        })
        for row in rows
    }  # fmt: skip
    settings: dict[str, list[Setting]] = {}
    for row in await connection.execute(_SETTINGS, {"day": day, "path": path, "below": below}):
        settings.setdefault(row.code, []).append(Setting(row.path, row.version, row.thresholds))
    return Rulebook(rules, settings)


async def in_force(connection: AsyncConnection, path: str, day: date) -> dict[str, InForce]:
    """Every rule as it holds on `day` for the unit at `path` (`jibei.1302.130202`), by code. Two statements."""
    book = await rulebook(connection, path, day)
    return {code: book.at(path, code) for code in book.rules}
