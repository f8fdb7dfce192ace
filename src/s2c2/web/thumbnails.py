"""Thumbnails past the framework: a page asks for dozens at once, and each would cost more than it weighs."""

import re
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from s2c2.web.desk import Desk
from s2c2.web.routes.pictures import answer

PATH = re.compile(r"/api/images/(0|[1-9][0-9]{0,8})/thumb")
QUERY = re.compile(rb"size=(96|128|192|256)(?:&v=([0-9a-f]{1,64}))?")


@dataclass(frozen=True)
class Wanted:
    """What the address of a thumbnail says."""

    image: int
    size: int
    version: str | None


class Thumbnails:
    """An ASGI app around another one that answers requests for thumbnails as pages make them.

    Only those that need no further check: of people who were let in a moment ago, for pictures that exist.
    Everything else, and so every refusal, is left to the route, which answers in the same words.
    """

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self.app = app
        self.desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        found = wanted(scope)
        if found is None or not self._plain(found, scope):
            await self.app(scope, receive, send)
            return
        pictures, image, size = self.desk.pictures, found.image, found.size
        picture = pictures.held(image, size) if found.version else None
        if picture is None:
            picture = await run_in_threadpool(pictures.thumbnail, image, size)
        known = HTTPConnection(scope).headers.get("if-none-match")
        await answer(picture, found.version, known)(scope, receive, send)

    def _plain(self, found: Wanted, scope: Scope) -> bool:
        there = found.image < len(self.desk.start.images) and found.version in (None, self.desk.dataset)
        return there and self.desk.identity.known(HTTPConnection(scope))


def wanted(scope: Scope) -> Wanted | None:
    """Return what a request for a thumbnail asks for; None for any other request.

    Example:
        >>> asked = {"type": "http", "method": "GET", "path": "/api/images/7/thumb"}
        >>> wanted(asked | {"query_string": b"size=96"})
        Wanted(image=7, size=96, version=None)
    """
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    path = PATH.fullmatch(scope["path"])
    query = QUERY.fullmatch(scope["query_string"]) if path else None
    if path is None or query is None:
        return None
    version = None if query[2] is None else query[2].decode("ascii")
    return Wanted(int(path[1]), int(query[1]), version)
