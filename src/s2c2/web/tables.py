"""The tables of the store, the same in SQLite and PostgreSQL."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

project = Table(
    "project",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="one"), primary_key=True, autoincrement=False),
    Column("classes", Text, nullable=False),
    Column("database", String(32)),
)
"""One row: what is annotated. ``classes`` is a JSON list, ``database`` the random id of this database."""

study = Table(
    "study",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="one"), primary_key=True, autoincrement=False),
    Column("plan", Text, nullable=False),
    Column("hidden", Text, nullable=False),
)
"""One row in a study, else none: ``study.yaml`` as JSON; by arm, image numbers and hidden classes."""

images = Table(
    "images",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
)
"""Image numbers from 0, and image ids."""

groups = Table(
    "groups",
    metadata,
    Column("arm", String(64), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("distribution", Text),
    Column("ambiguity", Float(53)),
    Column("coherence", Float(53)),
    Column("images", LargeBinary, nullable=False),
    Column("typicality", LargeBinary, nullable=False),
    Column("extreme", LargeBinary, nullable=False),
)
"""Starting groups. Arrays are little endian: int32 images, float64 typicality, one byte for extreme."""

events = Table(
    "events",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("key", String(64), nullable=False, unique=True),
    Column("annotator", Text, nullable=False),
    Column("time", String(40), nullable=False),
    Column("scope", String(200), nullable=False),
    Column("act", String(16), nullable=False),
    Column("payload", Text, nullable=False),
)
"""The log of acts. Triggers refuse to change or remove a row."""

leases = Table(
    "leases",
    metadata,
    Column("scope", String(200), primary_key=True),
    Column("group", String(80), primary_key=True),
    Column("annotator", Text, nullable=False),
    Column("until", Float(53), nullable=False),
)
"""Who works on a group, until when (seconds since 1970, server time). Rows change and go."""
