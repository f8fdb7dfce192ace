from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Barrier, Event
from typing import Any, cast
from uuid import uuid4

import pytest

from s2c2.web.workspace import Workspace
from tests.web.made import TestClient, client_of, sent


def done(client: TestClient, *args: Any, status: int = 201, **more: Any) -> dict[str, Any]:
    reply = client.post("/api/acts", json=sent(*args, **more))
    assert reply.status_code == status, reply.text
    found: dict[str, Any] = reply.json()
    return found


def members(client: TestClient, group: str) -> list[int]:
    return [member["id"] for member in client.get(f"/api/groups/{group}").json()["members"]]


def labels(client: TestClient, group: str) -> list[int | None]:
    found = client.get(f"/api/groups/{group}").json()["members"]
    return [member["answer"] and member["answer"]["label"] for member in found]


def test_accept_gives_the_suggested_class_and_leads_on(ada: TestClient) -> None:
    reply = done(ada, "accept", "class-1", version=0)
    assert reply["seq"] == 1
    assert reply["group"]["done"]
    assert reply["group"]["open"] == 0
    assert reply["next"] not in (None, "class-1")
    assert (reply["undo"], reply["redo"]) == (True, False)
    assert labels(ada, "class-1") == [1] * 12


def test_the_same_key_again_changes_nothing(ada: TestClient) -> None:
    body = sent("accept", "class-1", version=0)
    first = ada.post("/api/acts", json=body)
    again = ada.post("/api/acts", json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert ada.get("/api/events").json()["seq"] == 1


def test_a_key_stands_for_one_act(ada: TestClient, bob: TestClient) -> None:
    body = sent("accept", "class-1", version=0)
    assert ada.post("/api/acts", json=body).status_code == 201
    for client, other in ((bob, body), (ada, body | {"act": "finish"})):
        reply = client.post("/api/acts", json=other)
        assert reply.status_code == 422
        assert "key" in reply.json()["error"]


@pytest.mark.parametrize("act", ["undo", "redo", "recluster"])
def test_one_act_that_comes_in_twice_at_once_is_recorded_once(
    ada: TestClient, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ["accept"] if act == "undo" else ["accept", "undo"] if act == "redo" else []
    for name in before:
        done(ada, name, "class-0" if name == "accept" else None)
    desk = cast("Any", ada.app).state.desk
    known, append = desk.store.recorded, desk.live.append
    calls, both, first_is_done = count(), Barrier(2), Event()

    def together(key: str) -> Any:
        found, number = known(key), next(calls)
        if number < 2:
            both.wait(20)  # neither has seen the other
        if number == 1:
            first_is_done.wait(20)
        return found

    def appended(*args: Any) -> Any:
        recorded = append(*args)
        first_is_done.set()
        return recorded

    monkeypatch.setattr(desk.store, "recorded", together)
    monkeypatch.setattr(desk.live, "append", appended)
    body = sent(act, "class-1" if act == "recluster" else None)
    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(lambda _: ada.post("/api/acts", json=body), range(2)))
    assert sorted(reply.status_code for reply in replies) == [200, 201], [reply.text for reply in replies]
    assert replies[0].json() == replies[1].json()
    assert ada.get("/api/events").json()["seq"] == len(before) + 1


def test_an_act_leads_to_a_group_that_nobody_else_holds(ada: TestClient, bob: TestClient) -> None:
    first, *others = (item["group"] for item in ada.get("/api/queue").json()["groups"])
    held = []
    for group in others:
        assert done(ada, "flag", first, images=members(ada, first)[:1])["next"] == group
        held.append(bob.post("/api/lease", json={"group": group, "scope": "shared/1/s2c2"}).status_code)
    assert held == [200] * 4
    assert done(ada, "flag", first, images=members(ada, first)[:1])["next"] == others[0]
    assert done(bob, "flag", others[0], images=members(bob, others[0])[:1])["next"] == first


def test_undo_and_redo_go_on_after_a_restart(workspace: Workspace) -> None:
    with client_of(workspace) as client:
        done(client, "accept", "class-0", version=0)
        done(client, "accept", "class-1", version=0)
    with client_of(workspace) as client:
        reply = done(client, "undo")
        assert reply["group"]["group"] == "class-1"
        assert reply["group"]["open"] == 12
        assert (reply["undo"], reply["redo"]) == (True, True)
        done(client, "undo")
        assert labels(client, "class-0") == [None] * 12
        assert "nothing to undo" in done(client, "undo", status=422)["error"]
    with client_of(workspace) as client:
        done(client, "redo")
        assert labels(client, "class-0") == [0] * 12


def test_undo_says_where_its_first_image_is_now(ada: TestClient) -> None:
    third, fifth = members(ada, "class-0")[2], members(ada, "class-0")[4]
    assert done(ada, "misfit", "class-0", images=[fifth, third], version=0)["at"] is None
    reply = done(ada, "undo")
    assert (reply["group"]["group"], reply["at"]) == ("class-0", 4)
    reply = done(ada, "redo")
    assert (reply["group"]["group"], reply["at"]) == ("misfits", 0)
    done(ada, "finish", "class-1", version=0)
    reply = done(ada, "undo")
    assert (reply["group"]["group"], reply["at"]) == ("class-1", None)


def test_undo_of_growing_leads_back_to_the_group_that_was_grown(ada: TestClient) -> None:
    one, *_ = members(ada, "class-1")
    done(ada, "grow", "class-0", images=[one], version=0)
    reply = done(ada, "undo")
    assert (reply["group"]["group"], reply["at"]) == ("class-0", None)
    assert one in members(ada, "class-1")
    reply = done(ada, "redo")
    assert (reply["group"]["group"], reply["at"]) == ("class-0", len(members(ada, "class-0")) - 1)


def test_misfit_split_merge_and_grow_move_images(ada: TestClient) -> None:
    a, b, c = members(ada, "class-0")[:3]
    done(ada, "misfit", "class-0", images=[a], version=0)
    seq = done(ada, "split", "class-0", images=[b, c], version=1)["seq"]
    assert members(ada, "misfits") == [a]
    assert sorted(members(ada, f"split-{seq}-1")) == sorted([b, c])
    done(ada, "merge", f"split-{seq}-1", target="class-1", version=seq)
    assert {b, c} < set(members(ada, "class-1"))
    done(ada, "grow", "class-0", images=[b], version=seq)
    assert b in members(ada, "class-0")
    assert b not in members(ada, "class-1")


def test_recluster_separates_what_lies_apart(ada: TestClient) -> None:
    done(ada, "merge", "cluster-2", target="cluster-3", version=0)
    seq = done(ada, "recluster", "cluster-3", parts=2, version=1)["seq"]
    parts = [set(members(ada, f"split-{seq}-{part}")) for part in (1, 2)]
    assert sorted(parts, key=min) == [set(range(2, 60, 5)), set(range(3, 60, 5))]
    assert members(ada, "cluster-3") == []


def test_finish_skip_flag_and_ambiguous(ada: TestClient) -> None:
    first = members(ada, "class-0")[0]
    done(ada, "flag", "class-0", images=[first], version=0)
    done(ada, "ambiguous", "class-0", images=[first], distribution=[0.2, 0.3, 0.5])
    done(ada, "skip", "class-0")
    reply = done(ada, "finish", "class-1", version=0)
    assert reply["group"]["done"]
    assert ada.get("/api/groups/class-0").json()["members"][0]["answer"]["distribution"] == [0.2, 0.3, 0.5]
    assert ada.get("/api/queue").json()["progress"]["answered"] == 12


def test_who_comes_second_learns_who_was_first(ada: TestClient, bob: TestClient) -> None:
    done(ada, "accept", "class-1", version=0)
    lost = done(bob, "accept", "class-1", version=0, status=409)
    assert (lost["who"], lost["act"], lost["version"]) == ("ada", "accept", 1)
    assert lost["at"].endswith(("Z", "+00:00"))
    assert "ada accepted 12 images" in lost["error"]
    assert labels(bob, "class-1") == [1] * 12
    done(bob, "label", "class-0", images=members(bob, "class-0")[:2], label=2, version=0)
    lost = done(ada, "misfit", "class-0", images=members(ada, "class-0")[:1], version=0, status=409)
    assert lost["who"] == "bob"
    lost = done(ada, "label", "class-0", label=1, version=0, status=409)
    assert lost["who"] == "bob"


def test_of_what_is_left_over_nothing_is_overwritten_however_much_one_did_oneself(
    ada: TestClient, bob: TestClient
) -> None:
    one, two, three, four = members(ada, "class-0")[:4]
    done(ada, "misfit", "class-0", images=[one, two, three, four], version=0)
    tab = str(uuid4())
    seen = ada.get("/api/groups/misfits").json()["version"]
    done(bob, "label", "misfits", images=[two], label=2, version=seen)
    done(ada, "label", "misfits", images=[one], label=0, version=seen, tab=tab)
    lost = done(ada, "label", "misfits", images=[two], label=0, version=seen, tab=tab, status=409)
    assert (lost["who"], lost["act"]) == ("bob", "label")
    done(bob, "misfit", "class-0", images=members(bob, "class-0")[:1])
    done(ada, "label", "misfits", images=[three], label=0, version=seen, tab=tab)
    done(ada, "undo", tab=tab)
    done(ada, "label", "misfits", label=1, version=seen, tab=tab)
    assert labels(ada, "misfits") == [0, 2, 1, 1, None]


def test_a_group_that_was_merged_away_tells_who_did_it(ada: TestClient, bob: TestClient) -> None:
    done(ada, "merge", "class-0", target="class-1", version=0)
    assert done(bob, "accept", "class-0", version=0, status=409)["act"] == "merge"


def test_growing_leaves_out_what_others_answered_or_moved_since_and_says_how_many(
    ada: TestClient, bob: TestClient
) -> None:
    early, one, two, three, four = members(ada, "class-1")[:5]
    done(bob, "flag", "class-1", images=[early])
    seen = ada.get("/api/groups/class-0/similar").json()["seq"]
    assert seen == 1
    done(bob, "label", "class-1", images=[two], label=2)
    done(bob, "misfit", "class-1", images=[four])
    wanted = [early, one, two, three, four]
    body = sent("grow", "class-0", images=wanted, label=0, version=seen)
    for status in (201, 200):
        reply = ada.post("/api/acts", json=body)
        assert (reply.status_code, reply.json()["left_out"]) == (status, 2)
    assert members(ada, "class-0")[-3:] == [early, one, three]
    assert labels(ada, "class-0")[-3:] == [0, 0, 0]
    lost = done(ada, "grow", "class-0", images=[two, four], label=0, version=seen, status=409)
    assert (lost["who"], lost["act"]) == ("bob", "label")
    assert done(ada, "undo")["left_out"] == 0
    done(bob, "label", "class-0", images=members(bob, "class-0")[:1], label=1)
    lost = done(ada, "grow", "class-0", images=wanted, label=0, version=seen, status=409)
    assert "class-0 has changed" in lost["error"]


def test_undo_of_what_another_changed_is_refused(ada: TestClient, bob: TestClient) -> None:
    done(ada, "accept", "class-1", version=0)
    done(bob, "label", "class-1", images=members(bob, "class-1")[:1], label=0, version=1)
    assert done(ada, "undo", status=409)["who"] == "bob"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"label": 3}, "class"),
        ({"label": None}, "label"),
        ({"images": [60]}, "image"),
        ({"images": [10**9]}, "image"),
        ({"images": [-1]}, "images"),
        ({"images": ["../../etc/passwd"]}, "images"),
        ({"group": "class-9"}, "group"),
        ({"group": "../x"}, "group"),
        ({"scope": "nonsense"}, "WHO/ROUND/ARM"),
        ({"scope": "shared/1/ssl"}, "arm"),
        ({"key": "1"}, "key"),
        ({"act": "explode"}, "act"),
        ({"unknown": 1}, "unknown"),
        ({"version": 10**6}, "version"),
        ({"seconds": {"active": -1, "wall": 0}}, "seconds.active"),
        ({"seconds": {"active": 1e300, "wall": 0}}, "seconds.active"),
        ({"seconds": {"active": 6.5, "wall": 5}}, "active cannot be more than wall: 6.5 of 5 seconds"),
        ({"seconds": {"active": 2}}, "active cannot be more than wall: 2 of 0 seconds"),
        ({"shown": {"label": 0, "strength": 7}}, "shown.strength"),
        ({"shown": {"label": 99, "strength": 0.5}}, "class"),
        ({"act": "ambiguous", "label": None, "distribution": [0.5, 0.5]}, "distribution"),
        ({"act": "ambiguous", "label": None, "distribution": [0.5, 0.5, 0.5]}, "sum to 1"),
        ({"act": "recluster", "label": None, "parts": 1}, "parts"),
        ({"act": "recluster", "label": None, "images": [0], "parts": 2}, "parts"),
        ({"act": "grow", "label": None, "images": None}, "images"),
        ({"act": "split", "label": None, "images": None}, "images"),
        ({"act": "merge", "label": None, "images": None}, "target"),
        ({"at": "x" * 100}, "at"),
        ({"at": "yesterday"}, "at"),
        ({"selected": 10**12}, "selected"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_recorded(
    ada: TestClient, change: dict[str, Any], words: str
) -> None:
    body = sent("label", "class-0", images=[0], label=1) | change
    reply = ada.post("/api/acts", json=body)
    assert reply.status_code == 422, reply.text
    assert words in reply.json()["error"]
    assert ada.get("/api/events").json()["seq"] == 0


def test_clocks_may_differ_a_little(ada: TestClient) -> None:
    body = sent("label", "class-0", images=[0], label=1, seconds={"active": 5.9, "wall": 5})
    assert ada.post("/api/acts", json=body).status_code == 201


def test_the_board_of_somebody_else_is_closed(ada: TestClient) -> None:
    reply = ada.post("/api/acts", json=sent("accept", "class-0", scope="bob/1/s2c2"))
    assert reply.status_code == 403
    assert "somebody else" in reply.json()["error"]


def test_rounds_begin_one_after_the_other(ada: TestClient) -> None:
    def label(scope: str, status: int) -> str:
        return str(done(ada, "label", "all", images=[0], label=0, scope=scope, status=status).get("error"))

    assert label("ada/2/none", 422) == "round 2 of ada is far ahead: the next one is 1"
    for scope in ("ada/1/none", "ada/2/none", "ada/1/none", "shared/1/none"):
        label(scope, 201)
    assert label("ada/999999/none", 422) == "round 999999 of ada is far ahead: the next one is 3"
    assert label("shared/3/none", 422) == "round 3 of shared is far ahead: the next one is 2"


def test_an_act_is_of_who_made_it_or_waits(workspace: Workspace) -> None:
    """People take turns: the page of Ada is still open when the server is started for Bob."""
    first, late = sent("accept", "class-0", annotator="ada"), sent("accept", "class-1", annotator="ada")
    with client_of(workspace) as ada:
        assert ada.post("/api/acts", json=first).status_code == 201
    with client_of(workspace, "bob") as bob:
        for body in (first, late):
            reply = bob.post("/api/acts", json=body)
            said = reply.json()
            assert (reply.status_code, said["annotator"]) == (409, "bob")
            assert said["error"] == "this is an act of ada, but bob is here now"
        assert bob.get("/api/events").json()["seq"] == 1
        assert bob.post("/api/acts", json=sent("accept", "cluster-2", annotator="bob")).status_code == 201
        assert bob.post("/api/acts", json=sent("accept", "cluster-3")).status_code == 201
    with client_of(workspace) as ada:
        assert [ada.post("/api/acts", json=body).status_code for body in (first, late)] == [200, 201]
        assert {one["annotator"]: one["acts"] for one in ada.get("/api/dashboard").json()["annotators"]} == {
            "ada": 2,
            "bob": 2,
        }


def test_a_page_of_another_dataset_cannot_act(ada: TestClient) -> None:
    dataset = ada.get("/api/session").json()["dataset"]
    reply = ada.post("/api/acts", json=sent("accept", "class-0", dataset="0" * 16))
    assert reply.status_code == 409
    assert "another database" in reply.json()["error"]
    assert ada.post("/api/acts", json=sent("accept", "class-0", dataset=dataset)).status_code == 201


def test_a_page_of_another_database_of_the_same_run_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    databases: dict[str, str] = {}
    for name in ("a", "b", "a"):
        with client_of(workspace, database=tmp_path / f"{name}.sqlite") as client:
            found = client.get("/api/session").json()["dataset"]
            assert databases.setdefault(name, found) == found  # also after a restart
            assert client.get(f"/api/images/0/thumb?size=96&v={found}").status_code == 200
    assert databases["a"] != databases["b"]
    with client_of(workspace, database=tmp_path / "b.sqlite") as client:
        lost = done(client, "accept", "class-0", dataset=databases["a"], status=409)
        assert (lost["error"], lost["hint"]) == (
            "this page shows another database than the server does now",
            "reload the page",
        )
        assert client.get("/api/events").json()["seq"] == 0


def test_no_address_answers_or_takes_what_is_meant_for_another_database(ada: TestClient) -> None:
    dataset = ada.get("/api/session").json()["dataset"]
    for path in (
        "queue",
        "groups/class-0",
        "groups/class-0/similar",
        "events",
        "dashboard",
        "review",
        "export",
    ):
        assert ada.get(f"/api/{path}?dataset={dataset}").status_code == 200
        lost = ada.get(f"/api/{path}?dataset={'0' * 16}")
        assert (lost.status_code, lost.json()["dataset"]) == (409, dataset)
    wish = {"group": "class-0", "scope": "shared/1/s2c2"}
    assert ada.post(f"/api/lease?dataset={'0' * 16}", json=wish).status_code == 409
    assert ada.get("/api/queue").json()["groups"][0]["lease"] is None


def test_all_processes_of_a_database_know_it_as_the_same(ada: TestClient, bob: TestClient) -> None:
    first, second = (client.get("/api/session").json()["dataset"] for client in (ada, bob))
    assert first == second


def test_a_lease_is_seen_by_others_and_given_back(ada: TestClient, bob: TestClient) -> None:
    wish = {"group": "class-0", "scope": "shared/1/s2c2"}
    until = ada.post("/api/lease", json=wish).json()["until"]
    queue = {item["group"]: item["lease"] for item in bob.get("/api/queue").json()["groups"]}
    assert queue["class-0"] == {"who": "ada", "until": until}
    assert queue["class-1"] is None
    lost = bob.post("/api/lease", json=wish)
    assert lost.status_code == 409
    assert (lost.json()["who"], lost.json()["until"]) == ("ada", until)
    assert ada.post("/api/lease", json=wish).status_code == 200
    old = {"until": until}
    assert ada.request("DELETE", "/api/lease", json=wish | old).status_code == 204
    assert bob.post("/api/lease", json=wish).status_code == 409
    assert ada.request("DELETE", "/api/lease", json=wish).status_code == 204
    assert bob.post("/api/lease", json=wish).status_code == 200
    assert bob.post("/api/lease", json=wish | {"group": "class-99"}).status_code == 404


def test_a_database_that_is_gone_is_said(run: Path, workspace: Workspace) -> None:
    import sqlite3

    with client_of(workspace) as client:
        connection = sqlite3.connect(run / "annotations.sqlite")
        connection.execute("DROP TABLE events")
        connection.commit()
        connection.close()
        reply = client.post("/api/acts", json=sent("accept", "class-0", version=0))
        assert reply.status_code == 503
        assert "not recorded" in reply.json()["hint"]
