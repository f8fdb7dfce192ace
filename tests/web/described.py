"""Requests that the OpenAPI description of a server allows, and such that it does not."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

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

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
PATHS = (
    "session events queue dashboard review export acts lease groups/{group} groups/{group}/similar "
    "images/{image}/thumb images/{image}/full thumbnails"
)
"""Addresses of every server."""

Send = Callable[[schemathesis.Case[Any]], object]


def operations(description: schemathesis.BaseSchema) -> list[Any]:
    """Return what is described; an invalid description raises."""
    return [cast("Any", result).ok() for result in description.get_all_operations()]


def addresses(description: schemathesis.BaseSchema) -> set[str]:
    """Return the addresses that are described."""
    return {address(operation) for operation in operations(description)}


def address(operation: Any) -> str:
    """Return an address without what all begin with."""
    return str(operation.path).removeprefix("/api/")


def kept(operations: list[Any], mode: GenerationMode, examples: int, send: Send) -> None:
    """Send as many generated requests for each of some operations."""
    for operation in operations:

        @seed(4)
        @settings(max_examples=examples, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def answered(case: schemathesis.Case[Any]) -> None:
            send(case)

        with suppress(Unsatisfiable):  # an address without any field has no wrong ones
            answered()
