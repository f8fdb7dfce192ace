"""The tables of people and permissions. Times are seconds since 1970 (UTC), secrets are digests."""

from sqlalchemy import Column, Float, ForeignKey, Integer, MetaData, String, Table

from s2c2.web import tables as store

metadata = MetaData(naming_convention=store.metadata.naming_convention)
"""All tables of this package; they stand in the database of the store."""

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("folded", String(256), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("password", String(256), nullable=False),
    Column("created", Float(53), nullable=False),
    Column("disabled", Float(53)),
)
"""One row for each person, for ever: a name in the annotation log never comes to mean somebody else."""

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("account", Integer, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("created", Float(53), nullable=False),
    Column("seen", Float(53), nullable=False),
)
"""Open sessions; a row goes when its session ends."""

invites = Table(
    "invites",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("account", Integer, ForeignKey("accounts.id")),
    Column("by", String(80), nullable=False),
    Column("created", Float(53), nullable=False),
    Column("expires", Float(53), nullable=False),
    Column("used", Float(53)),
    Column("withdrawn", Float(53)),
)
"""Links by which a person makes an account or, where ``account`` is set, gives an account a new password."""

tokens = Table(
    "tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("account", Integer, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("label", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("created", Float(53), nullable=False),
    Column("used", Float(53)),
    Column("revoked", Float(53)),
    Column("expires", Float(53)),
)
"""API tokens; those of older versions have no end."""

attempts = Table(
    "attempts",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last", Float(53), nullable=False),
)
"""Failed log-ins by account and address, as digests: people type passwords into the field for the name."""

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("time", Float(53), nullable=False),
    Column("who", String(80)),
    Column("action", String(32), nullable=False),
    Column("subject", String(80)),
    Column("detail", String(256)),
    Column("address", String(64)),
    sqlite_autoincrement=True,
)
"""Who did what. Triggers refuse to change or remove a row."""
