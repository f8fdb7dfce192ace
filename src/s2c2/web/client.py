"""A small client of the annotation server for scripts; it needs nothing but the standard library."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen

from s2c2.errors import UserError

PATIENCE = 60.0
"""Seconds to wait for an answer."""


class RefusedError(UserError):
    """The server refused a request; the message is its sentence."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(str(body.get("error", f"the server answered {status}")))
        self.status = status
        """HTTP status: 409 for a conflict."""
        self.body = body
        """What it said: ``error``, ``hint``, and for a conflict ``who``, ``act``, ``at`` and ``version``."""


@dataclass(frozen=True)
class Session:
    """An open session with a server."""

    address: str
    """Address of the server, such as ``http://127.0.0.1:8765``."""
    facts: Mapping[str, Any]
    """What ``GET /api/session`` said: ``annotator``, ``scope``, ``classes``, …"""
    token: str | None = None
    """API token, for a server with accounts."""
    tab: str = field(default_factory=lambda: str(uuid.uuid4()))
    """Names this client, so that its own acts do not count as those of others."""

    def queue(self) -> list[dict[str, Any]]:
        """Return the groups, open ones first."""
        return list(_ask(self, "GET", "queue")["groups"])

    def group(self, group: str, limit: int = 2000) -> dict[str, Any]:
        """Return a group with all its members.

        Args:
            group: group id.
            limit: members that are asked for at a time.
        """
        found: dict[str, Any] = {}
        members: list[Any] = []
        while not found or (len(members) < found["total"] and found["members"]):
            page = urlencode({"offset": len(members), "limit": limit})
            found = _ask(self, "GET", f"groups/{quote(group, safe='')}?{page}")
            members += found["members"]
        return found | {"members": members}

    def act(
        self,
        name: str,
        group: str | None = None,
        images: Sequence[int] | None = None,
        *,
        key: str | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Do an act and return the server's answer.

        Args:
            name: the act, such as ``accept`` or ``label``.
            group: group id.
            images: image numbers; None for all open images of the group.
            key: a UUID; send the same one again after an error, and the act is recorded once.
            more: further fields, such as ``label``, ``distribution``, ``target``, ``version`` or ``seconds``.

        Raises:
            RefusedError: when the server refuses it; its ``status`` is 409 when somebody was faster.
        """
        body: dict[str, Any] = {"key": key or str(uuid.uuid4()), "act": name, "group": group, "tab": self.tab}
        body |= {"images": None if images is None else list(images)}
        body |= {name: self.facts[name] for name in ("annotator", "scope", "dataset")}
        return _ask(self, "POST", "acts", body | more)


def connect(address: str, token: str | None = None) -> Session:
    """Return a session with a server.

    Args:
        address: its address, as it printed it.
        token: API token, for a server with accounts.

    Raises:
        UserError: when it is no address, or nothing answers there.
    """
    if urlsplit(address).scheme not in ("http", "https"):
        raise UserError(f"'{address}' is not the address of a server, such as http://127.0.0.1:8765")
    return Session(address, _ask(Session(address, {}, token), "GET", "session"), token)


def _ask(session: Session, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = Request(_address(session, path), data, _headers(session), method=method)
    try:
        with urlopen(request, timeout=PATIENCE) as reply:
            found: dict[str, Any] = json.load(reply)
            return found
    except HTTPError as error:
        with error:
            raise RefusedError(error.code, _sentence(error.read())) from None
    except (URLError, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        raise UserError(f"no answer from {session.address}: {reason}") from error


def _address(session: Session, path: str) -> str:
    """Return an address that is meant for the database of the session; acts say so in their body."""
    address = f"{session.address.rstrip('/')}/api/{path}"
    dataset = session.facts.get("dataset")
    if dataset is None or path == "acts":
        return address
    return f"{address}{'&' if '?' in path else '?'}{urlencode({'dataset': dataset})}"


def _headers(session: Session) -> dict[str, str]:
    headers = {"content-type": "application/json", "x-csrf-token": str(session.facts.get("csrf", ""))}
    return headers | ({} if session.token is None else {"authorization": f"Bearer {session.token}"})


def _sentence(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
