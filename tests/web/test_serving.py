"""Sockets that a server listens on, and signals that stop it."""

import socket
import subprocess
import sys

import pytest

from s2c2.web.serving import listening

TOLD = """
import signal, sys, uvicorn
from starlette.applications import Starlette
from s2c2.web.serving import listening, serve

def telling(then):
    def told(*given, **named):
        signal.raise_signal(getattr(signal, sys.argv[2]))
        return then(*given, **named)
    return told

def ready():
    print("ready")

if sys.argv[1] == "ready":
    ready = telling(ready)
elif sys.argv[1] == "running":
    uvicorn.Config.get_loop_factory = telling(uvicorn.Config.get_loop_factory)
else:
    uvicorn.Server.startup = telling(uvicorn.Server.startup)
serve(Starlette(), listening("127.0.0.1", None), ready=ready)
print("stopped")
"""
"""A server that gets a signal as it says that it is ready, before uvicorn heeds signals, or when it does."""


def test_answers_are_sent_at_once() -> None:
    """asyncio turns Nagle's delay off only where a socket says that it is of TCP; it takes 40 ms."""
    with listening("127.0.0.1", None) as bound, socket.create_connection(bound.getsockname()[:2]):
        accepted, _ = bound.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("moment", ["ready", "running", "heeding"])
def test_a_signal_stops_a_server_from_when_it_says_that_it_is_ready(moment: str, number: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TOLD, moment, number], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "ready\nstopped\n", "")
