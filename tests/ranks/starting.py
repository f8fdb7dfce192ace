"""Starts the processes of a run as torchrun does, but sees each of them."""

import os
import socket
import subprocess
import sys
from pathlib import Path


def port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def start(world: int, script: Path, *arguments: str, **variables: str) -> "list[subprocess.Popen[str]]":
    """Start the same script in several processes, with the variables that torchrun sets."""
    common = {"WORLD_SIZE": str(world), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port())}
    common |= {"OMP_NUM_THREADS": "1"} | variables
    return [
        subprocess.Popen(
            [sys.executable, str(script), *arguments],
            env=os.environ | common | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(world)
    ]


def outputs(processes: "list[subprocess.Popen[str]]", timeout: float = 120) -> list[str]:
    """Wait for all and return what each said."""
    try:
        return [process.communicate(timeout=timeout)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
