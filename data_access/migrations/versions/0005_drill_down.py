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


def upgrade() -> None:
    """Apply."""
    op.execute(DRILL)
    op.execute(SEARCH)
    op.execute(IMPORTS)


def downgrade() -> None:
    """Take back."""
    op.execute(IMPORTS_BACK)
    op.execute(SEARCH_BACK)
    op.execute("DROP INDEX ix_transformer_district_code, ix_district_energy_district")
