"""Risk runs, roll-ups and what the pages of risk and trends need.

Revision: 0006
Follows: 0005
"""

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""


def downgrade() -> None:
    """Take back."""
