"""Run by Alembic: migrate over the connection that the store holds."""

from alembic import context

from s2c2.web import tables
from s2c2.web.identity import tables as people


def run() -> None:
    """Run the steps in the transaction of the connection."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=[tables.metadata, people.metadata])
    context.run_migrations()


if __name__ == "env_py":  # the name under which Alembic loads this file; any other import does nothing
    run()
