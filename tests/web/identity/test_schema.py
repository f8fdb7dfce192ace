"""Whatever an owner may send to a server with accounts, and much that is wrong, is answered as described."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis import GenerationMode

from s2c2.data.synthetic import synthetic
from s2c2.web.entrance import Accounts
from s2c2.web.identity.passwords import Passwords
from s2c2.web.identity.people import People
from s2c2.web.opening import open_app
from s2c2.web.routes.accounts import with_accounts
from s2c2.web.settings import Settings, shared
from s2c2.web.store import Store
from s2c2.web.workspace import open_workspace
from tests.web.described import CHECKS, PATHS, Send, address, addresses, kept, operations
from tests.web.identity.conftest import Clock, Drawn, TestClient, join

OWN = (
    "login logout password look-at-invite accept-invite tokens tokens/{number} invites invites/{number} "
    "accounts accounts/{number}/role accounts/{number}/disable accounts/{number}/enable "
    "accounts/{number}/reset accounts/{number}/tokens audit"
)


@pytest.fixture
def app(tmp_path: Path, passwords: Passwords, clock: Clock) -> Iterator[Any]:
    synthetic(tmp_path / "data", images=12, seed=0, size=8, votes=2)
    workspace = open_workspace(tmp_path / "data")

    def identity(store: Store) -> Accounts:
        return with_accounts(People(store.engine, passwords, Drawn()), clock)

    opened = open_app(workspace, Settings(shared("none"), hosts=frozenset({"testserver"})), identity)
    with TestClient(opened.app):
        yield opened.app


@pytest.fixture
def description(app: Any) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_asgi("/api/openapi.json", app)


@pytest.fixture
def send(app: Any, clock: Clock) -> Send:
    """Return what sends a request, each from an owner of its own: many end sessions or disable accounts."""
    numbers = count()

    def sent(case: schemathesis.Case[Any]) -> None:
        eve = join(app.state.identity.people, f"eve {next(numbers)}", "owner", clock())
        case.call_and_validate(
            checks=CHECKS, headers={"X-CSRF-Token": eve.csrf}, cookies={"s2c2": eve.secret}
        )

    return sent


def test_all_addresses_are_described(description: schemathesis.BaseSchema) -> None:
    assert addresses(description) == {*PATHS.split(), *OWN.split()}


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_the_server_keeps_to_its_description(
    description: schemathesis.BaseSchema, send: Send, mode: GenerationMode
) -> None:
    found = [one for one in operations(description) if address(one) not in PATHS.split()]
    kept(found, mode, 8, send)
