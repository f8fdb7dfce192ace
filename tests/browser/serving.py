"""A server in a process of its own, and what is in its database, read past the server."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from tests.ports import free_port

T = TypeVar("T")
SCOPE = "shared/1/s2c2"
PATIENCE = 30.0
"""Seconds after which a test gives up."""


@dataclass(frozen=True)
class Event:
    """A row of the log of acts."""

    seq: int
    annotator: str
    act: str
    payload: dict[str, Any]

    @property
    def images(self) -> list[int]:
        return list(self.payload["images"])


class Server:
    """``s2c2 annotate`` on a port that stays the same when it is started again.

    ``mark`` is the number of the last act before the test that uses it.
    """

    def __init__(self, source: Path, database: Path | str, annotator: str = "ann", *options: str) -> None:
        self.database = database
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}/"
        self.mark = 0
        self.process: subprocess.Popen[str] | None = None
        self.command = [sys.executable, "-c", "from s2c2.cli import main; main()", "annotate", str(source)]
        self.command += ["--no-open", "--port", str(self.port), "--database", str(database)]
        self.command += ["--annotator", annotator, *options]

    def start(self) -> "Server":
        """Start it and wait until it listens."""
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdout is not None
        lines = []
        for line in iter(self.process.stdout.readline, ""):
            lines.append(line)
            if line.startswith("listening on"):
                return self
        raise AssertionError("the server did not start: " + "".join(lines))

    def freeze(self) -> None:
        """Stop its clock: connections are taken, nothing is answered."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def kill(self) -> None:
        """``kill -9``."""
        self.end(signal.SIGKILL)

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the process, if there is one."""
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None

    def get(self, path: str) -> Any:
        """Return what an address below ``/api`` answers."""
        return httpx.get(f"{self.address}api/{path}", timeout=PATIENCE).raise_for_status().json()

    def groups(self, kind: str) -> list[str]:
        """Return the groups of a kind, in the order of the queue."""
        return [one["group"] for one in self.get("queue")["groups"] if one["kind"] == kind]

    def group(self, name: str) -> Any:
        """Return a group with all its members."""
        return self.get(f"groups/{name}")

    def members(self, name: str) -> list[int]:
        """Return the images of a group in their order."""
        return [one["id"] for one in self.group(name)["members"]]

    def send(self, method: str, path: str, body: dict[str, Any]) -> int:
        """Send something past the page; return the status of the answer."""
        headers = {"X-CSRF-Token": self.get("session")["csrf"]}
        address = f"{self.address}api/{path}"
        return httpx.request(method, address, json=body, headers=headers, timeout=PATIENCE).status_code

    def undo(self) -> bool:
        """Undo the last act of the server's annotator; return whether there was one that could be."""
        status = self.send("POST", "acts", {"key": str(uuid4()), "act": "undo", "scope": SCOPE})
        assert status in (201, 409, 422)
        return status == 201

    def release(self) -> None:
        """Give all groups back."""
        for group in self.get("queue")["groups"]:
            if group["lease"] is not None:
                self.send("DELETE", "lease", {"group": group["group"], "scope": SCOPE})

    def events(self) -> list[Event]:
        """Return the log since the mark, read from the file."""
        query = "SELECT seq, annotator, act, payload FROM events WHERE seq > ? ORDER BY seq"
        with closing(sqlite3.connect(self.database, timeout=PATIENCE)) as connection:
            rows = connection.execute(query, (self.mark,)).fetchall()
        return [Event(seq, who, act, json.loads(payload)) for seq, who, act, payload in rows]

    def recorded(self, *acts: str) -> list[Event]:
        """Wait until the log holds as many acts, check which ones they are, and return them."""
        found = until(self.events, lambda events: len(events) >= len(acts))
        assert [event.act for event in found] == list(acts), summary(found)
        return found


def cleared(servers: list[Server]) -> None:
    """Take back what was done on a board, so that the next test finds it as it was at the start."""
    for server in servers:
        if server.process is None:
            server.start()
    while any(server.undo() for server in servers):
        pass
    for server in servers:
        server.release()
        server.mark += len(server.events())
        assert server.get("queue")["progress"]["answered"] == 0


def until(ask: Callable[[], T], holds: Callable[[T], bool]) -> T:
    """Ask again and again until the answer is as wanted."""
    end = time.monotonic() + PATIENCE
    while not holds(found := ask()):
        assert time.monotonic() < end, f"still {found}"
        time.sleep(0.05)
    return found


def summary(events: list[Event]) -> str:
    """Return what happened, in a line."""
    return ", ".join(f"{event.seq} {event.annotator} {event.act} {len(event.images)}" for event in events)
