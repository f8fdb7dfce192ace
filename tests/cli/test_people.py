"""Accounts from the command line: processes, a served page, and what stands in the terminal."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from s2c2.cli import people, team
from s2c2.errors import UserError
from tests.cli.conftest import Command

PASSWORD = "correct horse battery"


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return tmp_path / "data.sqlite"


@pytest.fixture
def served(small: Path, dataset: Path) -> Iterator[tuple[str, str]]:
    """Serve a dataset to a team; yield the address and the secret of the first owner's invite."""
    options = ["--accounts", "--no-open", "--database", str(dataset), "--trusted-proxy", "127.0.0.1"]
    command = [sys.executable, "-c", "from s2c2.cli import main; main()", "annotate", str(small), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, "")
            address = next(found[1] for line in lines if (found := re.search(r"listening on (\S+)", line)))
            secret = next(found[1] for line in lines if (found := re.search(r"#invite=(\S+)", line)))
            yield address.rstrip("/"), secret
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def test_a_team_from_the_first_start_on(served: tuple[str, str], dataset: Path, s2c2: Command) -> None:
    address, secret = served
    with httpx.Client(base_url=address, headers={"X-Forwarded-Proto": "https"}) as client:
        assert client.get("/static/login.html").status_code == 200
        assert client.get("/api/session").status_code == 401
        answer = {"invite": secret, "name": "Eve", "password": PASSWORD}
        said = client.post("/api/accept-invite", json=answer)
        assert said.json()["role"] == "owner"
        assert said.headers["set-cookie"].startswith(f"__Host-s2c2-{address.rpartition(':')[2]}=")
        assert "Secure" in said.headers["set-cookie"]
        cookie = {"Cookie": said.headers["set-cookie"].partition(";")[0]}
        assert client.get("/api/session", headers=cookie).json()["annotator"] == "Eve"

        made = s2c2("accounts", "invite", dataset, "--role", "reviewer", "--url", "https://a.example/")
        link = made.stdout.splitlines()[-1]
        assert link.startswith("https://a.example/static/login.html#invite=i2c2_")
        bob = {"invite": link.partition("=")[2], "name": "bob", "password": PASSWORD}
        assert client.post("/api/accept-invite", json=bob).json()["role"] == "reviewer"

        token = s2c2("accounts", "token", dataset, "bob", "--label", "script").stdout.split()[-1]
        bearer = {"Authorization": f"Bearer {token}"}
        assert client.get("/api/session", headers=bearer).json()["role"] == "annotator"
        assert s2c2("accounts", "disable", dataset, "BOB").returncode == 0
        assert client.get("/api/session", headers=bearer).status_code == 401

    listed, audited = s2c2("accounts", "list", dataset).stdout, s2c2("accounts", "audit", dataset).stdout
    assert "2 accounts" in listed
    assert "Eve" in listed
    assert "command line of" in audited
    assert "disabled" in audited
    assert token not in listed + audited


def test_the_first_invite_is_printed_until_there_is_an_owner(
    served: tuple[str, str], small: Path, dataset: Path
) -> None:
    address, secret = served
    answer = {"invite": secret, "name": "Eve", "password": PASSWORD}
    assert httpx.post(f"{address}/api/accept-invite", json=answer).status_code == 200
    options = ["--accounts", "--no-open", "--database", str(dataset)]
    command = [sys.executable, "-c", "from s2c2.cli import main; main()", "annotate", str(small), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        place = next(found[1] for line in lines if (found := re.search(r"listening on (\S+)", line)))
        with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as client:
            assert client.get(f"{place}api/session", timeout=30).status_code == 401
        process.send_signal(signal.SIGTERM)
        assert "#invite=" not in process.stdout.read()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("list", "missing.sqlite"), "there is no database missing.sqlite"),
        (("list", "mysql://x"), "database 'mysql' is not supported"),
        (("invite", "{db}", "--role", "ower"), "unknown role 'ower': did you mean 'owner'?"),
        (("disable", "{db}", "nobody"), "unknown account 'nobody'"),
        (("token", "{db}", "a/b", "--label", "x"), "unknown account 'a/b'"),
    ],
)
def test_mistakes_are_one_line(
    s2c2: Command, dataset: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    dataset.touch()
    done = s2c2("accounts", *(part.replace("{db}", str(dataset)) for part in arguments))
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("host", "accounts", "url", "proxy", "sentence"),
    [
        ("0.0.0.0", False, None, None, "--host 0.0.0.0 would let anybody annotate: add --accounts"),
        ("192.0.2.1", False, "http://a.example", None, "--host 192.0.2.1 would let anybody annotate"),
        ("127.0.0.1", False, "http://a.example", None, "--url would let anybody annotate"),
        ("127.0.0.1", False, None, "127.0.0.1", "--trusted-proxy would let anybody annotate"),
        ("::", True, None, None, "--host :: needs --url"),
        ("127.0.0.1", True, "https://a.example", None, "name the proxy that ends TLS"),
        ("127.0.0.1", True, "a.example", None, "must be like https://annotate.example.org/"),
        ("127.0.0.1", True, "http://[x", None, "--url http://[x"),
        ("127.0.0.1", True, None, "*", "would believe everybody"),
    ],
)
def test_a_server_that_others_reach_has_accounts_and_an_address(
    host: str, accounts: bool, url: str | None, proxy: str | None, sentence: str
) -> None:
    with pytest.raises(UserError) as caught:
        team.reach(host, accounts, url, proxy)
    assert sentence in str(caught.value)


def test_what_a_server_answers_to() -> None:
    reached = team.reach("0.0.0.0", True, "https://A.example:8443/x/", "10.0.0.1, 10.0.0.2")
    assert reached.hosts == {"a.example"}
    assert reached.proxies == ("10.0.0.1", "10.0.0.2")
    assert team.reach("127.0.0.1", False, None, None).hosts == set()


def test_a_folder_means_the_database_in_it(tmp_path: Path) -> None:
    (tmp_path / people.FILE).touch()
    assert people.location(str(tmp_path)) == f"sqlite:///{tmp_path / people.FILE}"
