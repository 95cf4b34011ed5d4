"""Search, imports and what the drill-down pages need.

Revision: 0005
Follows: 0004
"""

from alembic import op

from data_access.migrations.search_and_imports import IMPORTS, IMPORTS_BACK, SEARCH, SEARCH_BACK

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DRILL = """
CREATE INDEX ix_transformer_district_code ON transformer_district (code);
CREATE INDEX ix_district_energy_district ON district_energy (county_code, district_code, day);
"""
"""A district is found by its code alone, and its days without reading its whole county's."""
PEOPLE = """
CREATE INDEX ix_ticket_event_prescreen ON ticket_event (actor, at) WHERE to_status = 20;
ALTER POLICY viewer_read ON audit_log USING (
    (org_path <@ (SELECT viewer_path()) AND (SELECT viewer_role()) = 'admin')
    OR (object_kind IN ('track', 'inspector') AND object_key = (SELECT viewer_employee())));
"""
"""An expert's judgements are found by the expert; a person sees who looked at the own page, as at the own way."""
PEOPLE_BACK = """
ALTER POLICY viewer_read ON audit_log USING (
    (org_path <@ (SELECT viewer_path()) AND (SELECT viewer_role()) = 'admin')
    OR (object_kind = 'track' AND object_key = (SELECT viewer_employee())));
DROP INDEX ix_ticket_event_prescreen;
"""


def upgrade() -> None:
    """Apply."""
    op.execute(DRILL)
    op.execute(SEARCH)
    op.execute(IMPORTS)
    op.execute(PEOPLE)


def downgrade() -> None:
    """Take back."""
    op.execute(PEOPLE_BACK)
    op.execute(IMPORTS_BACK)
    op.execute(SEARCH_BACK)
    op.execute("DROP INDEX ix_transformer_district_code, ix_district_energy_district")
