"""Roles, row security, grants, and the functions and triggers that keep the data's promises.

Background: a viewer's scope is a transaction-local setting (`gridaudit.org_path`); every table has row security with
FORCE, so a forgotten scope shows nothing. Three roles: `gridaudit_web` logs in and may read nothing,
`gridaudit_viewer` sees what the policies let the viewer see, `gridaudit_system` works on nobody's behalf.
Trade-off: `geometry_overlaps` is marked LEAKPROOF, because otherwise the planner must check the policy before it may use
a spatial index (355 ms instead of 1 ms for a bounding box over a million points, DESIGN.md trap 5). What could leak is
only whether a hidden geometry's box overlaps one the viewer names, through an error message; `&&` raises none that
depends on values. It needs a superuser: without one the step is passed over with a warning and maps are slower.
Way back: drop policies, functions and roles; no data is touched.

Revision: 0002
Follows: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROLES = """
DO $$
DECLARE wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['gridaudit_web', 'gridaudit_viewer', 'gridaudit_system'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;
    GRANT gridaudit_viewer, gridaudit_system TO gridaudit_web;
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT gridaudit_web TO %I', current_user);
    END IF;
END $$
"""

SCOPE = """
CREATE FUNCTION viewer_path() RETURNS ltree LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT NULLIF(current_setting('gridaudit.org_path', true), '')::ltree $$;
CREATE FUNCTION viewer_role() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT COALESCE(current_setting('gridaudit.role', true), '') $$;
CREATE FUNCTION viewer_employee() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT NULLIF(current_setting('gridaudit.employee', true), '') $$;
CREATE FUNCTION viewer_subject() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT NULLIF(current_setting('gridaudit.subject', true), '') $$;
CREATE FUNCTION viewer_sees_colleagues() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT viewer_role() IN ('admin', 'manager', 'supervisor', 'lead', 'wall') $$;
"""

IN_SCOPE = "org_path <@ (SELECT viewer_path())"
COLLEAGUES = f"{IN_SCOPE} AND ((SELECT viewer_sees_colleagues()) OR employee_number = (SELECT viewer_employee()))"
ANY_VIEWER = "(SELECT viewer_path()) IS NOT NULL"
ADMIN_IN_SCOPE = f"{IN_SCOPE} AND (SELECT viewer_role()) = 'admin'"
NOBODY = "false"

READ_POLICIES = {
    "organisation": f"{IN_SCOPE} OR org_path @> (SELECT viewer_path())",
    "employee": IN_SCOPE,
    "substation": IN_SCOPE,
    "feeder": IN_SCOPE,
    "transformer_district": IN_SCOPE,
    "reading_section": IN_SCOPE,
    "customer": IN_SCOPE,
    "meter": IN_SCOPE,
    "business_type": ANY_VIEWER,
    "anomaly_type": ANY_VIEWER,
    "rule_version": ANY_VIEWER,
    "audit_ticket": IN_SCOPE,
    "ticket_event": IN_SCOPE,
    "evidence": IN_SCOPE,
    "problem": IN_SCOPE,
    "risk_point": IN_SCOPE,
    "risk_chunk": IN_SCOPE,
    "risk_chunk_dirty": NOBODY,
    "demo_truth": NOBODY,
    "device": f"employee_number = (SELECT viewer_employee()) OR ({ADMIN_IN_SCOPE})",
    "work_shift": COLLEAGUES,
    "inspector_position": COLLEAGUES,
    "position_fix": COLLEAGUES,
    "work_track": COLLEAGUES,
    "position_rejection": COLLEAGUES,
    "app_user": f"login = (SELECT viewer_subject()) OR ({ADMIN_IN_SCOPE})",
    "user_session": NOBODY,
    "api_token": ADMIN_IN_SCOPE,
    "sign_in_attempt": NOBODY,
    "audit_log": f"({ADMIN_IN_SCOPE}) OR (object_kind = 'track' AND object_key = (SELECT viewer_employee()))",
    "change_feed": NOBODY,
    "layer_version": ANY_VIEWER,
    "data_load": ANY_VIEWER,
}

APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ticket_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ticket_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

FEED = """
CREATE SEQUENCE change_feed_sequence;
-- The lock is held to the end of the transaction, so sequence numbers appear in commit order and a reader that has seen
-- n never misses a smaller one. Call it last in a transaction: whoever holds it must not wait for other rows.
CREATE FUNCTION append_changes(kinds text[], keys text[], paths text[], bodies jsonb[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE last bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(4703202);
    INSERT INTO change_feed (sequence, kind, key, org_path, body)
    SELECT nextval('change_feed_sequence'), kind, key, path::ltree, body
    FROM unnest(kinds, keys, paths, bodies) AS given (kind, key, path, body);
    last := currval('change_feed_sequence');
    PERFORM pg_notify('gridaudit_change', last::text);
    RETURN last;
END $$;
CREATE FUNCTION append_change(kind text, key text, path text, body jsonb) RETURNS bigint LANGUAGE sql AS
    $$ SELECT append_changes(ARRAY[kind], ARRAY[key], ARRAY[path], ARRAY[body]) $$;
CREATE FUNCTION prune_change_feed(keep interval) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- The newest row stays, so that `newest_change()` never goes back.
    WITH gone AS (
        DELETE FROM change_feed WHERE at < now() - keep AND sequence < (SELECT max(sequence) FROM change_feed) RETURNING 1
    ) SELECT count(*) FROM gone
$$;
CREATE FUNCTION newest_change() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ SELECT COALESCE(max(sequence), 0) FROM change_feed $$;
"""

PARTITIONS = """
CREATE FUNCTION ensure_fix_partitions(first_day date, last_day date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    wanted date;
    name text;
    made integer := 0;
BEGIN
    -- Two processes that make the same partition at once would fail with a duplicate: take turns.
    PERFORM pg_advisory_xact_lock(4703203);
    FOR wanted IN SELECT generate_series(first_day, last_day, interval '1 day')::date LOOP
        name := 'position_fix_' || to_char(wanted, 'YYYYMMDD');
        IF to_regclass(name) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF position_fix FOR VALUES FROM (%L) TO (%L)',
                name, wanted::text || ' 00:00:00+00', (wanted + 1)::text || ' 00:00:00+00'
            );
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
            EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
            made := made + 1;
        END IF;
    END LOOP;
    RETURN made;
END $$;
CREATE FUNCTION drop_fix_partitions(before_day date) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone text[] := '{}';
    name text;
BEGIN
    PERFORM pg_advisory_xact_lock(4703203);
    FOR name IN
        SELECT child.relname FROM pg_inherits
        JOIN pg_class child ON child.oid = pg_inherits.inhrelid
        WHERE pg_inherits.inhparent = 'position_fix'::regclass
          AND child.relname ~ '^position_fix_[0-9]{8}$'
          AND to_date(right(child.relname, 8), 'YYYYMMDD') < before_day
        ORDER BY child.relname
    LOOP
        EXECUTE format('DROP TABLE %I', name);
        gone := gone || name;
    END LOOP;
    DELETE FROM work_track WHERE day < before_day;
    DELETE FROM position_rejection WHERE day < before_day;
    RETURN gone;
END $$;
"""

RISK_CHUNKS = """
CREATE FUNCTION risk_month(moment timestamptz) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT date_trunc('month', moment AT TIME ZONE 'Asia/Shanghai')::date $$;
CREATE FUNCTION mark_risk_chunks() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        INSERT INTO risk_chunk_dirty (county_code, station_code, month, org_path)
        SELECT DISTINCT county_code, station_code, risk_month(detected_at), org_path FROM new_rows
        ON CONFLICT DO NOTHING;
    END IF;
    IF TG_OP IN ('DELETE', 'UPDATE') THEN
        INSERT INTO risk_chunk_dirty (county_code, station_code, month, org_path)
        SELECT DISTINCT county_code, station_code, risk_month(detected_at), org_path FROM old_rows
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER mark_chunks_insert AFTER INSERT ON risk_point
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_risk_chunks();
CREATE TRIGGER mark_chunks_update AFTER UPDATE ON risk_point
    REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_risk_chunks();
CREATE TRIGGER mark_chunks_delete AFTER DELETE ON risk_point
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_risk_chunks();
-- Packs every dirty chunk anew and raises the layer's version. Writers call it in the transaction that changed the
-- points; the lock makes the later of two writers see the rows of the earlier one.
CREATE FUNCTION refresh_risk_chunks() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    packed integer;
    next_version bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(4703204);
    CREATE TEMP TABLE IF NOT EXISTS taken_chunks
        (county_code text, station_code text, month date, org_path ltree) ON COMMIT DROP;
    TRUNCATE taken_chunks;
    WITH gone AS (DELETE FROM risk_chunk_dirty RETURNING county_code, station_code, month, org_path)
    INSERT INTO taken_chunks SELECT * FROM gone;
    SELECT count(*) INTO packed FROM taken_chunks;
    IF packed = 0 THEN
        RETURN 0;
    END IF;
    ANALYZE taken_chunks;
    INSERT INTO layer_version (layer, version) VALUES ('risk', 1)
    ON CONFLICT (layer) DO UPDATE SET version = layer_version.version + 1, changed_at = now()
    RETURNING version INTO next_version;
    DELETE FROM risk_chunk USING taken_chunks AS taken
    WHERE risk_chunk.county_code = taken.county_code AND risk_chunk.station_code = taken.station_code
      AND risk_chunk.month = taken.month;
    -- The points come sorted, so every column is packed in the same order without a sort of its own. The chunk takes its
    -- path from its points: should they ever differ, from what all of them share, which only fewer viewers may see.
    INSERT INTO risk_chunk
        (county_code, station_code, month, org_path, count, version, open_by_level,
         x, y, kind, flag, day, score, cell, bounds)
    SELECT
        county_code, station_code, month,
        CASE WHEN min(path) = max(path) THEN min(path)::ltree ELSE lca(array_agg(DISTINCT path::ltree)) END,
        count(*), next_version,
        ARRAY[
            count(*) FILTER (WHERE level = 1 AND state IN (0, 1, 3)),
            count(*) FILTER (WHERE level = 2 AND state IN (0, 1, 3)),
            count(*) FILTER (WHERE level = 3 AND state IN (0, 1, 3)),
            count(*) FILTER (WHERE level = 4 AND state IN (0, 1, 3))
        ]::smallint[],
        string_agg(int4send(floor((longitude + 180) / 360 * 2147483648)::int), ''),
        string_agg(int4send(floor(
            (0.5 - ln(tan(pi() / 4 + radians(latitude) / 2)) / (2 * pi())) * 2147483648
        )::int), ''),
        string_agg(substring(int2send(ordinal) FROM 2), ''),
        string_agg(substring(int2send((level + 16 * state)::smallint) FROM 2), ''),
        string_agg(int2send(day), ''),
        string_agg(substring(int2send(score) FROM 2), ''),
        string_agg(int8send(h3_cell), ''),
        ST_MakeEnvelope(
            min(longitude) - 0.0001, min(latitude) - 0.0001, max(longitude) + 0.0001, max(latitude) + 0.0001, 4326
        )
    FROM (
        SELECT
            taken.county_code, taken.station_code, taken.month, point.org_path::text COLLATE "C" AS path,
            point.level, point.state, point.score, point.h3_cell, anomaly.ordinal,
            ST_X(point.location) AS longitude, ST_Y(point.location) AS latitude,
            ((point.detected_at AT TIME ZONE 'Asia/Shanghai')::date - DATE '2000-01-01')::smallint AS day
        FROM taken_chunks AS taken
        JOIN risk_point AS point ON point.station_code = taken.station_code AND point.county_code = taken.county_code
            AND point.detected_at >= taken.month::timestamp AT TIME ZONE 'Asia/Shanghai'
            AND point.detected_at < (taken.month + interval '1 month')::timestamp AT TIME ZONE 'Asia/Shanghai'
        JOIN anomaly_type AS anomaly ON anomaly.code = point.anomaly_code
        ORDER BY taken.county_code, taken.station_code, taken.month, point.number
    ) AS points
    GROUP BY county_code, station_code, month;
    RETURN packed;
END $$;
"""

LEAKPROOF = """
DO $$ BEGIN
    ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'geometry_overlaps could not be marked LEAKPROOF: spatial queries under row security will be slow; '
        'run as a superuser: ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF';
END $$
"""


def _policies() -> None:
    for table, condition in READ_POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY system_all ON {table} TO gridaudit_system USING (true) WITH CHECK (true)")
        op.execute(f"CREATE POLICY owner_all ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO gridaudit_system")
        if condition != NOBODY:
            op.execute(f"CREATE POLICY viewer_read ON {table} FOR SELECT TO gridaudit_viewer USING ({condition})")
            op.execute(f"GRANT SELECT ON {table} TO gridaudit_viewer")
    op.execute(
        "CREATE POLICY viewer_append ON audit_log FOR INSERT TO gridaudit_viewer"
        f" WITH CHECK (subject = (SELECT viewer_subject()) AND {ANY_VIEWER})"
    )
    op.execute("GRANT INSERT ON audit_log TO gridaudit_viewer")


def upgrade() -> None:
    """Apply."""
    op.execute(ROLES)
    op.execute(SCOPE)
    op.execute(APPEND_ONLY)
    op.execute(FEED)
    op.execute(PARTITIONS)
    op.execute(RISK_CHUNKS)
    _policies()
    op.execute("ALTER TABLE risk_chunk SET (toast_tuple_target = 8160)")
    for column in ("x", "y", "kind", "flag", "day", "score", "cell"):
        # Uncompressed: packed numbers do not shrink, and unpacking costs more than reading.
        op.execute(f"ALTER TABLE risk_chunk ALTER COLUMN {column} SET STORAGE EXTERNAL")
    op.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    op.execute("GRANT USAGE ON SCHEMA public TO gridaudit_web, gridaudit_viewer, gridaudit_system")
    op.execute("REVOKE EXECUTE ON FUNCTION append_changes(text[], text[], text[], jsonb[]) FROM PUBLIC")
    op.execute("REVOKE EXECUTE ON FUNCTION ensure_fix_partitions(date, date) FROM PUBLIC")
    op.execute("REVOKE EXECUTE ON FUNCTION drop_fix_partitions(date) FROM PUBLIC")
    op.execute("REVOKE EXECUTE ON FUNCTION refresh_risk_chunks() FROM PUBLIC")
    op.execute("REVOKE EXECUTE ON FUNCTION prune_change_feed(interval), newest_change() FROM PUBLIC")
    op.execute(
        "GRANT EXECUTE ON FUNCTION append_changes(text[], text[], text[], jsonb[]), refresh_risk_chunks(), newest_change()"
        " TO gridaudit_viewer, gridaudit_system"
    )
    op.execute(
        "GRANT EXECUTE ON FUNCTION ensure_fix_partitions(date, date), drop_fix_partitions(date),"
        " prune_change_feed(interval) TO gridaudit_system"
    )
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO gridaudit_system, gridaudit_viewer")
    op.execute("GRANT SELECT ON alembic_version TO gridaudit_web, gridaudit_viewer, gridaudit_system")
    op.execute("SELECT ensure_fix_partitions(current_date - 2, current_date + 7)")
    op.execute(LEAKPROOF)


def downgrade() -> None:
    """Take back; the roles stay, they may be shared with other databases of the server."""
    for table in READ_POLICIES:
        for policy in ("system_all", "owner_all", "viewer_read", "viewer_append"):
            op.execute(f"DROP POLICY IF EXISTS {policy} ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for trigger, table in (
        ("append_only", "ticket_event"),
        ("append_only_truncate", "ticket_event"),
        ("append_only", "audit_log"),
        ("append_only_truncate", "audit_log"),
        ("mark_chunks_insert", "risk_point"),
        ("mark_chunks_update", "risk_point"),
        ("mark_chunks_delete", "risk_point"),
    ):
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
    op.execute(
        "DROP FUNCTION refuse_change(), append_change(text, text, text, jsonb),"
        " append_changes(text[], text[], text[], jsonb[]), prune_change_feed(interval), newest_change(),"
        " ensure_fix_partitions(date, date), drop_fix_partitions(date), refresh_risk_chunks(), mark_risk_chunks(),"
        " risk_month(timestamptz), viewer_sees_colleagues(), viewer_role(), viewer_employee(), viewer_subject(), viewer_path()"
    )
    op.execute("DROP SEQUENCE change_feed_sequence")
