"""The clock of the machine is set: nothing is lost, refused or put into another order."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from s2c2.web.log import frame
from s2c2.web.workspace import Workspace
from tests.web.made import Clock, TestClient, client_of, sent

HOUR = timedelta(hours=1)
LEASE = {"group": "class-0", "scope": "shared/1/s2c2"}


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 3, 29, 12, tzinfo=UTC))


@pytest.fixture
def ada(workspace: Workspace, clock: Clock) -> Iterator[TestClient]:
    with client_of(workspace, clock=clock) as client:
        yield client


@pytest.fixture
def bob(workspace: Workspace, clock: Clock, ada: TestClient) -> Iterator[TestClient]:
    with client_of(workspace, "bob", clock=clock) as client:
        yield client


def answers(client: TestClient) -> dict[int, int]:
    """Return the class of each image of the group that has one."""
    found = client.get("/api/groups/class-0").json()["members"]
    return {one["id"]: one["answer"]["label"] for one in found if one["answer"]}


JUMPS = [timedelta(0), -HOUR, 24 * HOUR, -48 * HOUR, HOUR]


def test_acts_are_taken_and_keep_their_order(ada: TestClient, bob: TestClient, clock: Clock) -> None:
    times = []
    for at, jump in enumerate(JUMPS):
        clock.now += jump
        times.append(clock.now)
        client, label = (ada, bob)[at % 2], at % 3
        version = client.get("/api/groups/class-0").json()["version"]
        said = client.post(
            "/api/acts", json=sent("label", "class-0", images=[0], label=label, version=version)
        )
        assert (said.status_code, said.json()["seq"]) == (201, at + 1), said.text
    desk = cast("Any", bob.app).state.desk
    acts = desk.store.read()
    assert [one.seq for one in acts] == [1, 2, 3, 4, 5]
    assert [datetime.fromisoformat(one.time) for one in acts] == times
    log = frame(desk.start, acts)
    assert log["label"].to_list() == [desk.start.classes[at % 3] for at in range(len(JUMPS))]
    assert log["live"].to_list() == [False, False, False, True, True]
    assert answers(ada) == {0: 1}


def test_undo_means_the_last_act_whatever_the_clock_said(ada: TestClient, clock: Clock) -> None:
    for image, jump in ((0, timedelta(0)), (5, -HOUR)):
        clock.now += jump
        assert (
            ada.post("/api/acts", json=sent("label", "class-0", images=[image], label=1)).status_code == 201
        )
    clock.now += 24 * HOUR
    assert ada.post("/api/acts", json=sent("undo")).status_code == 201
    assert answers(ada) == {0: 1}


@pytest.mark.parametrize("jump", [-HOUR, -24 * HOUR, 24 * HOUR], ids=str)
def test_leases_end(ada: TestClient, bob: TestClient, clock: Clock, jump: timedelta) -> None:
    assert ada.post("/api/lease", json=LEASE).status_code == 200
    assert bob.post("/api/lease", json=LEASE).status_code == 409
    clock.now += jump
    assert not [one for one in bob.get("/api/queue").json()["groups"] if one["lease"]]
    assert bob.post("/api/lease", json=LEASE).status_code == 200
    assert ada.post("/api/lease", json=LEASE).json()["who"] == "bob"


def test_a_clock_that_differs_a_little_ends_no_lease(ada: TestClient, bob: TestClient, clock: Clock) -> None:
    assert ada.post("/api/lease", json=LEASE).status_code == 200
    clock.now -= timedelta(minutes=5)
    assert bob.post("/api/lease", json=LEASE).status_code == 409
