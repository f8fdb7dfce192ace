"""Ports for servers of tests."""

import itertools
import os
import socket

FIRST, SHARES, SHARE = 10_000, 110, 200
"""Below the ports that the system gives out by itself, so that nothing takes one while its server is down."""

_SHARE = FIRST + os.getpid() % SHARES * SHARE
_TURN = itertools.count()


def free_port() -> int:
    """Return a port that nobody listens on, of the share of this process, each in its turn."""
    for turn in itertools.islice(_TURN, SHARE):
        port = _SHARE + turn % SHARE
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"nothing is free between {_SHARE} and {_SHARE + SHARE}")
