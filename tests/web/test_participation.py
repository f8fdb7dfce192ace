"""A study through the server: boards in turn, hidden proposals, rounds blind to each other."""

import json
import uuid
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from s2c2.data.synthetic import synthetic
from s2c2.errors import UserError
from s2c2.web.asking import Local
from s2c2.web.opening import open_app
from s2c2.web.settings import Settings, shared
from s2c2.web.start import Start
from s2c2.web.store import Store
from s2c2.web.study import Study, sequence
from s2c2.web.studying import study_start
from s2c2.web.workspace import Workspace, open_workspace
from tests.web.starts import group

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it asks for another client library
    from starlette.testclient import TestClient

STUDY = Study(name="pilot", control=0.25, group=5, washout_days=1)
N = 24


class Clock:
    """A clock that the test sets."""

    now = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Return a dataset whose database holds the start of a study."""
    synthetic(tmp_path / "data", images=N, seed=0, classes=2, size=16)
    found = open_workspace(tmp_path / "data")
    plain = group("all", tuple(range(N)))
    ssl = (group("class-0", tuple(range(10))), group("class-1", tuple(range(10, N))))
    s2c2 = (group("class-0", tuple(range(8))), group("cluster-1", tuple(range(8, N))))
    start = Start(found.images, found.classes, {"none": (plain,), "ssl": ssl, "s2c2": s2c2})
    store = Store.open(found.database)
    store.begin(study_start(start, STUDY, None))
    store.close()
    return found


@pytest.fixture
def client(workspace: Workspace, clock: Clock) -> Iterator[TestClient]:
    settings = Settings(shared("none"), study=STUDY, clock=clock)
    opened = open_app(workspace, settings, lambda store: Local("ada", "token"))
    with TestClient(opened.app, base_url="http://127.0.0.1", headers={"X-CSRF-Token": "token"}) as made:
        yield made


def post(client: TestClient, scope: str, act: str, group: str | None, **more: Any) -> Any:
    body = {"key": str(uuid.uuid4()), "act": act, "group": group, "scope": scope, "version": 0}
    return client.post("/api/acts", json=body | {"seconds": {"active": 2.0, "wall": 3.0}} | more)


def session(client: TestClient) -> Any:
    return client.get("/api/session").json()


def answer_all(client: TestClient) -> None:
    """Answer the present board, as people do: what is suggested, else the first class."""
    scope = session(client)["scope"]
    for one in client.get("/api/queue").json()["groups"]:
        if one["suggestion"] is None:
            reply = post(client, scope, "label", one["group"], label=0)
        else:
            shown = {"label": one["suggestion"], "strength": one["strength"]}
            reply = post(client, scope, "accept", one["group"], shown=shown)
        assert reply.status_code == 201, reply.text


def test_boards_come_in_turn_and_the_washout_is_kept(client: TestClient, clock: Clock) -> None:
    boards = [str(scope) for scope in sequence(STUDY, "ada")]
    for number, scope in enumerate(boards[:3], start=1):
        said = session(client)
        assert (said["scope"], said["study"]["board"], said["study"]["left"]) == (scope, number, N)
        answer_all(client)
    said = session(client)
    assert said["scope"] == boards[2]
    assert said["study"]["waits"] == "round 2 starts 1 days after round 1, on 2026-03-02 at 00:00 UTC"
    refused = post(client, boards[3], "label", "plain-1", label=0)
    assert (refused.status_code, refused.json()["error"]) == (403, said["study"]["waits"])
    clock.now += timedelta(days=1)
    for scope in boards[3:]:
        assert session(client)["scope"] == scope
        assert client.get("/api/review").status_code == 403
        answer_all(client)
    assert session(client)["study"] | {"finished": True, "waits": None, "left": 0} == session(client)["study"]
    assert client.get("/api/review").status_code == 200


def test_rounds_are_blind_but_late_acts_and_undo_are_taken(client: TestClient, clock: Clock) -> None:
    boards = [str(scope) for scope in sequence(STUDY, "ada")]
    assert post(client, boards[1], "label", "plain-1", label=0).status_code == 403
    for _ in range(3):
        answer_all(client)
    clock.now += timedelta(days=2)
    assert session(client)["scope"] == boards[3]
    assert client.get("/api/queue", params={"scope": boards[0]}).status_code == 403
    assert client.get("/api/queue", params={"scope": boards[4]}).status_code == 403
    assert client.get("/api/queue", params={"scope": "shared/1/none"}).status_code == 403
    assert client.get("/api/queue", params={"scope": "ada/1/other"}).status_code in (403, 422)
    page = client.get("/api/groups/plain-1").json()
    assert all(member["answer"] is None for member in page["members"])
    assert post(client, boards[2], "undo", None).status_code == 201
    assert session(client)["scope"] == boards[2]  # it is open again


def test_hidden_proposals_are_in_the_log_only(client: TestClient) -> None:
    seen = []
    for _ in range(3):
        for one in client.get("/api/queue").json()["groups"]:
            page = client.get(f"/api/groups/{one['group']}").json()
            seen.append((page["kind"] == "plain", page["suggestion"] is None, one["suggestion"] is None))
        answer_all(client)
    assert {(True, True, True), (False, False, False)} == set(seen)
    log = pl.read_csv(client.get("/api/export").content)
    for arm, first in (("ssl", 0), ("s2c2", 0)):
        rows = log.filter(arm=arm)
        hidden = rows.filter(pl.col("hidden").is_not_null())
        assert len(hidden) == round(0.25 * N)
        assert len(rows) == N
        assert hidden["proposal"].is_null().all()
        assert not hidden["shown"].any()
        assert rows.filter(pl.col("hidden").is_null())["shown"].all()
        assert hidden["hidden"].unique().to_list() == [session(client)["classes"][first]["name"]]
    assert log.filter(arm="none")["hidden"].is_null().all()


def test_orders_differ_between_annotators_and_hold(workspace: Workspace) -> None:
    def look(name: str) -> Any:
        opened = open_app(workspace, Settings(shared("none"), study=STUDY), lambda store: Local(name, "t"))
        with TestClient(opened.app, base_url="http://127.0.0.1") as client:
            boards = [str(scope) for scope in sequence(STUDY, name) if scope.round == 1]
            if session(client)["arm"] != "none":
                return None
            assert session(client)["scope"] == boards[0]
            groups = [one["group"] for one in client.get("/api/queue").json()["groups"]]
            pages = [client.get(f"/api/groups/{one}").json()["members"] for one in groups]
            return groups, [[member["id"] for member in page] for page in pages]

    names = [f"p{n}" for n in range(12)]
    found = [one for one in map(look, names) if one is not None]
    assert len(found) > 1
    assert found == [one for one in map(look, names) if one is not None]
    assert len({json.dumps(one) for one in found}) == len(found)
    for groups, pages in found:
        assert sorted(groups) == [f"plain-{n}" for n in range(1, 6)]
        assert sorted(image for page in pages for image in page) == list(range(N))


@pytest.mark.parametrize(
    ("study", "said"),
    [
        (None, "belongs to the study pilot: add --study"),
        (STUDY.model_copy(update={"seed": 1, "rounds": 3}), r"another study \(seed, rounds differ\)"),
    ],
)
def test_a_database_keeps_its_study(workspace: Workspace, study: Study | None, said: str) -> None:
    with pytest.raises(UserError, match=said):
        open_app(workspace, Settings(shared("none"), study=study), lambda store: Local("ada", "t"))


def test_a_database_without_a_study_takes_none(tmp_path: Path) -> None:
    synthetic(tmp_path / "data", images=4, seed=0, classes=2, size=16)
    found = open_workspace(tmp_path / "data")
    store = Store.open(found.database)
    store.begin(found.start())
    store.close()
    with pytest.raises(UserError, match="belongs to no study"):
        open_app(found, Settings(shared("none"), study=STUDY), lambda store: Local("ada", "t"))


def test_an_arm_that_is_not_there(tmp_path: Path) -> None:
    synthetic(tmp_path / "data", images=4, seed=0, classes=2, size=16)
    with pytest.raises(UserError, match="the study has the arm ssl: name the plain run after --against"):
        study_start(open_workspace(tmp_path / "data").start(), STUDY, None)


def test_who_is_not_listed_is_refused(workspace: Workspace) -> None:
    listed = STUDY.model_copy(update={"annotators": ["eve"]})
    start = study_start(
        Start(("a",), ("x", "y"), {"none": (group("all", (0,)),)}),
        listed.model_copy(update={"arms": ["none"]}),
        None,
    )
    assert start.hidden == {}
    store = Store.open(f"sqlite:///{workspace.root / 'other.sqlite'}")
    other = listed.model_copy(update={"arms": ["none"]})
    store.begin(study_start(workspace.start(), other, None))
    store.close()
    opened = open_app(
        workspace,
        Settings(shared("none"), study=other),
        lambda store: Local("ada", "t"),
        f"sqlite:///{workspace.root / 'other.sqlite'}",
    )
    with TestClient(opened.app, base_url="http://127.0.0.1") as client:
        reply = client.get("/api/session")
    assert (reply.status_code, "unknown annotator" in reply.json()["error"]) == (403, True)
