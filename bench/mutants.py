"""Run tests again and again, each time in a fork of one process that has imported what no change reaches.

``serve`` forks, ``ask`` has it run pytest once and ends as that ended; ``bench/mutants.sh`` uses both. Pytest
starts in half a second then, not in six to twenty. Polars is imported before the fork and not used: its
threads begin in the fork.
"""

import gc
import os
import socket
import sys
from importlib import import_module

HEAVY = (
    *("numpy", "torch", "polars", "scipy.stats", "pydantic", "yaml", "rich", "typer", "PIL.Image"),
    *("sklearn.cluster", "sklearn.decomposition", "sklearn.metrics", "sklearn.mixture", "matplotlib.figure"),
    *("pytest", "_pytest.doctest", "hypothesis.extra.numpy", "jaxtyping", "beartype"),
    *("s2c2.data.logs.log", "s2c2.predictions"),
)
"""What tests of metrics import, in seconds; no metric."""
SECONDS = 40
"""Of a processor, that the tests of one change may take."""


def serve(place: str, options: list[str]) -> None:
    """Run pytest with some options, and those that are asked for, in a fork each time."""
    for name in HEAVY:
        import_module(name)
    assert not any(name.startswith("s2c2.metrics.") for name in sys.modules)
    from hypothesis import Phase, settings

    phases = [Phase.explicit, Phase.generate]  # no shorter example is looked for
    settings.register_profile("mutants", deadline=None, derandomize=True, database=None, phases=phases)
    settings.load_profile("mutants")
    gc.collect()
    gc.freeze()  # pytest collects twice at its end
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place)
        listening.listen()
        while True:
            connection, _ = listening.accept()
            with connection:
                asked = connection.recv(1 << 16).decode().split("\n")
                pid = os.fork()
                if not pid:
                    run([*options, *asked], connection.fileno())
                status = os.waitpid(pid, 0)[1]
                connection.sendall(bytes([status != 0]))


def run(arguments: list[str], said: int) -> None:
    """Run pytest and end."""
    import resource

    import pytest

    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        for number in (1, 2):
            os.dup2(said, number)
        code = int(pytest.main(arguments))
        sys.stdout.flush()
    finally:
        os._exit(code)


def ask(place: str, tests: list[str]) -> int:
    """Let tests be run, print what they print and return 1 where one failed, else 0."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(place)
        connection.sendall("\n".join(tests).encode())
        said = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    sys.stdout.buffer.write(said[:-1])
    return said[-1]


if __name__ == "__main__":
    what, where, *rest = sys.argv[1:]
    if what == "serve":
        serve(where, rest)
    sys.exit(ask(where, rest))
