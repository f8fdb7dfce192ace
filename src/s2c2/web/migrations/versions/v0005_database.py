"""Each database has an id of its own, so that a page of one does not write into another."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and draw the id of a database that is in use."""
    op.add_column("project", sa.Column("database", sa.String(32)))
    project = sa.table("project", sa.column("database", sa.String(32)))
    op.execute(project.update().values(database=secrets.token_hex(16)))


def downgrade() -> None:
    """Refuse: pages could no longer tell databases apart."""
    raise NotImplementedError("the id of a database is not removed")
