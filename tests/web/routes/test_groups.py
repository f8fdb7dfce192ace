from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from fastapi import FastAPI

from s2c2.predictions import Predictions
from s2c2.web.neighbours import Neighbours
from s2c2.web.workspace import open_workspace
from tests.web.made import TestClient, client_of, run_folder, sent


def test_queue_holds_each_image_once_open_groups_first(ada: TestClient) -> None:
    found = ada.get("/api/queue").json()
    groups = found["groups"]
    assert {item["group"] for item in groups} == {"class-0", "class-1", "cluster-2", "cluster-3", "cluster-4"}
    assert [item["size"] for item in groups] == [12] * 5
    assert found["progress"] == {"images": 60, "answered": 0, "groups": 5, "done": 0}
    assert found["seq"] == 0
    weights = [item["size"] * item["coherence"] for item in groups]
    assert weights == sorted(weights, reverse=True)
    first = groups[0]["group"]
    ada.post("/api/acts", json=sent("accept", first, version=0))
    found = ada.get("/api/queue").json()
    assert found["groups"][-1]["group"] == first
    assert found["groups"][-1]["done"]
    assert found["progress"] == {"images": 60, "answered": 12, "groups": 5, "done": 1}
    assert found["seq"] == 1


def test_queue_says_whether_the_asker_has_something_to_undo(ada: TestClient, bob: TestClient) -> None:
    def offered(client: TestClient) -> tuple[bool, bool]:
        found = client.get("/api/queue").json()
        return found["undo"], found["redo"]

    assert offered(ada) == (False, False)
    ada.post("/api/acts", json=sent("label", "class-0", images=[0], label=1))
    assert (offered(ada), offered(bob)) == ((True, False), (False, False))
    ada.post("/api/acts", json=sent("undo", None))
    assert offered(ada) == (False, True)


def test_queue_suggests_the_most_likely_class(ada: TestClient) -> None:
    groups = {item["group"]: item for item in ada.get("/api/queue").json()["groups"]}
    suggested = {name: item["suggestion"] for name, item in groups.items()}
    assert suggested == {"class-0": 0, "class-1": 1, "cluster-2": 0, "cluster-3": 1, "cluster-4": 2}
    assert all(item["strength"] == pytest.approx(0.8) for item in groups.values())
    assert groups["class-0"]["ambiguity"] == 0
    assert groups["cluster-2"]["ambiguity"] == 1


def test_members_come_typical_first_with_extreme_ones_near_the_front(ada: TestClient) -> None:
    page = ada.get("/api/groups/class-0").json()
    assert page["total"] == len(page["members"]) == 12
    ids = [member["id"] for member in page["members"]]
    assert sorted(ids) == list(range(0, 60, 5))
    extreme = [at for at, member in enumerate(page["members"]) if member["extreme"]]
    assert extreme == [5, 9, 10, 11]  # the fifth and eleventh are moved there, two are left for the end
    assert {ids[5], ids[11]} <= {0, 55, 5, 50}
    typical = [member["typicality"] for member in page["members"] if not member["extreme"]]
    assert typical == sorted(typical, reverse=True)
    assert page["suggestion"]["label"] == 0
    assert sum(page["suggestion"]["distribution"]) == pytest.approx(1)


def test_pages_of_members_join_to_the_group(ada: TestClient) -> None:
    whole = ada.get("/api/groups/class-1").json()["members"]
    pages = [ada.get(f"/api/groups/class-1?offset={at}&limit=5").json()["members"] for at in (0, 5, 10, 15)]
    assert [len(page) for page in pages] == [5, 5, 2, 0]
    assert [member for page in pages for member in page] == whole


class Counted(tuple[int, ...]):
    """Images that count how often all of them were gone through."""

    rounds = 0

    def __iter__(self) -> Iterator[int]:
        self.rounds += 1
        return super().__iter__()


def test_a_further_page_does_not_go_through_the_whole_group(ada: TestClient) -> None:
    desk = cast("FastAPI", ada.app).state.desk
    group = next(one for one in desk.start.groups["s2c2"] if one.group == "class-1")
    images = Counted(group.images)
    object.__setattr__(group, "images", images)
    first = ada.get("/api/groups/class-1?offset=0&limit=5").json()
    rounds = images.rounds
    second = ada.get("/api/groups/class-1?offset=5&limit=5").json()
    assert rounds > 0
    assert images.rounds == rounds
    seen = [(one["typicality"], one["extreme"]) for one in [*first["members"], *second["members"]]]
    assert seen == list(zip(group.typicality, group.extreme, strict=True))[:10]


def test_members_show_answers_flags_and_misfits(ada: TestClient) -> None:
    a, b, c, d, e = [member["id"] for member in ada.get("/api/groups/class-0").json()["members"][:5]]
    for body in (
        sent("label", "class-0", images=[a], label=2),
        sent("ambiguous", "class-0", images=[b], distribution=[0.5, 0.25, 0.25]),
        sent("skip", "class-0", images=[c]),
        sent("flag", "class-0", images=[d]),
        sent("misfit", "class-0", images=[e]),
    ):
        assert ada.post("/api/acts", json=body).status_code == 201
    members = {member["id"]: member for member in ada.get("/api/groups/class-0").json()["members"]}
    assert members[a]["answer"]["label"] == 2
    assert members[a]["answer"]["annotator"] == "ada"
    assert members[b]["answer"]["distribution"] == [0.5, 0.25, 0.25]
    assert members[c]["answer"]["skip"]
    assert members[d]["flag"]
    assert members[d]["answer"] is None
    assert e not in members
    left = ada.get("/api/groups/misfits").json()
    assert [member["id"] for member in left["members"]] == [e]
    assert left["members"][0]["misfit"]
    assert left["suggestion"] is None


def test_unknown_groups_are_404_with_a_sentence(ada: TestClient) -> None:
    for address in ("/api/groups/class-77", "/api/groups/class-77/similar", "/api/groups/..%2f..%2fetc"):
        reply = ada.get(address)
        assert reply.status_code == 404, address
        assert reply.json()["error"]


def test_hidden_suggestions_are_nowhere(run: Path) -> None:
    from s2c2.web.settings import Assignment

    on = Assignment("ada/1/s2c2", "s2c2", 1, frozenset({"class-0"}), {"study": "mice"})
    with client_of(open_workspace(run), assign=lambda person: on) as client:
        groups = {item["group"]: item for item in client.get("/api/queue").json()["groups"]}
        assert groups["class-0"]["suggestion"] is groups["class-0"]["strength"] is None
        assert groups["class-1"]["suggestion"] == 1
        assert client.get("/api/groups/class-0").json()["suggestion"] is None
        assert client.get("/api/session").json()["study"] == {"study": "mice"}
        refused = client.post("/api/acts", json=sent("accept", "class-0", scope="ada/1/s2c2"))
        assert refused.status_code == 422
        assert "nothing is suggested" in refused.json()["error"]


def test_similar_images_are_sorted_by_their_distance_from_the_centre(ada: TestClient) -> None:
    found = ada.get("/api/groups/class-0/similar?limit=100").json()
    assert found["total"] == len(found["images"]) == 48
    distances = [item["distance"] for item in found["images"]]
    assert distances == sorted(distances)
    # cluster 3 lies at 8 from class 0, class 1 and cluster 2 at 8 √2, cluster 4 at 8 √3
    assert {item["group"] for item in found["images"][:12]} == {"cluster-3"}
    assert {item["group"] for item in found["images"][36:]} == {"cluster-4"}
    assert 7.5 < distances[0] < 8.6
    pages = [
        ada.get(f"/api/groups/class-0/similar?offset={at}&limit=20").json()["images"] for at in (0, 20, 40)
    ]
    assert [item for page in pages for item in page] == found["images"]


def test_similar_images_are_open_ones_of_other_groups(ada: TestClient) -> None:
    ada.post("/api/acts", json=sent("accept", "cluster-3", version=0))
    found = ada.get("/api/groups/class-0/similar?limit=100").json()["images"]
    assert Counter(item["group"] for item in found) == {"class-1": 12, "cluster-2": 12, "cluster-4": 12}


def test_a_dataset_has_no_similar_images(dataset: Path, tmp_path: Path) -> None:
    with client_of(open_workspace(dataset), database=tmp_path / "a.sqlite") as client:
        groups = client.get("/api/queue").json()["groups"]
        assert [(item["group"], item["size"], item["suggestion"]) for item in groups] == [("all", 60, None)]
        reply = client.get("/api/groups/all/similar")
        assert reply.status_code == 422
        assert "no embeddings" in reply.json()["error"]


def test_each_arm_compares_images_by_its_own_run(run: Path, dataset: Path, tmp_path: Path) -> None:
    plain = run_folder(tmp_path / "plain", dataset, vanilla=True)
    kept = Predictions.read(plain / "predictions.parquet")
    rows = np.random.default_rng(0).normal(size=kept.embeddings.shape).astype(np.float32)
    replace(kept, embeddings=rows).write(plain / "predictions.parquet")
    with client_of(open_workspace(run, plain=plain)) as client:
        for arm, folder in (("s2c2", run), ("ssl", plain)):
            near = Neighbours(folder / "predictions.parquet", kept.images)
            on = {"scope": f"ada/1/{arm}"}
            group = client.get("/api/queue", params=on).json()["groups"][0]["group"]
            page = client.get(f"/api/groups/{group}", params=on).json()
            members = tuple(one["id"] for one in page["members"])
            found = client.get(f"/api/groups/{group}/similar", params=on).json()["images"]
            distances = near.distances(members, [one["id"] for one in found])
            assert [one["distance"] for one in found] == pytest.approx(distances.tolist())
            parted = client.post("/api/acts", json=sent("recluster", group, **on)).json()
            parts = [
                client.get(f"/api/groups/split-{parted['seq']}-{number}", params=on).json()["members"]
                for number in (1, 2)
            ]
            assert tuple(tuple(one["id"] for one in part) for part in parts) == near.parts(members, 2)


def test_nothing_is_compared_without_proposals(run: Path) -> None:
    """The arm ``none`` of a run: pages do not offer it, but a script could ask."""
    with client_of(open_workspace(run)) as client:
        on = {"scope": "ada/1/none"}
        for reply in (
            client.get("/api/groups/all/similar", params=on),
            client.post("/api/acts", json=sent("recluster", "all", **on)),
        ):
            assert (reply.status_code, reply.json()["error"]) == (
                422,
                "in the arm none images are not compared: it shows nothing that a network found",
            )


def test_another_board_can_be_named(ada: TestClient) -> None:
    assert ada.get("/api/queue?scope=shared/1/none").json()["groups"][0]["group"] == "all"
    for scope in ("x", "shared/1/other", "shared/0/none", "/1/none"):
        reply = ada.get("/api/queue", params={"scope": scope})
        assert reply.status_code == 422, scope
        assert reply.json()["error"]
