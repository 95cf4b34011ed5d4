"""Tickets at work: who has a ticket, its clocks, its changes by name; evidence, check-ins; what a unit sets for deadlines.

Background: an audit case goes from suspicion to archive through many hands (domain sheet 1.2). The row of a ticket holds
where it stands, its events hold how it came there.
Change: columns of `audit_ticket` for the unit in charge, the stage's clock, suspension, extension, review, findings and
links; `ticket_change` makes every change happen once (a client names it, a repeat gets the same answer); `check_in`;
columns of `evidence` for the original, the copy that is shown and what its metadata says; `stage_limit` for time limits
that a unit sets; columns of `problem`; `adjustment.reverses`, so that a decision on money is taken back by a further
row and never changed; read policies as everywhere.
Trade-off: `uq_audit_ticket_open_object` keeps one open ticket an object and topic in the database itself (domain sheet
1.2: merge, don't create), so two people who create at once cannot both win. It carries the county, as all unique keys.
Way back: drops what it adds; findings' causes, check-ins and the names of changes are lost, events stay.

Revision: 0004
Follows: 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE audit_ticket
    ADD COLUMN origin TEXT NOT NULL DEFAULT 'rule',
    ADD COLUMN description TEXT,
    ADD COLUMN created_by TEXT NOT NULL DEFAULT 'system',
    ADD COLUMN previous_number TEXT,
    ADD COLUMN assigned_unit TEXT,
    ADD COLUMN assigned_path LTREE,
    ADD COLUMN stage_started_at TIMESTAMPTZ,
    ADD COLUMN suspended_from SMALLINT,
    ADD COLUMN suspended_at TIMESTAMPTZ,
    ADD COLUMN suspended_until TIMESTAMPTZ,
    ADD COLUMN extended_at TIMESTAMPTZ,
    ADD COLUMN escalated_at TIMESTAMPTZ,
    ADD COLUMN reminded_at TIMESTAMPTZ,
    ADD COLUMN review_level SMALLINT,
    ADD COLUMN request JSONB,
    ADD COLUMN cause TEXT,
    ADD COLUMN responsible_unit TEXT,
    ADD COLUMN responsible_person TEXT,
    ADD COLUMN found_at TIMESTAMPTZ,
    ADD COLUMN amounts JSONB,
    ADD CONSTRAINT ck_audit_ticket_origin CHECK (origin IN ('rule', 'manual', 'api', 'redispatch'));
UPDATE audit_ticket SET stage_started_at = updated_at WHERE stage_started_at IS NULL;
CREATE UNIQUE INDEX uq_audit_ticket_open_object
    ON audit_ticket (county_code, anomaly_code, COALESCE(customer_number, district_code))
    WHERE closed_at IS NULL;
CREATE INDEX ix_audit_ticket_assigned ON audit_ticket USING gist (assigned_path) WHERE closed_at IS NULL;
CREATE INDEX ix_audit_ticket_status ON audit_ticket (status, due_at);
-- For the lists: one ordered way in for each sort, so that a page reads its rows and no others, however many there are.
-- Open ones carry what counts by state need, so that counting reads the index alone.
CREATE INDEX ix_audit_ticket_due_open ON audit_ticket (due_at, number) INCLUDE (status, level, org_path)
    WHERE closed_at IS NULL;
CREATE INDEX ix_audit_ticket_opened_open ON audit_ticket (opened_at, number) WHERE closed_at IS NULL;
CREATE INDEX ix_audit_ticket_level_open ON audit_ticket (level, number) WHERE closed_at IS NULL;
CREATE INDEX ix_audit_ticket_number_open ON audit_ticket (number) WHERE closed_at IS NULL;
CREATE INDEX ix_audit_ticket_due ON audit_ticket (due_at, number);
CREATE INDEX ix_audit_ticket_level ON audit_ticket (level, number);
CREATE INDEX ix_audit_ticket_anomaly ON audit_ticket (anomaly_code, opened_at);
DROP INDEX ix_audit_ticket_handler;
CREATE INDEX ix_audit_ticket_handler ON audit_ticket (handler_number, closed_at);
-- Under row security the planner takes org_path <@ … for one row in a hundred and enters by this index even where the
-- viewer sees all: 440 ms for a page of 1,000,000 tickets instead of 1 ms. Narrow scopes enter by their county.
DROP INDEX ix_audit_ticket_org_path;
CREATE TABLE ticket_change (
    county_code TEXT NOT NULL,
    id UUID NOT NULL,
    ticket_number TEXT,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    answer JSONB NOT NULL,
    made_at TIMESTAMPTZ NOT NULL,
    org_path LTREE NOT NULL,
    CONSTRAINT pk_ticket_change PRIMARY KEY (county_code, id)
);
CREATE INDEX ix_ticket_change_id ON ticket_change (id);
CREATE INDEX ix_ticket_change_made_at ON ticket_change (made_at);
CREATE TABLE check_in (
    county_code TEXT NOT NULL,
    id UUID NOT NULL,
    ticket_number TEXT NOT NULL,
    employee_number TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    received_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    accuracy_m REAL,
    distance_m REAL,
    dwell_seconds INTEGER,
    is_mock BOOLEAN NOT NULL DEFAULT false,
    score SMALLINT NOT NULL,
    parts JSONB NOT NULL DEFAULT '{}',
    reason TEXT,
    org_path LTREE NOT NULL,
    location geometry(POINT, 4326) NOT NULL,
    CONSTRAINT pk_check_in PRIMARY KEY (county_code, id)
);
CREATE INDEX ix_check_in_ticket ON check_in (county_code, ticket_number, at);
CREATE INDEX ix_check_in_employee ON check_in (employee_number, at);
ALTER TABLE evidence
    ADD COLUMN purpose TEXT NOT NULL DEFAULT 'finding',
    ADD COLUMN file_name TEXT NOT NULL DEFAULT '',
    ADD COLUMN shown_sha256 TEXT,
    ADD COLUMN shown_media_type TEXT,
    ADD COLUMN width INTEGER,
    ADD COLUMN height INTEGER,
    ADD COLUMN metadata JSONB NOT NULL DEFAULT '{}',
    ADD COLUMN comparison JSONB NOT NULL DEFAULT '{}',
    ADD COLUMN note TEXT,
    ADD CONSTRAINT ck_evidence_purpose CHECK (purpose IN ('finding', 'responsibility', 'rectification', 'review'));
CREATE TABLE stage_limit (
    org_path LTREE NOT NULL,
    status SMALLINT NOT NULL,
    level SMALLINT NOT NULL DEFAULT 0,
    effective_from DATE NOT NULL,
    working_days SMALLINT NOT NULL,
    set_by TEXT NOT NULL,
    set_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT pk_stage_limit PRIMARY KEY (org_path, status, level, effective_from),
    CONSTRAINT ck_stage_limit_working_days CHECK (working_days BETWEEN 0 AND 366)
);
ALTER TABLE problem
    ADD COLUMN level SMALLINT,
    ADD COLUMN responsible_person TEXT,
    ADD COLUMN recovered_kwh NUMERIC(16, 2),
    ADD COLUMN recovered_yuan NUMERIC(14, 2),
    ADD COLUMN breach_yuan NUMERIC(14, 2),
    ADD COLUMN rectified_by TEXT;
ALTER TABLE adjustment
    ADD COLUMN reverses TEXT,
    DROP CONSTRAINT ck_adjustment_kinds_kept_apart,
    ADD CONSTRAINT ck_adjustment_kinds_kept_apart CHECK (CASE kind
        WHEN 'refund' THEN CASE WHEN reverses IS NULL THEN 1 ELSE -1 END * energy_yuan <= 0 AND breach_yuan = 0 AND late_fee_yuan = 0
        WHEN 'back_billing' THEN CASE WHEN reverses IS NULL THEN 1 ELSE -1 END * energy_yuan >= 0 AND breach_yuan = 0 AND late_fee_yuan = 0
        WHEN 'breach' THEN energy_yuan = 0 AND energy_kwh = 0 AND late_fee_yuan = 0 AND CASE WHEN reverses IS NULL THEN 1 ELSE -1 END * breach_yuan >= 0
        ELSE energy_yuan = 0 AND energy_kwh = 0 AND breach_yuan = 0 AND CASE WHEN reverses IS NULL THEN 1 ELSE -1 END * late_fee_yuan >= 0 END);
CREATE INDEX ix_evidence_sha256 ON evidence (sha256);
CREATE INDEX ix_evidence_shown ON evidence (shown_sha256);
CREATE UNIQUE INDEX uq_adjustment_reverses ON adjustment (county_code, reverses) WHERE reverses IS NOT NULL;
CREATE INDEX ix_problem_customer ON problem (county_code, customer_number);
CREATE INDEX ix_problem_ticket ON problem (county_code, ticket_number);
"""
NUMBERS = """
-- T2026-0001, T2026-0002, …: one sequence a year, made when its first ticket comes; loads that bring their own numbers
-- are passed by. A number may be left out by a rollback.
CREATE FUNCTION next_ticket_number(year integer) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    name text := format('ticket_number_%s', year);
    prefix text := format('T%s-', year);
    first bigint;
    made bigint;
    wanted text;
BEGIN
    IF to_regclass(name) IS NULL THEN
        PERFORM pg_advisory_xact_lock(4703211);
        IF to_regclass(name) IS NULL THEN
            SELECT COALESCE(max(substr(number, length(prefix) + 1)::bigint), 0) + 1 INTO first
            FROM audit_ticket WHERE number ~ format('^%s[0-9]{1,15}$', prefix);
            EXECUTE format('CREATE SEQUENCE %I START WITH %s', name, first);
        END IF;
    END IF;
    LOOP
        made := nextval(name::regclass);
        wanted := prefix || CASE WHEN made < 10000 THEN lpad(made::text, 4, '0') ELSE made::text END;
        IF NOT EXISTS (SELECT 1 FROM audit_ticket WHERE number = wanted) THEN
            RETURN wanted;
        END IF;
    END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION next_ticket_number(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION next_ticket_number(integer) TO gridaudit_system;
"""
SEQUENCES_AWAY = """
DO $$
DECLARE one text;
BEGIN
    FOR one IN SELECT relname FROM pg_class WHERE relkind = 'S' AND relname ~ '^ticket_number_[0-9]+$' LOOP
        EXECUTE format('DROP SEQUENCE %I', one);
    END LOOP;
END $$
"""
IN_SCOPE = "org_path <@ (SELECT viewer_path())"
READ_POLICIES = {
    "ticket_change": "false",
    "check_in": IN_SCOPE + " AND ((SELECT viewer_sees_colleagues()) OR employee_number = (SELECT viewer_employee()))",
    "stage_limit": f"{IN_SCOPE} OR org_path @> (SELECT viewer_path())",
}


def upgrade() -> None:
    """Apply."""
    op.execute(TABLES)
    op.execute(NUMBERS)
    for table, condition in READ_POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY system_all ON {table} TO gridaudit_system USING (true) WITH CHECK (true)")
        op.execute(f"CREATE POLICY owner_all ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO gridaudit_system")
        if condition != "false":
            op.execute(f"CREATE POLICY viewer_read ON {table} FOR SELECT TO gridaudit_viewer USING ({condition})")
            op.execute(f"GRANT SELECT ON {table} TO gridaudit_viewer")
    op.execute("CREATE TRIGGER never_changed BEFORE UPDATE ON check_in FOR EACH ROW EXECUTE FUNCTION refuse_change()")


def downgrade() -> None:
    """Take back."""
    op.execute("DROP TABLE ticket_change, check_in, stage_limit")
    op.execute("DROP FUNCTION next_ticket_number(integer)")
    op.execute(SEQUENCES_AWAY)
    op.execute("ALTER TABLE adjustment DROP CONSTRAINT ck_adjustment_kinds_kept_apart")
    op.execute("ALTER TABLE adjustment DROP COLUMN reverses")
    # NOT VALID: rows that take others back stay, without saying so.
    op.execute(
        "ALTER TABLE adjustment ADD CONSTRAINT ck_adjustment_kinds_kept_apart CHECK (CASE kind"
        " WHEN 'refund' THEN energy_yuan <= 0 AND breach_yuan = 0 AND late_fee_yuan = 0"
        " WHEN 'back_billing' THEN energy_yuan >= 0 AND breach_yuan = 0 AND late_fee_yuan = 0"
        " WHEN 'breach' THEN energy_yuan = 0 AND energy_kwh = 0 AND late_fee_yuan = 0 AND breach_yuan >= 0"
        " ELSE energy_yuan = 0 AND energy_kwh = 0 AND breach_yuan = 0 AND late_fee_yuan >= 0 END) NOT VALID"
    )
    op.execute("DROP INDEX ix_problem_customer, ix_problem_ticket")
    op.execute(
        "ALTER TABLE problem DROP COLUMN level, DROP COLUMN responsible_person, DROP COLUMN recovered_kwh,"
        " DROP COLUMN recovered_yuan, DROP COLUMN breach_yuan, DROP COLUMN rectified_by"
    )
    op.execute("DROP INDEX ix_evidence_sha256, ix_evidence_shown")
    op.execute("ALTER TABLE evidence DROP CONSTRAINT ck_evidence_purpose")
    for column in ("purpose", "file_name", "shown_sha256", "shown_media_type", "width", "height", "metadata",
                   "comparison", "note"):  # fmt: skip
        op.execute(f"ALTER TABLE evidence DROP COLUMN {column}")
    op.execute(
        "DROP INDEX uq_audit_ticket_open_object, ix_audit_ticket_assigned, ix_audit_ticket_status,"
        " ix_audit_ticket_due_open, ix_audit_ticket_opened_open, ix_audit_ticket_level_open,"
        " ix_audit_ticket_number_open, ix_audit_ticket_due, ix_audit_ticket_level, ix_audit_ticket_anomaly,"
        " ix_audit_ticket_handler"
    )
    op.execute("CREATE INDEX ix_audit_ticket_handler ON audit_ticket (handler_number) WHERE closed_at IS NULL")
    op.execute("CREATE INDEX ix_audit_ticket_org_path ON audit_ticket USING gist (org_path)")
    op.execute("ALTER TABLE audit_ticket DROP CONSTRAINT ck_audit_ticket_origin")
    for column in (
        "origin", "description", "created_by", "previous_number", "assigned_unit", "assigned_path", "stage_started_at",
        "suspended_from", "suspended_at", "suspended_until", "extended_at", "escalated_at", "reminded_at",
        "review_level", "request", "cause", "responsible_unit", "responsible_person", "found_at", "amounts",
    ):  # fmt: skip
        op.execute(f"ALTER TABLE audit_ticket DROP COLUMN {column}")
