from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import cast
from unittest.mock import patch
from uuid import uuid4

import polars as pl
import pytest
from fastapi import FastAPI

from s2c2.web.answers import Disagreement
from s2c2.web.disagreement import most_disputed
from s2c2.web.routes import overview
from s2c2.web.store import Store
from s2c2.web.workspace import Workspace
from tests.web.made import TestClient, client_of, sent


def test_dashboard_counts_work_time_and_progress(
    ada: TestClient, bob: TestClient, workspace: Workspace
) -> None:
    ada.post("/api/acts", json=sent("accept", "class-0", seconds={"active": 30, "wall": 60}))
    ada.post("/api/acts", json=sent("finish", "class-0", seconds={"active": 30, "wall": 60}))
    bob.post("/api/acts", json=sent("label", "class-1", images=[1, 6], label=2))
    found = ada.get("/api/dashboard").json()
    people = {one.pop("annotator"): one for one in found["annotators"]}
    outside = {"done": None, "boards": None}
    assert people["ada"] == outside | {"answers": 12, "acts": 2, "minutes": 1, "images_per_hour": 720}
    bob.post("/api/acts", json=sent("flag", "class-1", images=[1], seconds={"active": 59, "wall": 60}))
    found = ada.get("/api/dashboard").json()
    people = {one.pop("annotator"): one for one in found["annotators"]}
    assert people["bob"] == outside | {
        "answers": 2,
        "acts": 2,
        "minutes": pytest.approx(59 / 60),
        "images_per_hour": None,
    }
    assert found["progress"]["answered"] == 14
    assert {item["group"] for item in found["groups"]} >= {"class-0", "class-1"}
    assert found["agreement"] == {"images": 0, "kappa": None, "alpha": None}
    assert found["train"].startswith("s2c2 train ")
    assert f"--annotations {workspace.root / 'annotations.sqlite'}" in found["train"]


def test_agreement_of_two_passes(ada: TestClient, bob: TestClient) -> None:
    # the first four labels agree, the last two do not: κ = (2/3 − 1/2) / (1 − 1/2) = 1/3
    theirs = {"ada": [0, 0, 1, 1, 0, 1], "bob": [0, 0, 1, 1, 1, 0]}
    for name, client in (("ada", ada), ("bob", bob)):
        for image, label in enumerate(theirs[name]):
            body = sent("label", "all", images=[image], label=label) | {"scope": f"{name}/1/none"}
            assert client.post("/api/acts", json=body).status_code == 201
    found = ada.get("/api/dashboard").json()
    assert found["agreement"]["images"] == 6
    assert found["agreement"]["kappa"] == pytest.approx(1 / 3)
    assert found["agreement"]["alpha"] == pytest.approx(1 - 11 * (4 / 12) / (72 / 12))
    assert found["disagreements"] == 2


def test_review_shows_who_said_what_until_it_is_decided(ada: TestClient, bob: TestClient) -> None:
    for name, client, label in (("ada", ada, 0), ("bob", bob, 2)):
        body = sent("label", "all", images=[7], label=label) | {"scope": f"{name}/1/none"}
        client.post("/api/acts", json=body | {"seconds": {"active": 4, "wall": 5}})
    (item,) = ada.get("/api/review").json()["images"]
    assert item["id"] == 7
    assert item["entropy"] == 1
    said = {one["annotator"]: (one["round"], one["label"], one["seconds"]) for one in item["answers"]}
    assert said == {"ada": (1, 0, 4), "bob": (1, 2, 4)}
    assert ada.post("/api/acts", json=sent("decide", images=[7], label=2)).status_code == 201
    assert ada.get("/api/review").json() == {"total": 0, "images": []}


def test_review_begins_with_the_most_disputed_and_says_how_many_there_are(
    ada: TestClient, bob: TestClient
) -> None:
    said = {3: [0.1, 0.9, 0.0], 7: [0.4, 0.6, 0.0], 9: [0.0, 1.0, 0.0], 11: [0.2, 0.4, 0.4]}
    for image, shares in said.items():
        body = sent("label", "all", images=[image], label=0) | {"scope": "ada/1/none"}
        assert ada.post("/api/acts", json=body).status_code == 201
        body = sent("ambiguous", "all", images=[image], distribution=shares) | {"scope": "bob/1/none"}
        assert bob.post("/api/acts", json=body).status_code == 201
    found = ada.get("/api/review").json()
    assert found["total"] == 4
    assert [one["id"] for one in found["images"]] == [11, 9, 3, 7]
    entropies = [one["entropy"] for one in found["images"]]
    assert entropies == sorted(entropies, reverse=True)
    assert ada.get("/api/review?limit=2").json() == {"total": 4, "images": found["images"][:2]}


def test_acts_do_not_wait_while_review_is_put_in_order(ada: TestClient) -> None:
    live = cast("FastAPI", ada.app).state.desk.live
    free: list[bool] = []

    def ordered(found: Iterable[Disagreement], classes: int) -> list[tuple[float, Disagreement]]:
        with ThreadPoolExecutor(1) as other:
            free.append(other.submit(live._lock.acquire, blocking=False).result())
            other.submit(live._lock.release).result()
        return most_disputed(found, classes)

    with patch.object(overview, "most_disputed", ordered):
        assert ada.get("/api/review").json() == {"total": 0, "images": []}
    assert free == [True]


def test_a_decision_on_answers_that_changed_is_refused(ada: TestClient, bob: TestClient) -> None:
    def answers(client: TestClient, name: str, label: int) -> None:
        body = sent("label", "all", images=[7], label=label) | {"scope": f"{name}/1/none"}
        assert client.post("/api/acts", json=body).status_code == 201

    def decides(tab: str, version: int) -> tuple[int, str | None]:
        body = sent("decide", images=[7], label=2, version=version, tab=tab)
        reply = ada.post("/api/acts", json=body)
        return reply.status_code, reply.json().get("who")

    first, second = str(uuid4()), str(uuid4())
    answers(ada, "ada", 0)
    answers(bob, "bob", 2)
    seen = ada.get("/api/review").json()["images"][0]["seq"]
    assert seen == 2
    answers(bob, "bob", 1)
    assert decides(first, seen) == (409, "bob")
    seen = ada.get("/api/review").json()["images"][0]["seq"]
    undo = sent("undo") | {"scope": "bob/1/none"}
    assert bob.post("/api/acts", json=undo).status_code == 201
    assert decides(first, seen) == (409, "bob")
    seen = ada.get("/api/review").json()["images"][0]["seq"]
    flag = sent("flag", "all", images=[7]) | {"scope": "bob/1/none"}
    assert bob.post("/api/acts", json=flag).status_code == 201  # a flag is no answer
    assert decides(first, seen) == (201, None)
    assert decides(first, seen) == (201, None)  # its own decision does not count
    assert decides(second, seen) == (409, "ada")


def test_neither_dashboard_nor_review_reads_acts_again(ada: TestClient) -> None:
    for image in (1, 6, 11):
        ada.post("/api/acts", json=sent("label", "class-1", images=[image], label=2))
    with patch.object(Store, "_recorded", side_effect=AssertionError("an act was read again")):
        assert ada.get("/api/dashboard").json()["annotators"][0]["answers"] == 3
        assert ada.get("/api/review").json() == {"total": 0, "images": []}


def test_export_is_the_annotation_log(ada: TestClient) -> None:
    shown = {"label": 0, "strength": 0.8}
    ada.post("/api/acts", json=sent("accept", "class-0", shown=shown, seconds={"active": 6, "wall": 12}))
    ada.post("/api/acts", json=sent("ambiguous", "class-1", images=[1], distribution=[0.5, 0.25, 0.25]))
    reply = ada.get("/api/export?format=parquet")
    assert 'filename="annotations.parquet"' in reply.headers["content-disposition"]
    table = pl.read_parquet(BytesIO(reply.content))
    assert pl.read_parquet_metadata(BytesIO(reply.content))["classes"].startswith("[")
    assert len(table) == 13
    assert table["seconds"][:12].to_list() == [0.5] * 12
    assert table["shown"].to_list() == [True] * 12 + [False]
    csv = pl.read_csv(BytesIO(ada.get("/api/export").content))
    assert csv.columns == table.columns
    assert csv["image"].to_list() == table["image"].to_list()
    assert csv["distribution"][12].count("0.25") == 2


def test_the_folder_of_a_plain_set_is_imported_before_it_is_trained_on(workspace: Workspace) -> None:
    from dataclasses import replace

    plain = replace(workspace, folder=workspace.root, run=None)
    command = plain.training("/tmp/a b/annotations.sqlite")
    assert command.startswith("s2c2 data import ")
    assert command.endswith("s2c2 train DATASET --annotations '/tmp/a b/annotations.sqlite'")
    with client_of(workspace) as client:
        assert client.get("/api/dashboard").json()["agreement"]["alpha"] is None
