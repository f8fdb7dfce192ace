"""Whatever the OpenAPI description allows, and much that it does not, is answered as it says."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from schemathesis import GenerationMode

from s2c2.web.workspace import Workspace
from tests.web.described import CHECKS, PATHS, addresses, kept, operations
from tests.web.made import TOKEN, client_of


@pytest.fixture
def description(workspace: Workspace) -> Iterator[schemathesis.BaseSchema]:
    with client_of(workspace, hosts=frozenset({"testserver"})) as client:
        yield schemathesis.openapi.from_asgi("/api/openapi.json", client.app)


def test_all_addresses_are_described(description: schemathesis.BaseSchema) -> None:
    assert addresses(description) == set(PATHS.split())


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_the_server_keeps_to_its_description(
    description: schemathesis.BaseSchema, mode: GenerationMode
) -> None:
    def send(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(checks=CHECKS, headers={"X-CSRF-Token": TOKEN})

    kept(operations(description), mode, 25, send)
