"""Chromium, a run, servers, and pages whose errors fail the test."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from s2c2.data.synthetic import synthetic
from tests.browser.made import run_folder
from tests.browser.serving import Server, cleared
from tests.needed import missing

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Started = Callable[..., list[Server]]
Open = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test of a real browser a second try: the summary names those that took it."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        missing("no browser: apt-get install chromium")
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_folder(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="session")
def started(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """Return a function that gives the servers of annotators: one board, which is as at the start."""
    database = tmp_path_factory.mktemp("database") / "annotations.sqlite"
    found: dict[str, Server] = {}

    def of(*annotators: str) -> list[Server]:
        for name in annotators:
            if name not in found:
                found[name] = Server(run, database, name).start()
        cleared(list(found.values()))
        return [found[name] for name in annotators]

    yield of
    for server in found.values():
        server.end()


@pytest.fixture
def server(started: Started) -> Server:
    """Return the server of ann."""
    return started("ann")[0]


@pytest.fixture
def pair(started: Started) -> list[Server]:
    """Return the servers of ann and bob."""
    return started("ann", "bob")


@pytest.fixture
def fresh(run: Path, tmp_path: Path) -> Iterator[Server]:
    """Return a server that starts with no database."""
    made = Server(run, tmp_path / "annotations.sqlite").start()
    yield made
    made.end()


@pytest.fixture
def team(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Serve a dataset to a team; yield its address and the link of the first owner."""
    with served_to_a_team(tmp_path / "data") as found:
        yield found


@contextmanager
def served_to_a_team(folder: Path, *options: str) -> Iterator[tuple[str, str]]:
    synthetic(folder, images=12, seed=0, size=8, votes=2)
    command = [sys.executable, "-c", "from s2c2.cli import main; main()"]
    command += ["annotate", str(folder), "--accounts", "--no-open", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, "")
            place = next(found[1] for line in lines if (found := re.search(r"listening on (\S+)", line)))
            link = next(found[0] for line in lines if (found := re.search(r"http\S+#invite=\S+", line)))
            yield place, link
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


@pytest.fixture
def troubles() -> Iterator[list[str]]:
    """Collect what the pages complain of; a lost connection is none of their faults."""
    found: list[str] = []
    yield found
    assert not found


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = attended(chromium, accept_downloads=True)
    yield made
    made.close()


@pytest.fixture
def other_context(chromium: Browser) -> Iterator[BrowserContext]:
    made = attended(chromium)
    yield made
    made.close()


def attended(chromium: Browser, **more: Any) -> BrowserContext:
    """Return a context whose requests are held from the first one on, for the routes that tests set later.

    Where a page has no route yet, one that is set gets past a request that is sent in the same moment: the
    browser answers that it holds them before the page has heard of it.
    """
    made = chromium.new_context(viewport={"width": 1280, "height": 800}, **more)
    made.route("**/an address that no page asks for", lambda route: route.abort())
    return made


@pytest.fixture
def open_page(context: BrowserContext, troubles: list[str]) -> Open:
    """Return a function that opens the page of a server and waits until images are there."""

    def open_it(server: Server, where: BrowserContext = context, group: str | None = None) -> Page:
        page = where.new_page()
        watch(page, troubles)
        page.goto(server.address if group is None else f"{server.address}#groups/{group}")
        page.wait_for_selector("[role=gridcell][data-image]")
        return page

    return open_it


def watch(page: Page, troubles: list[str]) -> None:
    """Note uncaught errors and what the browser refuses, such as a breach of the security policy."""

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            troubles.append(message.text)

    page.on("console", said)
    page.on("pageerror", lambda error: troubles.append(str(error.stack)))
