"""Whatever the OpenAPI description allows, and much that it does not, is answered as it says."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from s2c2.web.workspace import Workspace
from tests.web.made import TOKEN, client_of

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
PATHS = (
    "/session events queue dashboard review export acts lease groups/{group} groups/{group}/similar "
    "images/{image}/thumb images/{image}/full thumbnails"
)


@pytest.fixture
def description(workspace: Workspace) -> Iterator[schemathesis.BaseSchema]:
    with client_of(workspace, hosts=frozenset({"testserver"})) as client:
        yield schemathesis.openapi.from_asgi("/api/openapi.json", client.app)


def operations(description: schemathesis.BaseSchema) -> list[Any]:
    """Return what is described; an invalid description raises."""
    return [cast("Any", result).ok() for result in description.get_all_operations()]


def test_all_addresses_are_described(description: schemathesis.BaseSchema) -> None:
    found = {operation.path for operation in operations(description)}
    assert found == {f"/api/{path.lstrip('/')}" for path in PATHS.split()}


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_the_server_keeps_to_its_description(
    description: schemathesis.BaseSchema, mode: GenerationMode
) -> None:
    for operation in operations(description):

        @seed(4)
        @settings(max_examples=25, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def kept(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(checks=CHECKS, headers={"X-CSRF-Token": TOKEN})

        with suppress(Unsatisfiable):  # an address without any field has no wrong ones
            kept()
