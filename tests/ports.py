"""Ports for servers of tests."""

import itertools
import os
import socket

FIRST, SHARES, SHARE = 10_200, 109, 200
"""Below the ports that the system gives out, so that none is taken while its server is down.

Above 10080, where browsers open no page.
"""

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
