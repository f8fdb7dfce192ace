from s2c2.web.workspace import Workspace
from tests.web.made import TOKEN, TestClient, sent


def test_session_says_who_asks_and_what_there_is(ada: TestClient, workspace: Workspace) -> None:
    found = ada.get("/api/session").json()
    assert found["annotator"], found["role"] == ("ada", "owner")
    assert (found["scope"], found["arm"], found["round"]) == ("shared/1/s2c2", "s2c2", 1)
    assert [item["key"] for item in found["classes"]] == ["1", "2", "3"]
    assert [item["name"] for item in found["classes"]] == list(workspace.classes)
    assert (found["csrf"], found["mode"], found["images"], found["seq"]) == (TOKEN, "local", 60, 0)
    assert found["keys"]["accept"] == "Enter"
    assert found["settings"] == {"idle_seconds": 30}
    assert found["study"] is None


def test_events_name_the_groups_that_others_touched(ada: TestClient, bob: TestClient) -> None:
    assert ada.get("/api/events").json() == {"seq": 0, "changed": []}
    assert bob.post("/api/acts", json=sent("accept", "class-1", version=0)).status_code == 201
    assert ada.get("/api/events?after=0").json() == {"seq": 1, "changed": ["class-1"]}
    assert ada.get("/api/events?after=1").json() == {"seq": 1, "changed": []}
    assert ada.get("/api/session").json()["seq"] == 1


def test_the_page_is_there(ada: TestClient) -> None:
    page = ada.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-cache"
    assert ada.get("/api/openapi.json").json()["info"]["title"] == "s2c2 annotate"
