"""SQL of migration 0005 for search and imports.

Search. Row security keeps operators that are not leakproof out of index conditions: a trigram or array operator would be
asked of every row in scope (DESIGN.md, trap 5). So the candidates come from one function that runs as the tables' owner and
states the scope itself, and only their keys leave it; what is shown of them is read under row security.

Names are indexed by their pairs of neighbouring characters, with `^` and `$` at the ends: trigrams need three, and a
Chinese name or the part of it that people type often has two. The labels of a row's path stand in the same array
(`@130202`), so the scope is part of the index search: a county's 王丽 is found without reading the province's. Numbers
are found by equality, by prefix, and with a mistyped digit by equality with every number one slip away: a few hundred
probes of a plain index, whose cost doesn't grow with the table.
"""

SEARCHED: tuple[tuple[str, str, str, str, bool], ...] = (
    ("customer", "customer", "number", "name", True),
    ("meter", "meter", "number", "", True),
    ("district", "transformer_district", "code", "name", True),
    ("ticket", "audit_ticket", "number", "", True),
    ("risk", "risk_point", "number", "", True),
    ("inspector", "employee", "number", "name", False),
    ("place", "organisation", "code", "name_zh, name_en", False),
    ("feeder", "feeder", "code", "name", False),
    ("substation", "substation", "code", "name", False),
)
"""Kind, table, key, name (empty: found by its number only), and whether the primary key begins with the county."""

GRAMS = r"""
CREATE FUNCTION search_grams(name text, path ltree) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY(
        SELECT substr(whole, n, 2)
        FROM (SELECT '^' || regexp_replace(lower(name), '\s+', '', 'g') || '$' AS whole) AS one,
             generate_series(1, length(whole) - 1) AS n
        UNION SELECT '@' || label FROM unnest(string_to_array(path::text, '.')) AS label
    )
$$;
CREATE FUNCTION search_grams(name text, other_name text, path ltree) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT search_grams(name || other_name, path) $$;
"""

_HEAD = """
CREATE FUNCTION search_keys(
    spellings text[], begins text, ends text, slips text[],
    whole text[], starting text[], containing text[], nearly text[], each integer
) RETURNS TABLE (kind text, county text, key text, how smallint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
-- Plans fit the very words; and a table is never read whole, however few rows are expected.
SET plan_cache_mode = force_custom_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    scope ltree := viewer_path();
    mark text[] := CASE WHEN nlevel(viewer_path()) > 1 THEN ARRAY['@' || ltree2text(subpath(viewer_path(), -1))] ELSE '{}' END;
    counties text[];
    found integer;
    part integer;
    sure boolean := false;
BEGIN
    IF scope IS NULL THEN
        RETURN;
    END IF;
    SELECT array_agg(code) INTO counties FROM organisation WHERE level = 2 AND (org_path <@ scope OR org_path @> scope);
"""

_BY_NUMBER = """
    found := 0;
    IF cardinality(spellings) > 0 THEN
        RETURN QUERY SELECT '{kind}'::text, {county}, {key}, 0::smallint FROM {table}
            WHERE {key} = ANY (spellings) AND org_path <@ scope LIMIT each;
        GET DIAGNOSTICS part = ROW_COUNT;
        found := found + part;
    END IF;
    IF begins IS NOT NULL AND found = 0 THEN
        RETURN QUERY {prefix};
        GET DIAGNOSTICS part = ROW_COUNT;
        found := found + part;
    END IF;
    sure := sure OR found > 0;
    IF cardinality(slips) > 0 AND NOT sure THEN
        RETURN QUERY SELECT '{kind}'::text, {county}, {key}, 2::smallint FROM {table}
            WHERE {key} = ANY (slips) AND org_path <@ scope LIMIT each;
        GET DIAGNOSTICS part = ROW_COUNT;
        found := found + part;
    END IF;
"""
_PREFIX = (
    "SELECT '{kind}'::text, {county}, {key}, 1::smallint FROM {table}"
    " WHERE {key} >= begins AND {key} < ends AND starts_with({key}, begins) AND org_path <@ scope ORDER BY {key} LIMIT each"
)
_PREFIX_BY_COUNTY = (
    "SELECT '{kind}'::text, one.county_code, one.{key}, 1::smallint FROM unnest(counties) AS place (code) CROSS JOIN LATERAL"
    " (SELECT county_code, {key} FROM {table} AS inner_one WHERE inner_one.county_code = place.code"
    " AND inner_one.{key} >= begins AND inner_one.{key} < ends AND starts_with(inner_one.{key}, begins)"
    " AND inner_one.org_path <@ scope ORDER BY inner_one.{key} LIMIT each) AS one LIMIT each"
)
_BY_NAME = """
    IF found = 0 AND cardinality(starting) > 0 THEN
        RETURN QUERY SELECT '{kind}'::text, {county}, {key}, 3::smallint FROM {table}
            WHERE search_grams({name}, org_path) @> (whole || mark) AND org_path <@ scope LIMIT each;
        GET DIAGNOSTICS part = ROW_COUNT;
        found := found + part;
        IF found < each THEN
            RETURN QUERY SELECT '{kind}'::text, {county}, {key}, 4::smallint FROM {table}
                WHERE search_grams({name}, org_path) @> (starting || mark) AND org_path <@ scope LIMIT each;
            GET DIAGNOSTICS part = ROW_COUNT;
            found := found + part;
        END IF;
        IF found < each AND cardinality(containing) > 0 THEN
            RETURN QUERY SELECT '{kind}'::text, {county}, {key}, 5::smallint FROM {table}
                WHERE search_grams({name}, org_path) @> (containing || mark) AND org_path <@ scope LIMIT each;
            GET DIAGNOSTICS part = ROW_COUNT;
            found := found + part;
        END IF;
        IF found = 0 AND NOT sure AND cardinality(nearly) > 0 THEN
            RETURN QUERY SELECT '{kind}'::text, near.county, near.key, 6::smallint FROM unnest(nearly) AS way (grams)
                CROSS JOIN LATERAL (SELECT {county} AS county, {key} AS key FROM {table}
                    WHERE search_grams({name}, org_path) @> (string_to_array(way.grams, chr(1)) || mark)
                      AND org_path <@ scope LIMIT each) AS near
                LIMIT 3 * each;
        END IF;
    END IF;
"""


def _search_keys() -> str:
    body = _HEAD
    for kind, table, key, name, by_county in SEARCHED:
        county = "county_code" if by_county else "''::text"
        names = {"kind": kind, "table": table, "key": key, "county": county, "name": name}
        prefix = (_PREFIX_BY_COUNTY if by_county else _PREFIX).format(**names)
        body += _BY_NUMBER.format(prefix=prefix, **names)
        if name:
            body += _BY_NAME.format(**names)
    return body + "END $$;\n"


_SIGNATURE = "search_keys(text[], text, text, text[], text[], text[], text[], text[], integer)"
SEARCH = (
    GRAMS
    + "".join(
        f"CREATE INDEX ix_{table}_search ON {table} USING gin (search_grams({name}, org_path));\n"
        for _, table, _, name, _ in SEARCHED
        if name
    )
    + "CREATE INDEX ix_meter_number ON meter (number);\n"
    + _search_keys()
    + f"REVOKE EXECUTE ON FUNCTION {_SIGNATURE} FROM PUBLIC;\n"
    + f"GRANT EXECUTE ON FUNCTION {_SIGNATURE} TO gridaudit_viewer;\n"
)
SEARCH_BACK = (
    f"DROP FUNCTION {_SIGNATURE};\nDROP INDEX ix_meter_number"
    + "".join(f", ix_{table}_search" for _, table, _, name, _ in SEARCHED if name)
    + ";\nDROP FUNCTION search_grams(text, ltree), search_grams(text, text, ltree);\n"
)

IMPORTS = """
CREATE TABLE data_import (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    kind TEXT NOT NULL,
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued',
    options JSONB NOT NULL DEFAULT '{}',
    requested_by TEXT NOT NULL,
    requested_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    finished_at TIMESTAMPTZ,
    rows_read INTEGER NOT NULL DEFAULT 0,
    rows_new INTEGER NOT NULL DEFAULT 0,
    rows_changed INTEGER NOT NULL DEFAULT 0,
    rows_equal INTEGER NOT NULL DEFAULT 0,
    rows_faulty INTEGER NOT NULL DEFAULT 0,
    warnings INTEGER NOT NULL DEFAULT 0,
    error_code TEXT,
    error_values JSONB,
    content BYTEA,
    report TEXT,
    org_path LTREE NOT NULL,
    CONSTRAINT pk_data_import PRIMARY KEY (id),
    CONSTRAINT ck_data_import_state CHECK (state IN ('queued', 'reading', 'checking', 'writing', 'done', 'refused', 'failed'))
);
CREATE INDEX ix_data_import_requested_at ON data_import (requested_at);
ALTER TABLE data_import ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE data_import ENABLE ROW LEVEL SECURITY;
ALTER TABLE data_import FORCE ROW LEVEL SECURITY;
CREATE POLICY system_all ON data_import TO gridaudit_system USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON data_import TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON data_import TO gridaudit_system;
GRANT USAGE ON SEQUENCE data_import_id_seq TO gridaudit_system;
CREATE POLICY viewer_read ON data_import FOR SELECT TO gridaudit_viewer
    USING (org_path <@ (SELECT viewer_path()) AND (SELECT viewer_role()) = 'admin');
GRANT SELECT ON data_import TO gridaudit_viewer;
"""
IMPORTS_BACK = "DROP TABLE data_import;"
