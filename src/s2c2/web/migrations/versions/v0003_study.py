"""The study that a database belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "study",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("hidden", sa.Text, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_study_one")),
    )


def downgrade() -> None:
    """Refuse: it would no longer be known what was hidden."""
    raise NotImplementedError("the table of the study is not removed")
