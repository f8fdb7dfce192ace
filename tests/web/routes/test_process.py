"""The server as people start it: a process that is stopped, killed, and started again."""

import getpass
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from s2c2.cli.people import people_of
from s2c2.errors import UserError
from s2c2.web.client import RefusedError, Session, connect
from s2c2.web.database import writing
from s2c2.web.identity import accounts, managing
from s2c2.web.identity.people import Doer
from s2c2.web.identity.tokens import Wanted
from s2c2.web.store import Store
from tests.ports import free_port

MAIN = [sys.executable, "-c", "from s2c2.cli import main; main()", "annotate"]


@contextmanager
def served(*arguments: object) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Start a server; yield its process and the address that it printed."""
    command = [*MAIN, *map(str, arguments), "--no-open"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            found = re.search(r"listening on (\S+) ", line)
            if found:
                yield process, found[1]
                return
        pytest.fail(f"the server ended: {said}")
    finally:
        process.kill()
        process.communicate()


def refused(*arguments: object) -> str:
    """Run the command, which must end by itself with code 2, and return what it says."""
    done = subprocess.run(
        [*MAIN, *map(str, arguments), "--no-open"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    return done.stderr


def test_it_says_where_it_is_and_stops_cleanly(run: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with served(run, "--annotator", "ada", "--port", free_port()) as (process, address):
            with urlopen(address) as page:
                assert page.status == 200
            process.send_signal(number)
            rest, _ = process.communicate(timeout=20)
            assert process.returncode == 0
            assert "stopped" in rest
            assert "Traceback" not in rest
    assert (run / "annotations.sqlite").is_file()


def test_a_signal_at_once_after_it_said_where_it_is_stops_it(run: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        with served(run, "--annotator", "ada", "--port", free_port()) as (process, _):
            process.send_signal(number)
            rest, _ = process.communicate(timeout=20)
            assert process.returncode == 0
            assert "stopped" in rest
            assert "Traceback" not in rest


def test_nothing_that_was_acknowledged_is_lost_or_doubled_by_kill_9(run: Path) -> None:
    port, acknowledged, sent = free_port(), [], []
    with served(run, "--annotator", "ada", "--port", port) as (process, address):
        session = connect(address)
        timer = threading.Timer(0.5, os.kill, (process.pid, signal.SIGKILL))
        timer.start()
        try:
            for number in range(10_000):
                key = str(uuid.uuid4())
                sent.append((key, number % 60))
                session.act("flag", "class-0" if number % 5 == 0 else None, [number % 60], key=key)
                acknowledged.append(key)
        except UserError:
            pass
        timer.join()
    assert 0 < len(acknowledged) < len(sent)
    with served(run, "--annotator", "ada", "--port", port) as (_, address):
        session = connect(address)
        key, image = sent[-1]
        session.act("flag", None, [image], key=key) if image % 5 else session.act(
            "flag", "class-0", [image], key=key
        )
    connection = sqlite3.connect(run / "annotations.sqlite")
    kept = [key for (key,) in connection.execute("SELECT key FROM events ORDER BY seq")]
    connection.close()
    assert kept == [*acknowledged, sent[-1][0]]


def test_the_page_that_is_open_goes_on_after_a_restart(run: Path) -> None:
    port = free_port()
    with served(run, "--annotator", "ada", "--port", port) as (_, address):
        session = connect(address)
    with served(run, "--annotator", "ada", "--port", port):
        assert session.act("accept", "class-0", version=0)["seq"] == 1


def test_acts_of_a_script_are_not_recorded_for_somebody_else(run: Path) -> None:
    port = free_port()
    with served(run, "--annotator", "ada", "--port", port) as (_, address):
        session = connect(address)
    with served(run, "--annotator", "bo", "--port", port):
        with pytest.raises(RefusedError, match="bo") as refusal:
            session.act("accept", "class-0", version=0)
        assert refusal.value.status == 409


def test_a_script_works_with_an_api_token(run: Path) -> None:
    database = run / "annotations.sqlite"
    store = Store.open(f"sqlite:///{database}")
    people = people_of(store.engine)
    with writing(store.engine) as connection:
        account = accounts.add(connection, "ada", "annotator", people.passwords.hash("a long password"), 0.0)
    issued = managing.issue(people, account, Wanted("script", "annotator"), Doer("(test)"), time.time())
    store.close()
    with served(run, "--accounts", "--port", free_port()) as (_, address):
        session = connect(address, token=issued.secret)
        assert session.facts["annotator"] == "ada"
        assert session.act("accept", "class-0", version=0)["seq"] == 1
        assert {one["group"] for one in session.queue()} >= {"class-0"}
        for token in (None, "wrong"):
            with pytest.raises(RefusedError) as refusal:
                connect(address, token=token)
            assert refusal.value.status == 401
    with sqlite3.connect(database) as kept:
        assert kept.execute("SELECT annotator FROM events").fetchall() == [("ada",)]


def test_a_page_of_another_run_is_refused(run: Path, trained: Path, tmp_path: Path) -> None:
    other, port = Path(shutil.copytree(trained, tmp_path / "other")), free_port()
    with served(run, "--annotator", "ada", "--port", port) as (_, address):
        session = connect(address)
    with served(other, "--annotator", "ada", "--port", port):
        with pytest.raises(RefusedError, match="another database"):
            session.queue()
        with pytest.raises(RefusedError) as refusal:
            session.act("accept", "class-0", version=0)
    assert refusal.value.status == 403


def test_the_client_reads_and_acts(run: Path) -> None:
    with served(run, "--annotator", "ada") as (_, address):
        session = connect(address)
        assert session.facts["annotator"] == "ada"
        assert {group["group"] for group in session.queue()} >= {"class-0", "cluster-4"}
        group = session.group("class-0", limit=5)
        assert len(group["members"]) == group["total"] == 12
        reply = session.act(
            "label", "class-0", [member["id"] for member in group["members"]], label=2, version=0
        )
        assert reply["group"]["open"] == 0
        second = Session(address, session.facts)
        with pytest.raises(RefusedError, match="you labeled 12 images") as refusal:
            second.act("accept", "class-0", version=0)
        assert (refusal.value.status, refusal.value.body["who"]) == (409, "ada")
        with pytest.raises(RefusedError) as refusal:
            session.group("class-77")
        assert refusal.value.status == 404


def test_the_client_says_when_nobody_answers() -> None:
    with pytest.raises(UserError, match="no answer from"):
        connect(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(UserError, match="not the address"):
        connect("file:///etc/passwd")


def test_datasets_and_plain_folders_are_served(dataset: Path, tmp_path: Path) -> None:
    with served(dataset, "--database", tmp_path / "a.sqlite", "--annotator", "ada") as (_, address):
        assert connect(address).facts["arm"] == "none"
    with served(
        dataset / "images", "--classes", "cat,dog", "--database", tmp_path / "b.sqlite", "--annotator", "ada"
    ) as (_, address):
        session = connect(address)
        assert [item["name"] for item in session.facts["classes"]] == ["cat", "dog"]
        assert session.group("all")["total"] == 60


def test_what_cannot_be_served_is_said(run: Path, dataset: Path, tmp_path: Path) -> None:
    assert "name classes with --classes" in refused(dataset / "images")
    assert "accounts" in refused(run, "--host", "0.0.0.0")
    assert "does not exist" in refused(tmp_path / "nowhere")
    assert "--classes is for a plain folder" in refused(run, "--classes", "a,b")
    assert "--annotator" in refused(run, "--annotator", "a/b")
    assert "no database" in refused(run, "--backup", tmp_path / "copy.sqlite")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "--port" in refused(run, "--port", taken.getsockname()[1])
    assert "--port" in refused(run, "--port", 99999)


def test_who_is_not_in_a_study_is_told_so_before_anything_is_made(dataset: Path, tmp_path: Path) -> None:
    plan = tmp_path / "study.yaml"
    plan.write_text("name: pilot\narms: [none]\nannotators: [adele, Bob]\n")
    bare = shutil.ignore_patterns(".annotate", "annotations.sqlite*")  # what other tests have left there
    folder = Path(shutil.copytree(dataset, tmp_path / "data", ignore=bare))
    given = refused(folder, "--study", plan, "--annotator", "adel")
    assert "the study pilot lists adele, Bob, not 'adel': did you mean 'adele'?" in given
    mine = getpass.getuser()
    found = refused(folder, "--study", plan)
    assert f"not '{mine}': that is your log-in name; say who you are with --annotator NAME" in found
    assert not (folder / ".annotate").exists()
    assert not (folder / "annotations.sqlite").exists()


def test_a_database_of_another_dataset_is_refused(run: Path, dataset: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.sqlite"
    with served(run, "--database", kept, "--annotator", "ada"):
        pass
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "z.png").write_bytes((dataset / "images").glob("**/*.png").__next__().read_bytes())
    said = refused(tmp_path / "others", "--classes", "a,b", "--database", kept)
    assert "another dataset" in said
    assert "--database" in said


def test_a_backup_is_made_while_the_server_runs(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    with served(run, "--annotator", "ada") as (_, address):
        connect(address).act("accept", "class-0", version=0)
        done = subprocess.run([*MAIN, run, "--backup", copy], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    connection = sqlite3.connect(copy)
    assert connection.execute("SELECT count(*) FROM events").fetchone() == (1,)
    connection.close()


def test_nothing_heavy_is_imported(run: Path) -> None:
    script = """
import json, sys
from pathlib import Path
from s2c2.cli import annotate, people, team
from s2c2.web import client, opening, serving, settings, workspace
space = workspace.open_workspace(Path(sys.argv[1]))
ada = opening.local(space, "ada")
opened = opening.open_app(space, settings.Settings(settings.shared(space.arm)), lambda store: ada)
opened.app.state.desk.neighbours["s2c2"].parts(range(60), 2)
heavy = "torch", "timm", "matplotlib", "sklearn", "scipy"
print(json.dumps([name for name in sys.modules if name.partition(".")[0] in heavy]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, run], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
