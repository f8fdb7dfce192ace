"""The real server as a process of its own, which can be killed, and what it has recorded."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

PATIENCE = 60.0
"""Seconds until a server must answer."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    """``s2c2 annotate`` for one annotator on a source."""

    source: Path
    database: Path
    annotator: str = "ada"
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    more: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        given = ("--port", str(self.port), "--no-open", "--annotator", self.annotator, "--database")
        command = [sys.executable, "-c", "from s2c2.cli import main; main()", "annotate", str(self.source)]
        log = self.database.with_suffix(f".{self.annotator}.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [*command, *given, str(self.database), *self.more], stdout=log, stderr=log, env=os.environ
            )
        end = time.monotonic() + PATIENCE
        while not self._answers():
            assert self.process.poll() is None, "the server stopped"
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def ask(self, path: str) -> Any:
        with urlopen(f"{self.address}api/{path}", timeout=20) as answer:
            return json.loads(answer.read())

    def group(self, name: str) -> dict[str, Any]:
        """Return a group of the queue."""
        found: dict[str, Any] = next(one for one in self.ask("queue")["groups"] if one["group"] == name)
        return found

    def members(self, name: str) -> dict[int, dict[str, Any]]:
        """Return the members of a group by image."""
        return {one["id"]: one for one in self.ask(f"groups/{name}?limit=2000")["members"]}

    def labels(self, name: str, images: Sequence[int]) -> list[int | None]:
        """Return the labels of images of a group."""
        found = self.members(name)
        return [(found[image]["answer"] or {}).get("label") for image in images]

    def answered(self) -> int:
        """Return how many images have an answer."""
        count: int = self.ask("queue")["progress"]["answered"]
        return count

    def acts(self) -> int:
        """Return how many acts are recorded."""
        count: int = self.ask("session")["seq"]
        return count

    def _answers(self) -> bool:
        try:
            return bool(self.ask("session"))
        except OSError:
            return False
