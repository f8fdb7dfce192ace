"""Fuzz the importers for long: ``python -m tests.fuzz -runs=100000``, with the options of libFuzzer."""

import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]

with atheris.instrument_imports(include=["s2c2.data"]):
    from tests.fuzz.targets import CASES, one


def main() -> None:
    """Fuzz; a finding ends the process with its traceback and is kept in ``crash-…``."""
    with tempfile.TemporaryDirectory() as corpus:
        for case in range(len(CASES)):
            (Path(corpus) / str(case)).write_bytes(bytes([case, 0]))
        atheris.Setup([sys.argv[0], corpus, "-max_len=200", *sys.argv[1:]], one_input)
        atheris.Fuzz()


def one_input(data: bytes) -> None:
    """Import what the bytes describe."""
    one(data)


if __name__ == "__main__":
    main()
