"""Sockets that a server listens on."""

import socket

from s2c2.web.serving import listening


def test_answers_are_sent_at_once() -> None:
    """asyncio turns Nagle's delay off only where a socket says that it is of TCP; it takes 40 ms."""
    with listening("127.0.0.1", None) as bound, socket.create_connection(bound.getsockname()[:2]):
        accepted, _ = bound.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP
