"""SQL of each kind of import: what is derived from what is there, what must fit it, and where the rows go.

Everything works on the temporary table `incoming` (alias `s`), one row a row of the file, as sets: a rule over a million
rows is one statement. What a file can't say about itself (county, organisation path) comes from the unit, district or
customer that it names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition on `s` under which a row is faulty, or only remarkable; `column` is the one that is named."""

    code: str
    column: str
    condition: str


@dataclass(frozen=True, slots=True)
class ImportRules:
    """`targets`: column of the table → expression over `s`; `optional`: target → the file's column without which it stays as
    it is. `derive` runs in its order before the faults, `reshape` after them, `after` when the rows are in.
    """

    table: str
    key: tuple[str, ...]
    twice: tuple[str, ...]
    """Columns that no two rows of a file may share."""
    targets: Mapping[str, str]
    optional: Mapping[str, str] = field(default_factory=dict)
    derive: tuple[str, ...] = ()
    faults: tuple[Rule, ...] = ()
    warnings: tuple[Rule, ...] = ()
    reshape: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    by_month: bool = False


_FROM_CUSTOMER = (
    "UPDATE incoming AS s SET county_code = c.county_code, org_path = c.org_path FROM customer AS c"
    " WHERE c.number = s.customer_number"
)
_FROM_DISTRICT = (
    "UPDATE incoming AS s SET county_code = d.county_code, org_path = d.org_path FROM transformer_district AS d"
    " WHERE d.code = s.district_code"
)
_NO_CUSTOMER = Rule("customer", "customer_number", "s.org_path IS NULL")
_NO_DISTRICT = Rule("district", "district_code", "s.org_path IS NULL")
_NOT_IN_COUNTY = Rule(
    "not_in_county", "longitude",
    "s.geom IS NOT NULL AND EXISTS (SELECT FROM organisation AS c WHERE c.code = s.county_code"
    " AND c.boundary IS NOT NULL AND NOT ST_Covers(c.boundary, s.geom))",
)  # fmt: skip
_NOT_IN_AREA = Rule(
    "not_in_area", "longitude",
    "s.geom IS NOT NULL AND EXISTS (SELECT FROM transformer_district AS d WHERE d.county_code = s.county_code"
    " AND d.code = s.district_code AND d.service_area IS NOT NULL AND NOT ST_Covers(d.service_area, s.geom))",
)  # fmt: skip


def _same(*names: str) -> dict[str, str]:
    return {name: f"s.{name}" for name in names}


RULES: Mapping[str, ImportRules] = {
    "organisations": ImportRules(
        "organisation", ("code",), ("code",),
        {**_same("code", "parent_code", "level", "name_zh", "county_code", "org_path"),
         "name_en": "COALESCE(s.name_en, s.name_zh)", "boundary": "s.geom", "centre": "ST_PointOnSurface(s.geom)"},
        {"boundary": "geom", "centre": "geom"},
        derive=(
            """
            WITH RECURSIVE tree AS (
                SELECT s.code, COALESCE(p.org_path::text || '.', '') || s.code AS path, COALESCE(p.level + 1, 0) AS level,
                       CASE p.level WHEN 1 THEN s.code WHEN 2 THEN p.code END AS county
                FROM incoming AS s
                LEFT JOIN organisation AS p ON p.code = s.parent_code
                    AND NOT EXISTS (SELECT FROM incoming AS i WHERE i.code = p.code)
                WHERE s.code ~ '^[A-Za-z0-9_]+$' AND (s.parent_code IS NULL OR p.code IS NOT NULL)
                UNION
                SELECT s.code, t.path || '.' || s.code, t.level + 1, CASE t.level WHEN 1 THEN s.code WHEN 2 THEN t.code END
                FROM incoming AS s JOIN tree AS t ON t.code = s.parent_code
                WHERE s.code ~ '^[A-Za-z0-9_]+$' AND t.level < 3
            )
            UPDATE incoming AS s SET org_path = t.path::ltree, level = t.level, county_code = t.county
            FROM tree AS t WHERE t.code = s.code
            """,
        ),
        faults=(
            Rule("label", "code", "s.code !~ '^[A-Za-z0-9_]+$'"),
            Rule("parent", "parent_code", "s.org_path IS NULL AND s.code ~ '^[A-Za-z0-9_]+$'"),
            Rule("moved", "parent_code", "EXISTS (SELECT FROM organisation AS o WHERE o.code = s.code"
                                         " AND o.org_path <> s.org_path)"),
        ),
    ),
    "substations": ImportRules(
        "substation", ("code",), ("code",),
        {**_same("code", "name", "county_code", "org_path", "voltage_kv"), "location": "s.geom"},
        derive=("UPDATE incoming AS s SET org_path = o.org_path FROM organisation AS o"
                " WHERE o.code = s.county_code AND o.level = 2",),
        faults=(Rule("county", "county_code", "s.org_path IS NULL"),),
        warnings=(_NOT_IN_COUNTY,),
    ),
    "feeders": ImportRules(
        "feeder", ("code",), ("code",),
        {**_same("code", "name", "substation_code", "county_code", "org_path"), "path": "s.geom"},
        derive=("UPDATE incoming AS s SET county_code = b.county_code, org_path = b.org_path FROM substation AS b"
                " WHERE b.code = s.substation_code",),
        faults=(Rule("substation", "substation_code", "s.org_path IS NULL"),),
    ),
    "districts": ImportRules(
        "transformer_district", ("county_code", "code"), ("code",),
        {**_same("county_code", "code", "name", "kind", "capacity_kva", "feeder_code", "manager_number", "org_path"),
         "location": "s.geom"},
        {"manager_number": "manager_number"},
        derive=("UPDATE incoming AS s SET county_code = o.county_code, org_path = o.org_path FROM organisation AS o"
                " WHERE o.code = s.station_code AND o.level IN (2, 3)",),
        faults=(
            Rule("station", "station_code", "s.org_path IS NULL"),
            Rule("feeder", "feeder_code", "NOT EXISTS (SELECT FROM feeder AS f WHERE f.code = s.feeder_code)"),
            Rule("manager", "manager_number", "s.manager_number IS NOT NULL AND NOT EXISTS"
                                              " (SELECT FROM employee AS e WHERE e.number = s.manager_number)"),
            Rule("other_county", "code", "EXISTS (SELECT FROM transformer_district AS d WHERE d.code = s.code"
                                         " AND d.county_code <> s.county_code)"),
        ),
        warnings=(_NOT_IN_COUNTY,),
    ),
    "customers": ImportRules(
        "customer", ("county_code", "number"), ("number",),
        {**_same("county_code", "number", "name", "category", "voltage", "contract_capacity_kva", "tariff_code",
                 "trade_code", "phone", "address", "district_code", "reading_section_code", "opened_on", "closed_on",
                 "org_path"), "location": "s.geom"},
        {**{name: name for name in ("trade_code", "phone", "address", "reading_section_code", "closed_on")},
         "location": "geom"},
        derive=(_FROM_DISTRICT,),
        faults=(
            _NO_DISTRICT,
            Rule("section", "reading_section_code", "s.reading_section_code IS NOT NULL AND NOT EXISTS (SELECT FROM"
                 " reading_section AS r WHERE r.county_code = s.county_code AND r.code = s.reading_section_code)"),
            Rule("closed_before", "closed_on", "s.closed_on < s.opened_on"),
            Rule("other_county", "number", "EXISTS (SELECT FROM customer AS c WHERE c.number = s.number"
                                           " AND c.county_code <> s.county_code)"),
        ),
        warnings=(_NOT_IN_COUNTY, _NOT_IN_AREA),
        after=(
            "UPDATE transformer_district AS d SET customer_count = now.count FROM (SELECT c.county_code, c.district_code,"
            " count(*) AS count FROM customer AS c WHERE (c.county_code, c.district_code) IN"
            " (SELECT DISTINCT county_code, district_code FROM incoming) GROUP BY 1, 2) AS now"
            " WHERE d.county_code = now.county_code AND d.code = now.district_code AND d.customer_count <> now.count",
        ),
    ),
    "meters": ImportRules(
        "meter", ("county_code", "number"), ("number",),
        _same("county_code", "number", "customer_number", "multiplier", "digits", "installed_on", "removed_on",
              "org_path"),
        {"removed_on": "removed_on"},
        derive=(_FROM_CUSTOMER,),
        faults=(
            _NO_CUSTOMER,
            Rule("removed_before", "removed_on", "s.removed_on < s.installed_on"),
            Rule("other_county", "number", "EXISTS (SELECT FROM meter AS m WHERE m.number = s.number"
                                           " AND m.county_code <> s.county_code)"),
        ),
    ),
    "readings": ImportRules(
        "meter_reading", ("county_code", "month", "customer_number", "meter_number", "register", "read_at"),
        ("customer_number", "meter_number", "register", "read_at"),
        _same("county_code", "month", "customer_number", "meter_number", "register", "read_at", "kind", "reading",
              "method", "quality", "org_path"),
        derive=(
            _FROM_CUSTOMER,
            # What is read at midnight closes the month that is over.
            "UPDATE incoming SET month = date_trunc('month', (read_at - interval '1 second') AT TIME ZONE 'Asia/Shanghai')",
        ),
        faults=(
            _NO_CUSTOMER,
            Rule("meter", "meter_number", "s.org_path IS NOT NULL AND NOT EXISTS (SELECT FROM meter AS m WHERE"
                 " m.county_code = s.county_code AND m.number = s.meter_number"
                 " AND m.customer_number = s.customer_number)"),
        ),
        by_month=True,
    ),
    "usage": ImportRules(
        "usage_month", ("county_code", "month", "customer_number"), ("customer_number", "day"),
        _same("county_code", "month", "customer_number", "district_code", "energy_kwh", "daily_kwh", "org_path"),
        derive=(
            "UPDATE incoming AS s SET county_code = c.county_code, org_path = c.org_path, district_code = c.district_code,"
            " month = date_trunc('month', s.day) FROM customer AS c WHERE c.number = s.customer_number",
        ),
        faults=(
            _NO_CUSTOMER,
            Rule("periods", "kwh", "EXISTS (SELECT FROM usage_month AS u WHERE u.county_code = s.county_code AND"
                 " u.month = s.month AND u.customer_number = s.customer_number AND (u.peak_kwh IS NOT NULL"
                 " OR u.sharp_kwh IS NOT NULL OR u.flat_kwh IS NOT NULL OR u.valley_kwh IS NOT NULL))"),
        ),
        # Days become months: those of the file over those that are stored, in hundredths of a kWh.
        reshape=(
            """
            CREATE TEMP TABLE incoming_month ON COMMIT DROP AS
            WITH months AS (
                SELECT county_code, month, customer_number, min(district_code) AS district_code, min(org_path::text) AS path,
                       min(row_no) AS row_no FROM incoming WHERE NOT bad GROUP BY 1, 2, 3
            ), days AS (
                SELECT county_code, month, customer_number, extract(day FROM day)::int AS number,
                       round(kwh * 100)::int AS value, true AS given
                FROM incoming WHERE NOT bad
                UNION ALL
                SELECT u.county_code, u.month, u.customer_number, one.number::int, one.value, false
                FROM months JOIN usage_month AS u USING (county_code, month, customer_number)
                CROSS JOIN LATERAL unnest(u.daily_kwh) WITH ORDINALITY AS one (value, number)
            ), best AS (
                SELECT DISTINCT ON (county_code, month, customer_number, number) * FROM days
                ORDER BY county_code, month, customer_number, number, given DESC
            ), lasts AS (
                SELECT county_code, month, customer_number, max(number) AS last FROM best GROUP BY 1, 2, 3
            )
            SELECT m.row_no, m.county_code, m.month, m.customer_number, m.district_code, m.path::ltree AS org_path,
                   false AS bad, array_agg(b.value ORDER BY n) AS daily_kwh,
                   COALESCE(sum(b.value), 0) / 100.0 AS energy_kwh
            FROM months AS m JOIN lasts USING (county_code, month, customer_number)
            CROSS JOIN LATERAL generate_series(1, lasts.last) AS n
            LEFT JOIN best AS b ON b.county_code = m.county_code AND b.month = m.month
                AND b.customer_number = m.customer_number AND b.number = n
            GROUP BY m.row_no, m.county_code, m.month, m.customer_number, m.district_code, m.path
            """,
            "DROP TABLE incoming",
            "ALTER TABLE incoming_month RENAME TO incoming",
        ),
        by_month=True,
    ),
    "risks": ImportRules(
        "risk_point", ("county_code", "number"), ("number",),
        {**_same("county_code", "number", "station_code", "anomaly_code", "state", "score", "exposure_yuan",
                 "district_code", "customer_number", "detected_at", "h3_cell", "org_path"),
         "level": "s.level::smallint", "location": "s.geom"},
        {"customer_number": "customer_number"},
        derive=(_FROM_DISTRICT, "UPDATE incoming SET station_code = ltree2text(subpath(org_path, -1))"
                                " WHERE org_path IS NOT NULL"),
        faults=(
            _NO_DISTRICT,
            Rule("anomaly", "anomaly_code", "NOT EXISTS (SELECT FROM anomaly_type AS a WHERE a.code = s.anomaly_code)"),
            Rule("customer", "customer_number", "s.customer_number IS NOT NULL AND NOT EXISTS (SELECT FROM customer AS c"
                 " WHERE c.county_code = s.county_code AND c.number = s.customer_number)"),
        ),
        warnings=(_NOT_IN_COUNTY, _NOT_IN_AREA),
        after=("SELECT refresh_risk_chunks(), fold_roll_ups()",),
    ),
}  # fmt: skip

DERIVED: Mapping[str, tuple[str, ...]] = {
    "organisations": ("level smallint", "county_code text"),
    "substations": (),
    "feeders": ("county_code text",),
    "districts": ("county_code text",),
    "customers": ("county_code text",),
    "meters": ("county_code text",),
    "readings": ("county_code text", "month date"),
    "usage": ("county_code text", "month date", "district_code text"),
    "risks": ("county_code text", "station_code text"),
}
"""Columns of `incoming` that no file brings, besides `org_path` and `bad`."""
