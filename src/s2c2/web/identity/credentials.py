"""Secrets that machines make: sessions, invites and API tokens. Only their digests are stored."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Literal

Draw = Callable[[int], bytes]
"""A source of that many random bytes, such as ``secrets.token_bytes``."""

BYTES = 32
"""Random bytes in a secret: 256 bits, so that a plain hash protects it."""

Kind = Literal["session", "invite", "token"]
"""What a secret opens."""

PREFIXES: dict[Kind, str] = {"session": "", "invite": "i2c2_", "token": "s2c2_"}
"""Beginnings by which people and scanners of leaked secrets know one."""


def secret(kind: Kind, draw: Draw) -> str:
    """Return a fresh secret as text that is safe in an address, a cookie and a header."""
    return PREFIXES[kind] + base64.urlsafe_b64encode(draw(BYTES)).decode("ascii").rstrip("=")


def digest(given: str) -> str:
    """Return what is stored of a secret: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(encoded(given)).hexdigest()


def csrf(session: str) -> str:
    """Return the token that unsafe requests of a session carry: HMAC-SHA256 keyed by the session's secret.

    It is derived and never stored: a page of another site can read neither it nor the cookie.
    """
    return hmac.new(encoded(session), b"s2c2 csrf", hashlib.sha256).hexdigest()


def same(first: str, second: str) -> bool:
    """Say whether two secrets are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(encoded(first), encoded(second))


def encoded(text: str) -> bytes:
    """Return a text as bytes; also one with half a surrogate pair, which is no valid Unicode."""
    return text.encode("utf-8", errors="surrogatepass")
