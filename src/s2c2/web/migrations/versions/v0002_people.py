"""People and permissions: accounts, sessions, invites, tokens, attempts, audit."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

REFUSED = "the audit log is append-only"


def upgrade() -> None:
    """Make the tables, and the triggers that keep the audit log append-only."""
    _accounts()
    _invites()
    _sessions_and_tokens()
    _attempts()
    _audit()
    for statement in _TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: the audit log would be lost."""
    raise NotImplementedError("the tables of people are not removed")


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("folded", sa.String(256), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password", sa.String(256), nullable=False),
        sa.Column("created", sa.Float(53), nullable=False),
        sa.Column("disabled", sa.Float(53)),
        sa.UniqueConstraint("name", name=op.f("uq_accounts_name")),
        sa.UniqueConstraint("folded", name=op.f("uq_accounts_folded")),
    )


def _invites() -> None:
    op.create_table(
        "invites",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("account", sa.Integer),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("created", sa.Float(53), nullable=False),
        sa.Column("expires", sa.Float(53), nullable=False),
        sa.Column("used", sa.Float(53)),
        sa.Column("withdrawn", sa.Float(53)),
        sa.UniqueConstraint("digest", name=op.f("uq_invites_digest")),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_invites_account")),
    )


def _sessions_and_tokens() -> None:
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("account", sa.Integer, nullable=False),
        sa.Column("created", sa.Float(53), nullable=False),
        sa.Column("seen", sa.Float(53), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_sessions_account")),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("account", sa.Integer, nullable=False),
        sa.Column("label", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("created", sa.Float(53), nullable=False),
        sa.Column("used", sa.Float(53)),
        sa.Column("revoked", sa.Float(53)),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_tokens_account")),
    )
    for table in ("sessions", "tokens"):
        op.create_index(op.f(f"ix_{table}_account"), table, ["account"])


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last", sa.Float(53), nullable=False),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("time", sa.Float(53), nullable=False),
        sa.Column("who", sa.String(80)),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(80)),
        sa.Column("detail", sa.String(256)),
        sa.Column("address", sa.String(64)),
        sqlite_autoincrement=True,
    )


_TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER audit_{verb.lower()} BEFORE {verb} ON audit "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$",
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()",
    ],
}
