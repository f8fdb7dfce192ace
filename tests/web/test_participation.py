"""A study through the server: boards in turn, hidden proposals, rounds blind to each other."""

import json
import uuid
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from fastapi import Request

from s2c2.data.synthetic import synthetic
from s2c2.errors import UserError
from s2c2.web.asking import Local, Person, Role
from s2c2.web.neighbours import Neighbours
from s2c2.web.opening import open_app
from s2c2.web.settings import Settings, shared
from s2c2.web.start import Start
from s2c2.web.store import Store
from s2c2.web.study import Study, sequence
from s2c2.web.studying import study_start
from s2c2.web.workspace import Workspace, open_workspace
from tests.web.made import Clock
from tests.web.starts import group

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it asks for another client library
    from starlette.testclient import TestClient

STUDY = Study(name="pilot", control=0.25, group=5, washout_days=1)
N = 24


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 3, 1, tzinfo=UTC))


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


@dataclass(frozen=True)
class Somebody(Local):
    """A person with a role."""

    role: Role = "annotator"

    def person(self, request: Request) -> Person:
        return Person(self.annotator, self.role, self.csrf)


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


def entered(workspace: Workspace, clock: Clock, name: str) -> TestClient:
    """Return the browser of somebody who takes a turn at a local server, and so owns all."""
    settings = Settings(shared("none"), study=STUDY, clock=clock)
    opened = open_app(workspace, settings, lambda store: Local(name, "token"))
    return TestClient(opened.app, base_url="http://127.0.0.1", headers={"X-CSRF-Token": "token"})


def test_nobody_hears_of_the_answers_of_others_before_the_own_rounds_are_done(
    workspace: Workspace, clock: Clock
) -> None:
    with entered(workspace, clock, "bo") as bo:
        theirs = session(bo)["scope"]
        answer_all(bo)
    closed = {"scope": theirs}
    with entered(workspace, clock, "ada") as ada:
        group = ada.get("/api/queue").json()["groups"][0]["group"]
        for scope in (theirs, "bo/2/ssl", "ghost/1/s2c2"):
            for address in ("queue", f"groups/{group}", f"groups/{group}/similar", "dashboard", "events"):
                reply = ada.get(f"/api/{address}", params={"scope": scope})
                assert reply.status_code == 403, address
                assert "when your own rounds are done" in reply.json()["error"]
        for address, what in (("review", "review"), ("export", "the export")):
            reply = ada.get(f"/api/{address}")
            assert reply.status_code == 403
            assert reply.json()["error"] == f"in a study, {what} opens when your own rounds are done"
        found = ada.get("/api/dashboard").json()
        assert (found["agreement"], found["disagreements"]) == (None, None)
        assert [one["annotator"] for one in found["annotators"]] == ["bo"]
        mine = session(ada)["scope"]
        assert post(ada, mine, "decide", None, images=[0], label=0).status_code == 403
        for _ in sequence(STUDY, "ada"):
            clock.now += timedelta(days=1)
            answer_all(ada)
        assert session(ada)["study"]["finished"]
        assert ada.get("/api/queue", params=closed).status_code == 200
        assert ada.get("/api/export").status_code == 200
        assert ada.get("/api/dashboard").json()["agreement"]["images"] == N
        refused = ada.get("/api/queue", params={"scope": "ghost/1/s2c2"})
        assert (refused.status_code, refused.json()["error"]) == (403, "ghost has answered nothing")


def test_an_act_of_who_was_here_before_waits_for_them(workspace: Workspace, clock: Clock) -> None:
    with entered(workspace, clock, "ada") as ada:
        scope, group = session(ada)["scope"], ada.get("/api/queue").json()["groups"][0]["group"]
    body = {"key": str(uuid.uuid4()), "act": "label", "group": group, "label": 0, "scope": scope}
    with entered(workspace, clock, "bo") as bo:
        reply = bo.post("/api/acts", json=body | {"annotator": "ada"})
        assert (reply.status_code, reply.json()["annotator"]) == (409, "bo")
    with entered(workspace, clock, "ada") as ada:
        assert ada.post("/api/acts", json=body | {"annotator": "ada"}).status_code == 201


def test_hidden_proposals_are_in_the_log_only(client: TestClient, clock: Clock) -> None:
    seen = []
    for _ in range(6):
        clock.now += timedelta(days=1)
        for one in client.get("/api/queue").json()["groups"]:
            page = client.get(f"/api/groups/{one['group']}").json()
            seen.append((page["kind"] == "plain", page["suggestion"] is None, one["suggestion"] is None))
        answer_all(client)
    assert {(True, True, True), (False, False, False)} == set(seen)
    log = pl.read_csv(client.get("/api/export").content).filter(round=1)
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


def test_control_images_join_no_group_with_a_proposal(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: Neighbours, members: object, candidates: Any) -> Any:
        return np.arange(len(candidates), dtype=np.float32)

    monkeypatch.setattr(Neighbours, "distances", away)
    while session(client)["arm"] == "none":
        answer_all(client)
    scope = session(client)["scope"]
    groups = {one["group"]: one for one in client.get("/api/queue").json()["groups"]}
    images = {
        group: [member["id"] for member in client.get(f"/api/groups/{group}").json()["members"]]
        for group in groups
    }
    proposed = [group for group in groups if not group.startswith("plain-")]
    plain = [group for group in groups if group.startswith("plain-")]
    assert len(proposed) == len(plain) == 2
    for side in (proposed, plain):
        near = client.get(f"/api/groups/{side[0]}/similar").json()
        assert sorted(item["id"] for item in near["images"]) == sorted(images[side[1]])
        assert near["total"] == len(images[side[1]])
    for one, other in ((proposed, plain), (plain, proposed)):
        inside, outside = one[0], other[0]
        grown = post(client, scope, "grow", inside, images=images[outside][:1], version=None)
        merged = post(client, scope, "merge", outside, target=inside, version=None)
        for reply in (grown, merged):
            assert reply.status_code == 422
            assert reply.json()["error"] == (
                f"image {images[outside][0]} cannot join {inside}: "
                "a study keeps images with and without a proposal apart"
            )
    assert client.get("/api/events").json()["seq"] == session(client)["seq"]
    assert post(client, scope, "grow", proposed[0], images=images[proposed[1]][:1]).status_code == 201
    assert post(client, scope, "merge", plain[1], target=plain[0]).status_code == 201
    parts = [
        post(client, scope, "split", group, images=images[group][-1:], version=None)
        for group in (
            proposed[0],
            plain[0],
        )
    ]
    made = [f"split-{reply.json()['seq']}-1" for reply in parts]
    assert post(client, scope, "merge", made[1], target=made[0], version=None).status_code == 422
    assert post(client, scope, "merge", made[1], target=plain[0], version=None).status_code == 201
    assert (
        post(client, scope, "misfit", plain[0], images=images[plain[0]][:1], version=None).status_code == 201
    )
    assert post(client, scope, "merge", "misfits", target=proposed[0], version=None).status_code == 422
    assert post(client, scope, "merge", "misfits", target=plain[0], version=None).status_code == 201


@pytest.mark.parametrize(
    ("listed", "boards"), [(None, {"ada": (1, 2)}), (["ada", "bo"], {"ada": (1, 2), "bo": (0, 2)})]
)
def test_the_dashboard_says_how_many_boards_are_done(
    workspace: Workspace, listed: list[str] | None, boards: dict[str, tuple[int, int]]
) -> None:
    study = STUDY.model_copy(update={"annotators": listed, "arms": ["none"]})
    url = f"sqlite:///{workspace.root / 'other.sqlite'}"
    store = Store.open(url)
    store.begin(study_start(workspace.start(), study, None))
    store.close()
    owner = Somebody("ada", "token", role="owner")
    opened = open_app(workspace, Settings(shared("none"), study=study), lambda store: owner, url)
    with TestClient(opened.app, base_url="http://127.0.0.1", headers={"X-CSRF-Token": "token"}) as client:
        answer_all(client)
        found = client.get("/api/dashboard").json()["annotators"]
    assert {one["annotator"]: (one["done"], one["boards"]) for one in found} == boards


@pytest.mark.parametrize("role", ["reviewer", "owner"])
def test_who_only_watches_a_study_reviews_it(workspace: Workspace, role: Role) -> None:
    study = STUDY.model_copy(update={"annotators": ["ann", "bo"], "arms": ["none"], "rounds": 1})
    url = f"sqlite:///{workspace.root / 'other.sqlite'}"
    store = Store.open(url)
    store.begin(study_start(workspace.start(), study, None))
    store.close()

    def entered(name: str, role: Role = "annotator") -> TestClient:
        settings = Settings(shared("none"), study=study)
        opened = open_app(workspace, settings, lambda store: Somebody(name, "t", role=role), url)
        return TestClient(opened.app, base_url="http://127.0.0.1", headers={"X-CSRF-Token": "t"})

    for label, name in enumerate(("ann", "bo")):
        with entered(name) as client:
            assert session(client)["board"] is True
            group = client.get("/api/queue").json()["groups"][0]["group"]
            image = 0
            reply = post(client, f"{name}/1/none", "label", None, images=[image], label=label)
            assert reply.status_code == 201, reply.text
    with entered("eve", role) as client:
        said = session(client)
        assert (said["board"], said["role"], said["study"]["finished"]) == (False, role, True)
        (disputed,) = client.get("/api/review").json()["images"]
        dashboard = client.get("/api/dashboard", params={"scope": said["scope"]}).json()
        assert {one["annotator"]: one["answers"] for one in dashboard["annotators"]} == {"ann": 1, "bo": 1}
        assert {(one["done"], one["boards"]) for one in dashboard["annotators"]} == {(0, 1)}
        assert (dashboard["groups"], dashboard["progress"]["images"]) == ([], 0)
        assert client.get("/api/events").json()["seq"] == 2
        assert client.get("/api/queue", params={"scope": "ann/1/none"}).status_code == 200
        for address in (
            "queue",
            f"groups/{group}",
            f"groups/{group}/similar",
            f"queue?scope={said['scope']}",
        ):
            refused = client.get(f"/api/{address}")
            assert (refused.status_code, refused.json()["error"]) == (
                403,
                "eve takes no part in the study pilot: there is nothing to answer",
            )
        assert post(client, said["scope"], "label", None, images=[1], label=0).status_code == 403
        assert post(client, "eve/2/none", "label", None, images=[1], label=0).status_code == 403
        decided = post(client, said["scope"], "decide", None, images=[0], label=1, version=disputed["seq"])
        assert (decided.status_code, decided.json()["next"]) == (201, None)
        assert client.get("/api/review").json()["images"] == []
        me = client.get("/api/dashboard").json()["annotators"][-1]
        assert (me["annotator"], me["done"], me["boards"]) == ("eve", None, None)
        assert post(client, said["scope"], "undo", None, version=None).status_code == 201
        assert client.get("/api/review").json()["total"] == 1
    with entered("eve") as client:
        refused = client.get("/api/session")
        assert (refused.status_code, ", not '" in refused.json()["error"]) == (403, True)


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
        lambda store: Somebody("ada", "t"),
        f"sqlite:///{workspace.root / 'other.sqlite'}",
    )
    with TestClient(opened.app, base_url="http://127.0.0.1") as client:
        reply = client.get("/api/session")
    assert (reply.status_code, ", not '" in reply.json()["error"]) == (403, True)
