"""The addresses of accounts on a whole server: dataset, database, middleware and all."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import Response
from sqlalchemy import event

from s2c2.data.synthetic import synthetic
from s2c2.web.entrance import Accounts
from s2c2.web.identity import joining, managing
from s2c2.web.identity.passwords import Passwords
from s2c2.web.identity.people import Doer, People
from s2c2.web.identity.roles import ROLES, Role
from s2c2.web.identity.tokens import Wanted
from s2c2.web.opening import open_app
from s2c2.web.routes.accounts import with_accounts
from s2c2.web.settings import Settings, shared
from s2c2.web.store import Store
from s2c2.web.workspace import open_workspace
from tests.web.identity.conftest import PASSWORD, Clock, Drawn, TestClient, audited, enter, join

Browser = Callable[..., TestClient]
ADDRESS = "http://127.0.0.1"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "small"
    synthetic(folder, images=12, seed=0, size=8, votes=2)
    return folder


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "annotations.sqlite"


@pytest.fixture
def served(dataset: Path, database: Path, passwords: Passwords, clock: Clock) -> Iterator[FastAPI]:
    workspace = open_workspace(dataset)

    def identity(store: Store) -> Accounts:
        return with_accounts(People(store.engine, passwords, Drawn()), clock)

    opened = open_app(workspace, Settings(shared("none")), identity, f"sqlite:///{database}")
    with TestClient(opened.app):
        yield opened.app


@pytest.fixture
def people(served: FastAPI) -> People:
    identity = served.state.identity
    assert isinstance(identity, Accounts)
    return identity.people


@pytest.fixture
def browser(served: FastAPI) -> Browser:
    def opened(base: str = ADDRESS) -> TestClient:
        return TestClient(served, base_url=base)

    return opened


@pytest.fixture
def ada(browser: Browser, people: People, clock: Clock) -> TestClient:
    join(people, "ada", "annotator", clock())
    return inside(browser(), "ada")


@pytest.fixture
def eve(browser: Browser, people: People, clock: Clock) -> TestClient:
    join(people, "eve", "owner", clock())
    return inside(browser(), "eve")


def inside(client: TestClient, name: str) -> TestClient:
    """Log a browser in and let it send its CSRF token."""
    said = client.post("/api/login", json={"name": name, "password": PASSWORD})
    assert said.status_code == 200, said.text
    client.headers["X-CSRF-Token"] = said.json()["csrf"]
    return client


def sentence(said: Response, status: int) -> str:
    """Return the sentence of an error."""
    assert said.status_code == status, said.text
    return str(said.json()["error"])


def test_log_in_sets_a_cookie_that_scripts_cannot_read(
    browser: Browser, people: People, clock: Clock
) -> None:
    join(people, "ada", "annotator", clock())
    said = browser().post("/api/login", json={"name": "ada", "password": PASSWORD})
    name, *traits = said.headers["set-cookie"].split("; ")
    assert name.startswith("s2c2=")
    assert set(traits) == {"HttpOnly", "Path=/", "SameSite=lax"}
    assert said.json() == {"annotator": "ada", "role": "annotator", "csrf": said.json()["csrf"]}
    assert name.partition("=")[2] not in said.text


def test_behind_https_the_cookie_is_for_this_host_and_tls_only(
    browser: Browser, people: People, clock: Clock
) -> None:
    join(people, "ada", "annotator", clock())
    client = browser("https://127.0.0.1")
    said = client.post("/api/login", json={"name": "ada", "password": PASSWORD})
    name, *traits = said.headers["set-cookie"].split("; ")
    assert name.startswith("__Host-s2c2=")
    assert set(traits) == {"HttpOnly", "Path=/", "SameSite=lax", "Secure"}
    assert client.get("/api/session").json()["annotator"] == "ada"


def test_without_log_in_only_the_page_is_there(browser: Browser) -> None:
    client = browser()
    assert sentence(client.get("/api/session"), 401) == "nobody is logged in"
    assert client.get(THUMBNAIL).status_code == 401
    assert sentence(client.get(THUMBNAILS), 401) == "nobody is logged in"
    assert client.get("/static/login.html").status_code == 200


def test_the_session_says_who_asks(ada: TestClient) -> None:
    said = ada.get("/api/session").json()
    assert (said["annotator"], said["role"], said["mode"]) == ("ada", "annotator", "accounts")
    assert said["csrf"] == ada.headers["X-CSRF-Token"]


def test_the_session_says_whether_others_may_log_in(
    eve: TestClient, people: People, browser: Browser, clock: Clock
) -> None:
    assert eve.get("/api/session").json()["team"] is False
    join(people, "ada", "annotator", clock())
    assert inside(browser(), "ada").get("/api/session").json()["team"] is True
    (number,) = (one["id"] for one in eve.get("/api/accounts").json() if one["name"] == "ada")
    assert eve.post(f"/api/accounts/{number}/disable").status_code == 200
    assert eve.get("/api/session").json()["team"] is False


@pytest.mark.parametrize("token", [None, "", "wrong", "é", "0" * 64])
def test_changes_need_the_csrf_token_of_the_session(ada: TestClient, token: str | None) -> None:
    del ada.headers["X-CSRF-Token"]
    headers = {} if token is None else {"X-CSRF-Token": token.encode()}
    said = ada.post("/api/tokens", json={"label": "x"}, headers=headers)
    assert "X-CSRF-Token" in sentence(said, 403)
    assert ada.get("/api/tokens").json() == []


def test_the_csrf_token_of_another_session_does_not_do(ada: TestClient, browser: Browser) -> None:
    other = inside(browser(), "ada")
    ada.headers["X-CSRF-Token"] = other.headers["X-CSRF-Token"]
    assert ada.post("/api/tokens", json={"label": "x"}).status_code == 403


def test_another_site_cannot_log_anybody_in(browser: Browser, people: People, clock: Clock) -> None:
    join(people, "ada", "annotator", clock())
    body = {"name": "ada", "password": PASSWORD}
    said = browser().post("/api/login", json=body, headers={"Origin": "https://evil.example"})
    assert said.status_code == 403
    form = browser().post("/api/login", content=b'{"name":"ada"}', headers={"Content-Type": "text/plain"})
    assert form.status_code == 422
    assert "set-cookie" not in said.headers


def test_log_in_ends_the_session_that_the_browser_had(ada: TestClient) -> None:
    before = ada.cookies["s2c2"]
    inside(ada, "ada")
    after = ada.cookies["s2c2"]
    assert before != after
    ada.cookies.clear()
    assert ada.get("/api/session", headers={"Cookie": f"s2c2={before}"}).status_code == 401
    assert ada.get("/api/session", headers={"Cookie": f"s2c2={after}"}).status_code == 200


def test_log_out(ada: TestClient, browser: Browser) -> None:
    secret, other = ada.cookies["s2c2"], inside(browser(), "ada")
    assert ada.post("/api/logout", json={}).status_code == 204
    assert "s2c2" not in ada.cookies
    assert ada.get("/api/session", headers={"Cookie": f"s2c2={secret}"}).status_code == 401
    assert other.get("/api/session").status_code == 200
    inside(ada, "ada")
    assert ada.post("/api/logout", json={"everywhere": True}).status_code == 204
    assert other.get("/api/session").status_code == 401


def test_wrong_log_ins_have_one_answer_and_then_have_to_wait(
    browser: Browser, people: People, clock: Clock
) -> None:
    join(people, "ada", "annotator", clock())
    client, bodies = browser(), []
    for name in ("ada", "nobody", "\0", "x" * 90_000):
        said = client.post("/api/login", json={"name": name, "password": "wrong password"})
        bodies.append((said.status_code, said.text))
    assert len(set(bodies)) == 1
    assert bodies[0][0] == 401
    for _ in range(4):
        client.post("/api/login", json={"name": "ada", "password": "wrong password"})
    said = client.post("/api/login", json={"name": "ada", "password": PASSWORD})
    assert sentence(said, 429) == "too many log-ins failed: try again in 1 second"
    assert said.headers["Retry-After"] == "1"
    clock.wait(1.0)
    inside(client, "ada")


def test_a_disabled_account_is_told_so(ada: TestClient, eve: TestClient) -> None:
    number = next(item["id"] for item in eve.get("/api/accounts").json() if item["name"] == "ada")
    assert eve.post(f"/api/accounts/{number}/disable").json()["disabled"] is not None
    assert ada.get("/api/session").status_code == 401
    said = ada.post("/api/login", json={"name": "ada", "password": PASSWORD})
    assert "disabled" in sentence(said, 403)
    assert eve.post(f"/api/accounts/{number}/enable").json()["disabled"] is None
    inside(ada, "ada")


def test_the_whole_way_of_an_invite(eve: TestClient, browser: Browser) -> None:
    made = eve.post("/api/invites", json={"role": "reviewer"}).json()
    page, _, secret = made["link"].partition("#invite=")
    assert page == f"{ADDRESS}/static/login.html"
    assert secret not in eve.get("/api/invites").text
    guest = browser()
    assert guest.post("/api/look-at-invite", json={"invite": secret}).json() == {
        "role": "reviewer",
        "name": None,
    }
    answer = {"invite": secret, "name": "Bob", "password": PASSWORD}
    short = guest.post("/api/accept-invite", json=answer | {"password": "short"})
    assert sentence(short, 422) == "the password has 5 characters: use 10 or more"
    assert guest.post("/api/accept-invite", json=answer).json()["role"] == "reviewer"
    assert guest.get("/api/session").json()["annotator"] == "Bob"
    assert "already used" in sentence(browser().post("/api/accept-invite", json=answer), 422)
    assert [item["open"] for item in eve.get("/api/invites").json()] == [False, False]


def test_an_invite_is_withdrawn(eve: TestClient, browser: Browser) -> None:
    made = eve.post("/api/invites", json={"role": "annotator", "days": 1}).json()
    assert eve.delete(f"/api/invites/{made['invite']['id']}").status_code == 204
    secret = made["link"].partition("#invite=")[2]
    assert "has ended" in sentence(browser().post("/api/look-at-invite", json={"invite": secret}), 422)
    assert eve.delete("/api/invites/999").status_code == 422


def test_a_forgotten_password_is_replaced(ada: TestClient, eve: TestClient, browser: Browser) -> None:
    number = next(item["id"] for item in eve.get("/api/accounts").json() if item["name"] == "ada")
    link = eve.post(f"/api/accounts/{number}/reset").json()["link"]
    secret, guest = link.partition("#invite=")[2], browser()
    assert guest.post("/api/look-at-invite", json={"invite": secret}).json()["name"] == "ada"
    said = guest.post("/api/accept-invite", json={"invite": secret, "password": "another password"})
    assert said.json()["annotator"] == "ada"
    assert ada.get("/api/session").status_code == 401


def test_a_changed_password_keeps_this_browser_in(ada: TestClient, browser: Browser) -> None:
    other = inside(browser(), "ada")
    said = ada.post("/api/password", json={"old": PASSWORD, "new": "another password"})
    assert said.json()["csrf"] != ada.headers["X-CSRF-Token"]
    assert ada.get("/api/session").status_code == 200
    assert other.get("/api/session").status_code == 401
    ada.headers["X-CSRF-Token"] = said.json()["csrf"]
    wrong = ada.post("/api/password", json={"old": PASSWORD, "new": "another password"})
    assert sentence(wrong, 401) == "the old password is wrong"


def test_api_tokens_act_without_cookie_and_csrf(ada: TestClient, browser: Browser) -> None:
    made = ada.post("/api/tokens", json={"label": "script"}).json()
    assert made["secret"] not in ada.get("/api/tokens").text
    script = browser()
    script.headers["Authorization"] = f"Bearer {made['secret']}"
    assert script.get("/api/session").json()["annotator"] == "ada"
    assert script.get("/api/session").json()["csrf"] == ""
    assert sentence(script.post("/api/tokens", json={"label": "more"}), 403) == "an API token may not do this"
    assert script.delete(f"/api/tokens/{made['token']['id']}").status_code == 204
    assert sentence(script.get("/api/session"), 401) == "this API token opens nothing"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer wrong", "bearer é"])
def test_a_wrong_authorization_does_not_fall_back_to_the_cookie(ada: TestClient, header: str) -> None:
    said = ada.get("/api/session", headers={"Authorization": header.encode()})
    assert said.status_code == 401


ROUTES = """
GET     /api/session                                200  200  200
GET     /api/queue                                  200  200  200
GET     /api/tokens                                 200  200  200
POST    /api/tokens             {"label":"x"}       201  201  201
GET     /api/invites                                403  403  200
POST    /api/invites            {"role":"owner"}    403  403  201
DELETE  /api/invites/1                              403  403  422
GET     /api/accounts                               403  403  200
GET     /api/accounts/1/tokens                      403  403  200
POST    /api/accounts/1/role    {"role":"owner"}    403  403  200
POST    /api/accounts/2/disable                     403  403  200
POST    /api/accounts/2/enable                      403  403  200
POST    /api/accounts/1/reset                       403  403  201
GET     /api/audit                                  403  403  200
GET     /api/export                                 403  403  200
GET     /api/review                                 403  200  200
GET     /api/dashboard                              200  200  200
POST    /api/logout             {}                  204  204  204
"""


@pytest.mark.parametrize("line", ROUTES.strip().splitlines())
def test_roles_and_routes(line: str, browser: Browser, people: People, clock: Clock) -> None:
    method, path, *body, annotator, reviewer, owner = line.split()
    for number, name in enumerate(("zoe", "yan"), 1):
        assert join(people, name, "owner", clock()).account.id == number

    def status(client: TestClient) -> int:
        content = body[0].encode() if body else None
        headers = {"Content-Type": "application/json"}
        return int(client.request(method, path, content=content, headers=headers).status_code)

    said = {"nobody": status(browser())}
    for role in ROLES:
        join(people, role, role, clock())
        said[role] = status(inside(browser(), role))
    expected = {"annotator": annotator, "reviewer": reviewer, "owner": owner}
    assert said == {"nobody": 401} | {role: int(expected[role]) for role in ROLES}


@pytest.mark.parametrize(
    ("act", "scope", "annotator", "reviewer"),
    [
        ("label", "shared/1/none", 201, 201),
        ("label", "NAME/1/none", 201, 201),
        ("label", "yan/1/none", 403, 403),
        ("decide", "shared/1/none", 403, 201),
        ("decide", "yan/1/none", 403, 201),
    ],
)
def test_roles_and_acts(
    browser: Browser, people: People, clock: Clock, act: str, scope: str, annotator: int, reviewer: int
) -> None:
    said: dict[str, int] = {}
    for name in ROLES[:2]:
        join(people, name, name, clock())
        client = inside(browser(), name)
        traits = {"act": act, "scope": scope.replace("NAME", name)}
        body = {"key": str(uuid4()), "group": "all", "images": [0], "label": 1, "selected": 1}
        said[name] = client.post("/api/acts", json=body | traits).status_code
    assert said == {"annotator": annotator, "reviewer": reviewer}


def test_the_table_of_routes_is_complete(served: FastAPI) -> None:
    open_to_all = {"/api/login", "/api/accept-invite", "/api/look-at-invite"}
    listed = {line.split()[1] for line in ROUTES.strip().splitlines()}
    of_people = {
        path.replace("{number}", "N")
        for path, methods in served.openapi()["paths"].items()
        if any({"accounts", "team"} & set(method["tags"]) for method in methods.values())
    }
    known = {path.replace("/1", "/N").replace("/2", "/N") for path in listed}
    assert of_people - open_to_all - {"/api/password", "/api/tokens/N"} <= known


@pytest.mark.parametrize("role", ROLES)
def test_a_token_of_an_owner_may_only_what_it_was_made_for(
    browser: Browser, people: People, clock: Clock, role: Role
) -> None:
    caller = join(people, "eve", "owner", clock())
    issued = managing.issue(people, caller.account, Wanted("script", role), Doer("eve"), clock())
    script = browser()
    script.headers["Authorization"] = f"Bearer {issued.secret}"
    assert script.get("/api/audit").status_code == (200 if role == "owner" else 403)


def test_a_token_lets_nobody_in_and_makes_no_owner(
    ada: TestClient, eve: TestClient, browser: Browser, people: People
) -> None:
    made = eve.post("/api/tokens", json={"label": "script", "role": "owner"}).json()
    script = browser()
    script.headers["Authorization"] = f"Bearer {made['secret']}"
    number = next(item["id"] for item in script.get("/api/accounts").json() if item["name"] == "ada")
    assert script.post(f"/api/accounts/{number}/disable").status_code == 200
    before = audited(people)
    for path, body in (
        ("invites", {"role": "owner"}),
        (f"accounts/{number}/role", {"role": "owner"}),
        (f"accounts/{number}/enable", None),
        (f"accounts/{number}/reset", None),
    ):
        said = script.post(f"/api/{path}", json=body)
        assert sentence(said, 403) == "an API token may not do this", path
    assert audited(people) == before
    invite = eve.post("/api/invites", json={"role": "annotator"}).json()["invite"]["id"]
    assert script.delete(f"/api/invites/{invite}").status_code == 204
    assert [item["open"] for item in script.get("/api/invites").json()][:1] == [False]


def test_annotators_do_not_see_who_answered(
    ada: TestClient, browser: Browser, people: People, clock: Clock
) -> None:
    body = {"key": str(uuid4()), "act": "label", "group": "all", "images": [0], "label": 1}
    assert ada.post("/api/acts", json=body | {"scope": "shared/1/none"}).status_code == 201
    seen = {}
    for name, role in (("ada", None), ("bob", ROLES[0]), ("rae", ROLES[1]), ("eve", ROLES[2])):
        if role is not None:
            join(people, name, role, clock())
        client = inside(browser(), name)
        page = client.get("/api/groups/all").json()["members"]
        (answer,) = [member["answer"] for member in page if member["id"] == 0]
        assert answer["label"] == 1
        seen[name] = answer["annotator"]
    assert seen == {"ada": "ada", "bob": None, "rae": "ada", "eve": "ada"}


@pytest.mark.parametrize(
    ("scheme", "ports", "names"),
    [
        ("http", (":8765", ":8766"), ("s2c2-8765", "s2c2-8766")),
        ("https", (":8443", ":9443"), ("__Host-s2c2-8443", "__Host-s2c2-9443")),
        ("https", ("", ":9443"), ("__Host-s2c2", "__Host-s2c2-9443")),
        ("https", (":443", ":80"), ("__Host-s2c2", "__Host-s2c2-80")),
    ],
)
def test_servers_on_two_ports_do_not_log_each_other_out(
    browser: Browser,
    people: People,
    clock: Clock,
    scheme: str,
    ports: tuple[str, str],
    names: tuple[str, str],
) -> None:
    join(people, "ada", "annotator", clock())
    client, secrets = browser(), set()
    for port, name in zip(ports, names, strict=True):
        host = {"Host": f"127.0.0.1{port}"}
        body = {"name": "ada", "password": PASSWORD}
        said = client.post(f"{scheme}://127.0.0.1{port}/api/login", json=body, headers=host)
        found, _, secret = said.headers["set-cookie"].partition(";")[0].partition("=")
        secrets.add(secret)
        assert found == name
    assert len(secrets) == 2

    def session(port: str) -> Response:
        place = f"127.0.0.1{port}"
        found: Response = client.get(f"{scheme}://{place}/api/session", headers={"Host": place})
        return found

    assert [session(port).status_code for port in ports] == [200, 200]
    csrf, place = session(ports[0]).json()["csrf"], f"127.0.0.1{ports[0]}"
    headers = {"X-CSRF-Token": csrf, "Host": place}
    client.post(f"{scheme}://{place}/api/logout", json={}, headers=headers).raise_for_status()
    assert [session(port).status_code for port in ports] == [401, 200]


@pytest.mark.parametrize("host", ["127.0.0.1:port", "127.0.0.1:999999", "[::1]"])
def test_a_port_that_is_none_names_no_cookie(
    browser: Browser, people: People, clock: Clock, host: str
) -> None:
    join(people, "ada", "annotator", clock())
    body = {"name": "ada", "password": PASSWORD}
    said = browser("https://127.0.0.1").post("/api/login", json=body, headers={"Host": host})
    assert said.headers["set-cookie"].startswith("__Host-s2c2=")


def test_the_audit_log_for_owners(eve: TestClient) -> None:
    eve.post("/api/invites", json={"role": "annotator"})
    eve.post("/api/login", json={"name": "eve", "password": "wrong password"})
    said = eve.get("/api/audit?limit=2").json()
    assert [(item["who"], item["action"], item["subject"], item["detail"]) for item in said] == [
        (None, "failed log-in", "eve", None),
        ("eve", "invite", None, "annotator"),
    ]
    assert said[0]["address"] == "testclient"
    assert said[0]["at"] == "2027-01-15T08:00:00+00:00"
    eve.get("/api/export?format=parquet")
    newest = eve.get("/api/audit?limit=1").json()[0]
    assert (newest["who"], newest["action"], newest["detail"]) == ("eve", "export", "parquet")
    assert eve.get(f"/api/audit?before={said[1]['seq']}").json()[0]["action"] == "log-in"


@pytest.mark.parametrize(
    "path", ["/api/audit?limit=0", "/api/audit?limit=1e9", "/api/audit?before=99999999999999999999"]
)
def test_pages_of_the_audit_log_have_limits(eve: TestClient, path: str) -> None:
    assert eve.get(path).status_code == 422


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999999999999", "2147483647"])
def test_numbers_that_are_no_account(eve: TestClient, number: str) -> None:
    assert eve.post(f"/api/accounts/{number}/disable").status_code == 422


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"name":"\\ud800","password":"\\ud800"}', b"\xff", b"null"]
)
@pytest.mark.parametrize("path", ["login", "accept-invite", "look-at-invite"])
def test_bodies_that_cannot_be_read(browser: Browser, path: str, body: bytes) -> None:
    said = browser().post(f"/api/{path}", content=body, headers={"Content-Type": "application/json"})
    assert 400 <= said.status_code < 500
    assert said.json()["error"]


def test_secrets_are_nowhere_but_where_they_belong(
    eve: TestClient, browser: Browser, database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    password = "a very secret password"
    invite = eve.post("/api/invites", json={"role": "annotator"}).json()["link"].partition("#invite=")[2]
    guest = browser()
    answer = {"invite": invite, "name": "bob", "password": password}
    errors = [guest.post("/api/accept-invite", json=answer | {"name": "a/b"}).text]
    csrf = guest.post("/api/accept-invite", json=answer).json()["csrf"]
    guest.headers["X-CSRF-Token"] = csrf
    session = guest.cookies["s2c2"]
    token = guest.post("/api/tokens", json={"label": "script"}).json()["secret"]
    errors += [
        browser().post("/api/accept-invite", json=answer).text,
        browser().post("/api/login", json={"name": password, "password": password}).text,
        browser().post("/api/login", json={"name": "bob", "password": [password]}).text,
        browser().post("/api/login", json={"name": "bob", "pasword": password}).text,
        browser().get("/api/session", headers={"Authorization": f"Bearer {token}x"}).text,
        guest.post("/api/tokens", json={"label": "script"}, headers={"X-CSRF-Token": csrf[:-1]}).text,
    ]
    files = [path.read_bytes() for path in database.parent.iterdir() if path.name.startswith(database.name)]
    assert b"bob" in b"".join(files)
    logged = [f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.records]
    for secret in (password, invite, session, token, csrf):
        assert not [held for held in files if secret.encode() in held]
        assert not [line for line in (*errors, *logged) if secret in line]


def test_printing_what_holds_secrets_does_not_show_them(people: People, clock: Clock) -> None:
    made = joining.first_owner(people, clock())
    assert made is not None
    caller = joining.accept(people, joining.Answer(made.secret, "ada", PASSWORD), clock())
    issued = managing.issue(people, caller.account, Wanted("x", "owner"), Doer("ada"), clock())
    shown = f"{made!r} {caller!r} {issued!r} {joining.Answer(made.secret, 'ada', PASSWORD)!r}"
    assert not [held for held in (made.secret, caller.secret, issued.secret, PASSWORD) if held in shown]
    assert caller.account.password not in shown
    assert enter(people, "ada", clock()).role == "owner"
    assert audited(people)[0][1] == "joined"


THUMBNAIL = "/api/images/0/thumb?size=96"
THUMBNAILS = "/api/thumbnails?images=0,1&size=96"


def test_a_page_of_thumbnails_asks_once_who_asks(ada: TestClient, people: People, clock: Clock) -> None:
    asked: list[str] = []
    ada.get(THUMBNAIL)

    def note(_: object, cursor: object, statement: str, *more: object) -> None:
        asked.append(statement)

    event.listen(people.engine, "before_cursor_execute", note)
    for image in range(12):
        assert ada.get(f"/api/images/{image}/thumb?size=96").status_code == 200
    assert asked == []
    clock.wait(3.0)
    ada.get(THUMBNAIL)
    assert asked
    event.remove(people.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("address", [THUMBNAIL, THUMBNAILS])
@pytest.mark.parametrize("end", ["disable", "log out", "password", "token"])
def test_who_may_no_longer_see_sees_no_picture(
    ada: TestClient, eve: TestClient, people: People, browser: Browser, end: str, address: str
) -> None:
    issued = ada.post("/api/tokens", json={"label": "x"}).json()
    by_token = {"Authorization": f"Bearer {issued['secret']}"}
    script, other = browser(), {"Cookie": f"s2c2={ada.cookies['s2c2']}"}
    for _ in range(2):
        assert script.get(address, headers=by_token).status_code == 200
        assert script.get(address, headers=other).status_code == 200
    number = next(item["id"] for item in eve.get("/api/accounts").json() if item["name"] == "ada")
    if end == "disable":
        eve.post(f"/api/accounts/{number}/disable").raise_for_status()
    elif end == "log out":
        ada.post("/api/logout", json={}).raise_for_status()
    elif end == "password":
        body = {"old": PASSWORD, "new": "another horse battery"}
        ada.post("/api/password", json=body).raise_for_status()
    else:
        ada.delete(f"/api/tokens/{issued['token']['id']}").raise_for_status()
    left = {"disable": (401, 401), "token": (401, 200)}.get(end, (200, 401))
    seen = [script.get(address, headers=headers).status_code for headers in (by_token, other)]
    assert tuple(seen) == left


def test_what_another_process_ends_ends_here_soon(ada: TestClient, people: People, clock: Clock) -> None:
    assert ada.get(THUMBNAIL).status_code == 200
    elsewhere = People(people.engine, people.passwords, people.draw)
    number = next(one.id for one in managing.listed(elsewhere) if one.name == "ada")
    managing.disable(elsewhere, number, Doer("(operator)"), clock())
    assert ada.get("/api/session").status_code == 401
    assert ada.get(THUMBNAILS).status_code == 401
    clock.wait(3.0)
    assert ada.get(THUMBNAIL).status_code == 401


def test_a_session_is_no_api_token(ada: TestClient, browser: Browser) -> None:
    secret = ada.cookies["s2c2"]
    assert ada.get(THUMBNAIL).status_code == 200
    assert browser().get(THUMBNAIL, headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_owners_see_the_tokens_of_everybody(ada: TestClient, eve: TestClient) -> None:
    made = ada.post("/api/tokens", json={"label": "script", "days": 2}).json()["token"]
    assert made["open"]
    number = next(item["id"] for item in eve.get("/api/accounts").json() if item["name"] == "ada")
    assert eve.get(f"/api/accounts/{number}/tokens").json() == [made]
    assert eve.get("/api/accounts/999/tokens").status_code == 422
    assert ada.get(f"/api/accounts/{number}/tokens").status_code == 403
    assert ada.post("/api/tokens", json={"label": "y", "days": 0}).status_code == 422
