from uuid import uuid4

from s2c2.web.workspace import Workspace
from tests.web.made import TOKEN, TestClient, sent


def test_session_says_who_asks_and_what_there_is(ada: TestClient, workspace: Workspace) -> None:
    found = ada.get("/api/session").json()
    assert found["annotator"], found["role"] == ("ada", "owner")
    assert (found["scope"], found["arm"], found["round"]) == ("shared/1/s2c2", "s2c2", 1)
    assert [item["key"] for item in found["classes"]] == ["1", "2", "3"]
    assert [item["name"] for item in found["classes"]] == list(workspace.classes)
    assert (found["csrf"], found["mode"], found["images"], found["seq"]) == (TOKEN, "local", 60, 0)
    assert found["team"] is False
    assert found["keys"]["accept"] == "Enter"
    assert found["settings"] == {"idle_seconds": 30}
    assert found["study"] is None


def test_events_name_the_groups_that_others_touched(ada: TestClient, bob: TestClient) -> None:
    assert ada.get("/api/events").json() == {"seq": 0, "changed": [], "last": 0}
    assert bob.post("/api/acts", json=sent("accept", "class-1", version=0)).status_code == 201
    assert ada.get("/api/events?after=0").json() == {"seq": 1, "changed": ["class-1"], "last": 1}
    assert ada.get("/api/events?after=1").json() == {"seq": 1, "changed": [], "last": 0}
    assert ada.get("/api/session").json()["seq"] == 1


def test_events_leave_out_what_the_asking_tab_did_itself(ada: TestClient, bob: TestClient) -> None:
    here, there = (str(uuid4()) for _ in range(2))
    assert ada.post("/api/acts", json=sent("accept", "class-0", version=0, tab=here)).status_code == 201
    assert ada.post("/api/acts", json=sent("accept", "class-1", version=0, tab=there)).status_code == 201
    assert ada.get(f"/api/events?tab={here}").json() == {"seq": 2, "changed": ["class-1"], "last": 2}
    assert ada.get(f"/api/events?tab={there}").json() == {"seq": 2, "changed": ["class-0"], "last": 1}
    assert set(bob.get(f"/api/events?tab={here}").json()["changed"]) == {"class-0", "class-1"}
    assert bob.post("/api/acts", json=sent("label", "class-0", images=[0], label=2)).status_code == 201
    assert ada.post("/api/acts", json=sent("flag", "class-0", images=[0], tab=here)).status_code == 201
    assert ada.get(f"/api/events?after=2&tab={here}").json() == {"seq": 4, "changed": ["class-0"], "last": 3}
    assert ada.get(f"/api/events?after=3&tab={here}").json() == {"seq": 4, "changed": [], "last": 0}
    assert ada.get("/api/events?tab=mine").status_code == 422


def test_the_page_is_there(ada: TestClient) -> None:
    page = ada.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-cache"
    assert ada.get("/api/openapi.json").json()["info"]["title"] == "s2c2 annotate"
