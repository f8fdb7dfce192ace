import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, select

from s2c2.web.database import engine as connect
from s2c2.web.database import migrate, parsed, reading
from s2c2.web.identity import audit, entering, joining, tables
from s2c2.web.identity.entering import Given
from s2c2.web.identity.joining import Answer
from s2c2.web.identity.passwords import Passwords
from s2c2.web.identity.people import Caller, People
from s2c2.web.identity.roles import Role

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it asks for another client library
    from starlette.testclient import TestClient as TestClient

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Argon2id that takes no time."""

PASSWORD = "correct horse battery"


@dataclass
class Clock:
    """A clock that a test sets."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


class Drawn:
    """Random bytes that a test can foretell, each time others."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, size: int) -> bytes:
        self.count += 1
        return self.count.to_bytes(4, "big") * (size // 4)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = connect(parsed(url))
    migrate(made)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    return Passwords(QUICK)


@pytest.fixture
def people(engine: Engine, passwords: Passwords) -> People:
    return People(engine, passwords, Drawn())


def join(people: People, name: str, role: Role, now: float, password: str = PASSWORD) -> Caller:
    """Make an account by an invite."""
    made = joining.invite(people, role, audit.Entry("(test)", "invite", detail=role), now)
    return joining.accept(people, Answer(made.secret, name, password), now)


def enter(
    people: People, name: str, now: float, password: str = PASSWORD, address: str = "192.0.2.1"
) -> Caller:
    """Log in."""
    return entering.log_in(people, Given(name, password, address), now)


def audited(people: People) -> list[tuple[str | None, str, str | None, str | None]]:
    """Return who, action, subject and detail of all entries, the oldest first."""
    log = tables.audit
    with reading(people.engine) as connection:
        rows = connection.execute(
            select(log.c.who, log.c.action, log.c.subject, log.c.detail).order_by(log.c.seq)
        )
        return [(row[0], row[1], row[2], row[3]) for row in rows]
