"""The door of the server: only its own host names, no endless bodies, strict headers on every answer."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Host names that always mean this machine."""

BODY_LIMIT = 8 * 2**20
"""Most bytes in the body of a request."""

HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'self'; img-src 'self' blob:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""Security headers of every answer."""


class Guard:
    """An ASGI app around another one that refuses what should not come in.

    The check of the host name is what keeps a foreign page from reaching a server on this machine under a
    name of its own (DNS rebinding). The port is not compared, so that a tunnel may use another one.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = (), limit: int = BODY_LIMIT) -> None:
        self.app = app
        self.hosts = LOOPBACK | {host.lower() for host in hosts}
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with the reason why not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        wrong = self._wrong_host(headers) or self._foreign_page(headers, scope["method"])
        wrong = wrong or self._too_long(headers)
        if wrong is not None:
            await _answer(send, *wrong)
        else:
            await self.app(scope, _limited(receive, self.limit), _sealed(send))

    def _wrong_host(self, headers: Headers) -> "_Wrong | None":
        if host_name(headers.get("host", "")) in self.hosts:
            return None
        return 421, "this server does not answer to this host name", "open the address that it printed"

    def _foreign_page(self, headers: Headers, method: str) -> "_Wrong | None":
        origin = headers.get("origin")
        foreign = headers.get("sec-fetch-site") == "cross-site"
        if origin is not None and origin != "null":
            foreign = foreign or host_name(origin.partition("://")[2]) not in self.hosts
        if method in ("GET", "HEAD", "OPTIONS") or not foreign:
            return None
        return 403, "another site may not change anything here", "use the page that this server shows"

    def _too_long(self, headers: Headers) -> "_Wrong | None":
        length = headers.get("content-length", "0")
        if length.isascii() and length.isdigit() and len(length) < 20 and int(length) <= self.limit:
            return None
        return 413, *_TOO_LONG


_Wrong = tuple[int, str, str]
_TOO_LONG = ("the request is too large", f"send at most {BODY_LIMIT // 2**20} MB at a time")


def host_name(host: str) -> str:
    """Return a host in lower case without its port.

    Example:
        >>> host_name("LocalHost:8765"), host_name("[::1]:80"), host_name("a.example")
        ('localhost', '::1', 'a.example')
    """
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _limited(receive: Receive, limit: int) -> Receive:
    """Count the bytes of a body whose length was not announced."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise HTTPException(413, _TOO_LONG[0])
        return message

    return counted


def _sealed(send: Send) -> Send:
    """Add the security headers; answers are not kept by the browser unless they say so."""

    async def sealed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return sealed


async def _answer(send: Send, status: int, error: str, hint: str) -> None:
    body = json.dumps({"error": error, "hint": hint}).encode()
    length = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
    headers: dict[str, Any] = dict(HEADERS) | length
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
