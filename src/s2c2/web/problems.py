"""What goes wrong between a browser and the server, as a status and a sentence that a person can act on."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from s2c2.errors import UserError
from s2c2.web.acts import Conflict
from s2c2.web.guard import HEADERS
from s2c2.web.store import Leased

STATUS: Mapping[int, tuple[str, str | None]] = {
    400: ("the request cannot be read", "send a JSON object"),
    404: ("there is nothing at this address", "the addresses are listed in /api/openapi.json"),
    405: ("this address does not take this method", "the addresses are listed in /api/openapi.json"),
}
"""Sentence and hint of the errors that the framework finds itself."""


class ErrorBody(BaseModel):
    """Body of every answer that is an error."""

    error: str
    """One sentence: what is wrong."""
    hint: str | None = None
    """What to do about it."""
    where: list[str] | None = None
    """Each wrong field of the request, with what would be right."""
    who: str | None = None
    """Of a conflict: who was first."""
    act: str | None = None
    """Of a conflict: what they did."""
    at: str | None = None
    """Of a conflict: when, ISO 8601."""
    version: int | None = None
    """Of a conflict: the version of the group now."""
    until: str | None = None
    """Of a lease: how long the other one holds it, ISO 8601."""
    dataset: str | None = None
    """Of a request that was meant for another database: ``dataset`` of this one."""
    annotator: str | None = None
    """Of an act that somebody else made: who is logged in now."""


class Problem(HTTPException):
    """An answer that is an error: status, sentence, hint, and for a conflict who did what."""

    def __init__(self, status: int, error: str, hint: str | None = None, **more: Any) -> None:
        super().__init__(status, error)
        self.body = {"error": error, "hint": hint} | more


def register(app: FastAPI) -> None:
    """Make every error of an app JSON with ``error`` and ``hint``."""
    app.add_exception_handler(HTTPException, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Conflict, _conflict)
    app.add_exception_handler(Leased, _leased)
    app.add_exception_handler(UserError, _refused)
    app.add_exception_handler(Exception, _unexpected)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what the OpenAPI description says of errors."""
    return {status: {"model": ErrorBody} for status in statuses}


def _known(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error, Problem):
        return JSONResponse(error.body, error.status_code, error.headers)
    sentence, hint = STATUS.get(error.status_code, (str(error.detail), None))
    return JSONResponse({"error": sentence, "hint": hint}, error.status_code, error.headers)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = [_sentence(item) for item in error.errors()]
    sentence = "the request is not valid: " + "; ".join(found[:3])
    more = f"{len(found)} fields are wrong" if len(found) > 3 else None
    return JSONResponse({"error": sentence, "hint": more, "where": found[:20]}, 422)


def _conflict(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Conflict)
    what = {"who": error.who, "act": error.act, "at": error.at, "version": error.version}
    return JSONResponse({"error": str(error), "hint": "look at the group again"} | what, 409)


def _leased(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Leased)
    until = error.lease.until.isoformat(timespec="milliseconds")
    body = {"error": str(error), "hint": "take another group", "who": error.lease.who, "until": until}
    return JSONResponse(body, 409)


def _refused(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error.__cause__, SQLAlchemyError | sqlite3.Error):
        hint = "what you sent is not recorded; send it again once the database can be used"
        return JSONResponse({"error": str(error), "hint": hint}, 503)
    return JSONResponse({"error": str(error), "hint": None}, 422)


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    sentence = "the server met an error of its own; what you sent is not recorded"
    body = {"error": sentence, "hint": "send it again; the server's terminal shows the error"}
    return JSONResponse(body, 500, dict(HEADERS))


def _sentence(item: Mapping[str, Any]) -> str:
    """Return a validation error of pydantic as words; what was sent is not repeated."""
    place: Sequence[object] = item.get("loc", ())
    if item.get("type") == "json_invalid":
        return "the body is not valid JSON"
    if tuple(place) == ("body",):
        return "the body must be a JSON object, sent with Content-Type: application/json"
    names = [str(part)[:40] for part in place if part not in ("body", "query", "path", "header")]
    message = str(item.get("msg", "is wrong"))
    message = message[:1].lower() + message[1:]
    return f"{'.'.join(names)}: {message}" if names else message
