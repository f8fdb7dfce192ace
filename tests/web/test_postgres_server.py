"""Servers in processes of their own on one PostgreSQL database, killed while they are used."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.serving import SCOPE, Server
from tests.web.made import dataset_folder, run_folder, sent

GROUP = "class-0"
LEASE = {"group": GROUP, "scope": SCOPE}


@pytest.fixture
def pair(tmp_path: Path, postgres: str) -> Iterator[tuple[Server, Server]]:
    """Servers of ann and bob."""
    run = run_folder(tmp_path / "run", dataset_folder(tmp_path / "data"))
    ann, bob = Server(run, postgres, "ann"), Server(run, postgres, "bob")
    try:
        yield ann.start(), bob.start()
    finally:
        ann.end()
        bob.end()


def seen(server: Server) -> tuple[Any, ...]:
    """Return all that a server knows of the board."""
    return server.get("queue"), server.group(GROUP), server.get("events?after=0"), server.get("session")


def test_acts_and_leases_outlive_servers_that_are_killed(pair: tuple[Server, Server]) -> None:
    ann, bob = pair
    assert [one.send("POST", "lease", LEASE) for one in pair] == [200, 409]
    taken = sent("accept", GROUP, version=0)
    assert ann.send("POST", "acts", taken) == 201
    late = sent("label", GROUP, version=0, label=1, images=bob.members(GROUP)[:1])
    assert bob.send("POST", "acts", late) == 409
    before = [seen(one) for one in pair]
    for one in pair:
        one.kill()
        one.start()
    assert [seen(one) for one in pair] == before
    assert before[1][2]["seq"] == 1
    assert [one.send("POST", "lease", LEASE) for one in pair] == [200, 409]
    assert ann.send("POST", "acts", taken) == 200
    assert bob.send("POST", "acts", late) == 409
    assert bob.send("POST", "acts", late | {"version": 1}) == 201
    assert [one.get("events?after=0")["seq"] for one in pair] == [2, 2]
