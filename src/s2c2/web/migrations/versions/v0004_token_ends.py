"""API tokens end."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; tokens that are there keep having no end."""
    op.add_column("tokens", sa.Column("expires", sa.Float(53)))


def downgrade() -> None:
    """Refuse: tokens would no longer end."""
    raise NotImplementedError("the ends of tokens are not removed")
