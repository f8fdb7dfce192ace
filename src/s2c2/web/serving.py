"""A server on a port: finding a free one, and running until it is told to stop."""

import ipaddress
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from s2c2.errors import UserError

FIRST_PORT = 8765
"""Port that is tried first."""

PORTS = 50
"""Ports that are tried."""

GRACE = 5
"""Seconds that requests have to end when the server is told to stop."""


def loopback(host: str) -> bool:
    """Return whether only this machine reaches a host.

    Example:
        >>> [loopback(host) for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "example.org")]
        [True, True, True, False, False]
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listening(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens on a port, or on the first free one from ``FIRST_PORT``.

    Raises:
        UserError: when the port is taken or not allowed, or the host is none of this machine.
    """
    tried = [port] if port is not None else range(FIRST_PORT, FIRST_PORT + PORTS)
    reason = ""
    for number in tried:
        try:
            return _bound(host, number)
        except (OSError, OverflowError) as error:
            reason = str(getattr(error, "strerror", None) or error)
    ports = f"port {port}" if port is not None else f"a port from {FIRST_PORT} to {FIRST_PORT + PORTS - 1}"
    raise UserError(f"cannot listen on {host}, {ports}: {reason}; name another one with --port")


def serve(
    app: ASGIApp,
    bound: socket.socket,
    proxies: Sequence[str] = (),
    ready: Callable[[], object] = lambda: None,
) -> None:
    """Answer requests until Ctrl-C or SIGTERM; a second one does not wait for open requests.

    Args:
        app: what answers.
        bound: where it listens.
        proxies: addresses whose word on a client's address and on TLS is taken (``X-Forwarded-…``).
        ready: called once, when either signal stops the server from now on.
    """
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
    )
    server = uvicorn.Server(config)
    with _stopping(server):
        ready()
        server.run(sockets=[bound])


def address(bound: socket.socket) -> str:
    """Return the address that people open."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _bound(host: str, port: int) -> socket.socket:
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    # Named, since asyncio sends small packets at once only on sockets that say they are of TCP.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(256)
    except BaseException:
        made.close()
        raise
    return made


@contextmanager
def _stopping(server: uvicorn.Server) -> Iterator[None]:
    """Let signals stop a server before it heeds them itself; those that stopped it are raised once more."""
    old = {number: signal.signal(number, server.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
