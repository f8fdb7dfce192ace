"""Whatever the OpenAPI description allows, and much that it does not, is answered as it says."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from s2c2.web.workspace import Workspace
from tests.web.made import ADDRESS, TOKEN, client_of

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]


@pytest.fixture
def described(workspace: Workspace) -> Iterator[schemathesis.BaseSchema]:
    with client_of(workspace) as client:
        yield schemathesis.openapi.from_asgi("/api/openapi.json", client.app, base_url=ADDRESS)


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@seed(4)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_server_keeps_to_its_description(case: schemathesis.Case) -> None:
    case.call_and_validate(checks=CHECKS, headers={"X-CSRF-Token": TOKEN})
