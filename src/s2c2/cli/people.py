"""``s2c2 accounts``: the people of an annotation server, from the machine that keeps its database."""

import getpass
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s2c2.cli import screen
from s2c2.errors import UserError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from s2c2.web.identity.accounts import Account
    from s2c2.web.identity.joining import Invited
    from s2c2.web.identity.people import Doer, People

app = typer.Typer(help="Invite, list and disable the people of an annotation server.", no_args_is_help=True)

Database = Annotated[str, typer.Argument(help="run, dataset, SQLite file or postgresql://… address")]
Name = Annotated[str, typer.Argument(help="name of the account")]
Address = Annotated[str, typer.Option(help="address at which people open the server")]
RoleName = Annotated[str, typer.Option("--role", help="annotator, reviewer or owner")]

HERE = "http://127.0.0.1:8765/"
"""Address of a server with the usual settings."""

FILE = "annotations.sqlite"
"""Database of a run or dataset."""


@app.command()
def invite(
    database: Database,
    role: RoleName = "annotator",
    days: Annotated[float, typer.Option(min=0.01, max=90, help="days until the link ends")] = 7.0,
    url: Address = HERE,
) -> None:
    """Print a link by which one person makes an account."""
    from s2c2.web.identity import joining
    from s2c2.web.identity.audit import Entry
    from s2c2.web.identity.roles import checked_role

    wanted, doer = checked_role(role), operator()
    with opened(database) as people:
        entry = Entry(doer.name, "invite", detail=wanted)
        made = joining.invite(people, wanted, entry, time.time(), days * 86400.0)
    show_link(made, url, f"makes one account with the role {wanted}")


@app.command(name="list")
def show(database: Database) -> None:
    """List the accounts."""
    from s2c2.web.identity import managing
    from s2c2.web.identity.messages import moment

    with opened(database) as people:
        found = managing.listed(people)
    rows = [
        (item.name, item.role, moment(item.created), None if item.disabled is None else moment(item.disabled))
        for item in found
    ]
    screen.table(f"{len(found)} accounts", ("name", "role", "made", "disabled"), rows)


@app.command()
def disable(database: Database, name: Name) -> None:
    """Disable an account; its sessions and API tokens end at once."""
    from s2c2.web.identity import managing

    with opened(database) as people:
        account = managing.disable(people, named(people, name).id, operator(), time.time())
    say(f"'{account.name}' is disabled; its sessions and API tokens have ended")


@app.command()
def enable(database: Database, name: Name) -> None:
    """Let a disabled account log in again."""
    from s2c2.web.identity import managing

    with opened(database) as people:
        account = managing.enable(people, named(people, name).id, operator(), time.time())
    say(f"'{account.name}' may log in again")


@app.command()
def role(
    database: Database, name: Name, role: Annotated[str, typer.Argument(help="annotator, reviewer or owner")]
) -> None:
    """Give an account another role."""
    from s2c2.web.identity import managing
    from s2c2.web.identity.roles import checked_role

    with opened(database) as people:
        number = named(people, name).id
        account = managing.assign(people, number, checked_role(role), operator(), time.time())
    say(f"'{account.name}' now has the role {account.role}")


@app.command()
def reset(database: Database, name: Name, url: Address = HERE) -> None:
    """Print a link by which an account gets a new password."""
    from s2c2.web.identity import joining

    with opened(database) as people:
        made = joining.reset(people, named(people, name).id, operator(), time.time())
    show_link(made, url, "gives the account a new password")


@app.command()
def token(
    database: Database,
    name: Name,
    label: Annotated[str, typer.Option(help="what the token is for")],
    role: RoleName = "annotator",
    days: Annotated[float, typer.Option(min=0.01, max=3650, help="days until the token ends")] = 90.0,
) -> None:
    """Print an API token that acts as an account; it is shown once."""
    from s2c2.web.identity import managing
    from s2c2.web.identity.messages import moments
    from s2c2.web.identity.roles import checked_role
    from s2c2.web.identity.tokens import Wanted

    wanted = Wanted(label, checked_role(role), days * 86400.0)
    with opened(database) as people:
        issued = managing.issue(people, named(people, name), wanted, operator(), time.time())
    made, end = issued.token, moments(issued.token.expires)
    say(f"token '{made.label}' with the role {made.role}, which ends at {end}, shown only now:")
    say(issued.secret)


@app.command()
def audit(database: Database, limit: Annotated[int, typer.Option(min=1, help="entries")] = 50) -> None:
    """Print who did what, the newest first."""
    from s2c2.web.database import reading
    from s2c2.web.identity.audit import lines
    from s2c2.web.identity.messages import moment

    with opened(database) as people, reading(people.engine) as connection:
        found = lines(connection, None, limit)
    rows = [
        (moment(line.time), entry.who, entry.action, entry.subject, entry.detail, entry.address)
        for line in found
        for entry in (line.entry,)
    ]
    screen.table("audit log", ("time", "who", "action", "whom", "detail", "address"), rows)


@contextmanager
def opened(database: str) -> "Iterator[People]":
    """Yield the people of a database that exists."""
    from s2c2.web.store import Store

    store = Store.open(location(database))
    try:
        yield people_of(store.engine)
    finally:
        store.close()


def people_of(engine: "Engine") -> "People":
    """Return the people of an open database, with passwords and secrets as they are meant to be."""
    from s2c2.web.identity.passwords import Passwords, hasher
    from s2c2.web.identity.people import People

    return People(engine, Passwords(hasher()), secrets.token_bytes)


def location(database: str) -> str:
    """Return the address of a database by what a person calls it.

    Raises:
        UserError: when there is none.
    """
    if "://" in database:
        return database
    path = Path(database) / FILE if Path(database).is_dir() else Path(database)
    if not path.is_file():
        raise UserError(f"there is no database {path}: 's2c2 annotate … --accounts' makes one")
    return f"sqlite:///{path.resolve()}"


def named(people: "People", name: str) -> "Account":
    """Return the account of a name.

    Raises:
        UserError: when there is none.
    """
    from s2c2.errors import unknown
    from s2c2.web.database import reading
    from s2c2.web.identity import accounts

    with reading(people.engine) as connection:
        found = accounts.named(connection, name)
        names = [account.name for account in accounts.listed(connection)]
    if found is None:
        raise unknown("account", name, names)
    return found


def operator() -> "Doer":
    """Return who works at the command line, for the audit log."""
    from s2c2.web.identity.people import Doer

    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "unknown"
    return Doer(f"(command line of {name[:40]})")


def show_link(made: "Invited", url: str, what: str) -> None:
    """Print a link that is shown once."""
    from s2c2.web.identity.joining import link
    from s2c2.web.identity.messages import moment

    say(f"this link {what}, once, until {moment(made.invite.expires)}:")
    say(link(url, made))


def say(line: str) -> None:
    """Print a line as it is."""
    screen.console.print(line)
