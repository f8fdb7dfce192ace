"""From the tables of an older version, or none, to those of this one, with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine

from s2c2.errors import UserError
from s2c2.web.database import shown, writing

MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(engine: Engine) -> None:
    """Bring the tables to the version of this software, in one transaction.

    Raises:
        UserError: for a database of a newer version, or one that cannot be used.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with writing(engine) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise UserError(f"{shown(engine.url)} was made by a newer version of s2c2: {error}") from error
