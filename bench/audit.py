"""Look the pinned versions up in the databases of known weaknesses: ``python -m bench.audit``.

It ends with 0 when none is known, with 1 when one is, and with 2 when no database could be asked about all
versions. ``--pins`` prints them as a question to https://api.osv.dev/v1/querybatch instead, to be asked from
a machine that reaches it.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PINNED = Path(__file__).parents[1] / "constraints.txt"
SERVICES = ("pypi", "osv")
"""Databases that pip-audit knows, in the order in which they are asked."""


@dataclass(frozen=True)
class Verdict:
    """What a database said of the pinned versions."""

    service: str
    weak: tuple[str, ...]
    """A sentence for each weakness."""
    unasked: tuple[str, ...]
    """Versions of which it said nothing."""
    reason: str = ""
    """Why not, where that is known."""


def pins(text: str) -> dict[str, str]:
    """Return the version of each package of a list of pins."""
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    parted = [line.partition("==") for line in lines if line]
    return {name: version for name, _, version in parted}


def question(versions: dict[str, str]) -> dict[str, Any]:
    """Return the question that the OSV database answers in one request."""
    queries = [
        {"package": {"ecosystem": "PyPI", "name": name}, "version": version}
        for name, version in versions.items()
    ]
    return {"queries": queries}


def ask(service: str) -> "subprocess.CompletedProcess[str]":
    """Ask a database by pip-audit."""
    options = ("--format", "json", "--progress-spinner", "off", "--timeout", "30", "-s", service)
    pinned = ("--no-deps", "--disable-pip", "-r", str(PINNED))
    command = [sys.executable, "-m", "pip_audit", *options, *pinned]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def judged(service: str, versions: dict[str, str], output: str, error: str) -> Verdict:
    """Return what a database said, from the output of pip-audit: JSON, or nothing and a traceback."""
    try:
        found = {entry["name"].lower(): entry for entry in json.loads(output)["dependencies"]}
    except (ValueError, KeyError, TypeError):
        found = {}
    told = {name: entry for name, entry in found.items() if "vulns" in entry}
    weak = tuple(
        f"{name} {entry['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'none'}"
        for name, entry in told.items()
        for flaw in entry["vulns"]
    )
    skipped = [str(entry["skip_reason"]) for entry in found.values() if "skip_reason" in entry]
    reasons = skipped or error.strip().splitlines()[-1:]
    unasked = tuple(f"{name} {version}" for name, version in versions.items() if name.lower() not in told)
    return Verdict(service, weak, unasked, reasons[0] if unasked and reasons else "")


def audit(
    versions: dict[str, str],
    asked: Callable[[str], "subprocess.CompletedProcess[str]"],
    tell: Callable[[str], None],
    services: Sequence[str] = SERVICES,
) -> int:
    """Ask one database after the other until one knows all versions; return the exit code."""
    weak = False
    for service in services:
        done = asked(service)
        verdict = judged(service, versions, done.stdout, done.stderr)
        for sentence in verdict.weak:
            tell(sentence)
        weak = weak or bool(verdict.weak)
        if not verdict.unasked:
            break
        tell(
            f"{service}: {len(verdict.unasked)} of {len(versions)} versions could not be looked up: "
            f"{verdict.reason or 'no answer'}"
        )
    else:
        tell(
            "Not audited: no database could be asked about all versions. "
            "`python -m bench.audit --pins` prints what to ask elsewhere."
        )
        return 1 if weak else 2
    if not weak:
        tell(f"{len(versions)} versions, no known weakness ({service})")
    return int(weak)


def main() -> None:
    """Audit, or print the question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pins", action="store_true", help="print the pinned versions as a question to OSV")
    options = parser.parse_args()
    versions = pins(PINNED.read_text(encoding="utf-8"))
    if options.pins:
        print(json.dumps(question(versions), indent=2))
        return
    sys.exit(audit(versions, ask, print))


if __name__ == "__main__":
    main()
