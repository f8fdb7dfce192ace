"""The first tables: project, images, groups, events, leases."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

REFUSED = "the log of acts is append-only"


def upgrade() -> None:
    """Make the tables, and the triggers that keep the log append-only."""
    op.create_table(
        "project",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("classes", sa.Text, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_project_one")),
    )
    op.create_table(
        "images",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.UniqueConstraint("name", name=op.f("uq_images_name")),
    )
    op.create_table("groups", *_group_columns())
    op.create_table(
        "events",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
        ),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("annotator", sa.Text, nullable=False),
        sa.Column("time", sa.String(40), nullable=False),
        sa.Column("scope", sa.String(200), nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.UniqueConstraint("key", name=op.f("uq_events_key")),
    )
    op.create_table(
        "leases",
        sa.Column("scope", sa.String(200), primary_key=True),
        sa.Column("group", sa.String(80), primary_key=True),
        sa.Column("annotator", sa.Text, nullable=False),
        sa.Column("until", sa.Float(53), nullable=False),
    )
    for statement in _TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: the log would be lost."""
    raise NotImplementedError("the first tables are not removed")


def _group_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("arm", sa.String(64), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("distribution", sa.Text),
        sa.Column("ambiguity", sa.Float(53)),
        sa.Column("coherence", sa.Float(53)),
        sa.Column("images", sa.LargeBinary, nullable=False),
        sa.Column("typicality", sa.LargeBinary, nullable=False),
        sa.Column("extreme", sa.LargeBinary, nullable=False),
    ]


_TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER events_{verb.lower()} BEFORE {verb} ON events "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION events_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$",
        "CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events "
        "FOR EACH STATEMENT EXECUTE FUNCTION events_append_only()",
    ],
}
