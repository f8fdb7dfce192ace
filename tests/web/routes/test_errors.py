import json
from typing import Any

import pytest
from starlette.testclient import TestClient as Plain

from s2c2.web.guard import BODY_LIMIT, HEADERS
from s2c2.web.workspace import Workspace
from tests.web.made import ADDRESS, TOKEN, TestClient, client_of, sent

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("method", "address", "more", "status", "words"),
    [
        ("GET", "/api/nothing", {}, 404, "nothing at this address"),
        ("GET", "/nothing", {}, 404, "nothing at this address"),
        ("PUT", "/api/queue", {}, 405, "method"),
        ("DELETE", "/api/acts", {}, 405, "method"),
        ("POST", "/", {}, 405, "method"),
        ("POST", "/static/index.html", {}, 405, "method"),
        ("POST", "/api/acts", {"content": "{"}, 422, "JSON object"),
        ("POST", "/api/acts", {"content": "{", "headers": JSON}, 422, "JSON"),
        (
            "POST",
            "/api/acts",
            {"content": b"\xff\xfe", "headers": JSON},
            4,
            "",
        ),
        (
            "POST",
            "/api/acts",
            {"content": "[" * 99999, "headers": JSON},
            4,
            "",
        ),
        (
            "POST",
            "/api/acts",
            {"content": "9" * 9999, "headers": JSON},
            4,
            "",
        ),
        ("POST", "/api/acts", {"json": []}, 422, "JSON object"),
        ("POST", "/api/acts", {"json": {}}, 422, "key: field required"),
        (
            "POST",
            "/api/acts",
            {"content": json.dumps(sent("label", "\ud800")), "headers": JSON},
            422,
            "group",
        ),
        (
            "POST",
            "/api/acts",
            {"content": json.dumps(sent("label", "a", at="\ud800")), "headers": JSON},
            422,
            "at",
        ),
        ("GET", "/api/groups/class-0?limit=0", {}, 422, "limit"),
        ("GET", "/api/groups/class-0?offset=-1", {}, 422, "offset"),
        ("GET", "/api/groups/class-0?limit=99999999999999999999999", {}, 422, "limit"),
        ("GET", "/api/export?format=exe", {}, 422, "format"),
    ],
)
def test_every_error_is_json_with_a_sentence(
    ada: TestClient, method: str, address: str, more: dict[str, Any], status: int, words: str
) -> None:
    reply = ada.request(method, address, **more)
    assert reply.status_code == status or reply.status_code // 100 == status
    assert words in reply.json()["error"]
    assert set(reply.json()) >= {"error", "hint"}
    assert all(reply.headers[name] == value for name, value in HEADERS.items())


def test_a_body_may_not_be_endless(ada: TestClient) -> None:
    announced = ada.post("/api/acts", content=b" " * (BODY_LIMIT + 1))
    chunked = ada.post("/api/acts", content=(b" " * 2**20 for _ in range(9)))
    lying = ada.post("/api/acts", content=b"{}", headers={"content-length": "-5"})
    for reply in (announced, chunked, lying):
        assert reply.status_code == 413
        assert "too large" in reply.json()["error"]


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "[::2]:8765", "localhost.evil:80"]
)
def test_foreign_host_names_are_refused(ada: TestClient, host: str) -> None:
    reply = ada.get("/api/session", headers={"host": host})
    assert reply.status_code == 421
    assert "host name" in reply.json()["error"]


@pytest.mark.parametrize("host", ["localhost:9000", "LOCALHOST", "[::1]:8765", "127.0.0.1"])
def test_names_of_this_machine_are_answered(ada: TestClient, host: str) -> None:
    assert ada.get("/api/session", headers={"host": host}).status_code == 200


def test_a_named_host_is_answered(workspace: Workspace) -> None:
    with client_of(workspace, hosts=frozenset({"Annotate.Example"})) as client:
        assert client.get("/api/session", headers={"host": "annotate.example"}).status_code == 200


@pytest.mark.parametrize("token", [None, "", "wrong", "tök"])
def test_changes_need_the_token(ada: TestClient, token: str | None) -> None:
    stranger = Plain(ada.app, base_url=ADDRESS)
    headers = {} if token is None else {"X-CSRF-Token": token.encode()}
    reply = stranger.post("/api/acts", json=sent("accept", "class-0"), headers=headers)
    assert reply.status_code == 403
    assert "X-CSRF-Token" in reply.json()["error"]
    assert ada.get("/api/events").json()["seq"] == 0


@pytest.mark.parametrize("header", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
def test_other_sites_may_not_change_anything(ada: TestClient, header: dict[str, str]) -> None:
    reply = ada.post("/api/acts", json=sent("accept", "class-0"), headers={"X-CSRF-Token": TOKEN} | header)
    assert reply.status_code == 403
    assert "another site" in reply.json()["error"]


def test_headers_are_strict(ada: TestClient) -> None:
    for address in ("/", "/api/session", "/api/nothing", "/api/images/0/thumb"):
        headers = ada.get(address).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
    assert ada.get("/api/session").headers["cache-control"] == "no-store"


def test_an_error_of_the_server_is_a_sentence_too(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from s2c2.web.live import Live

    def fails(self: Live) -> None:
        raise RuntimeError("secret detail")

    with client_of(workspace) as client:
        monkeypatch.setattr(Live, "board", fails)
        reply = Plain(client.app, base_url=ADDRESS, raise_server_exceptions=False).get("/api/queue")
    assert reply.status_code == 500
    assert "secret" not in reply.text
    assert "not recorded" in reply.json()["error"]
    assert reply.headers["x-frame-options"] == "DENY"
