"""The login page in a browser, served by a process."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from s2c2.data.synthetic import synthetic
from tests.web.identity.conftest import PASSWORD


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Serve a dataset to a team; yield its address and the link of the first owner."""
    synthetic(tmp_path / "data", images=12, seed=0, size=8, votes=2)
    command = [sys.executable, "-c", "from s2c2.cli import main; main()"]
    command += ["annotate", str(tmp_path / "data"), "--accounts", "--no-open"]
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


def fill(page: Page, name: str | None, password: str) -> None:
    if name is not None:
        page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")


def who(page: Page, place: str) -> str:
    return str(page.request.get(f"{place}api/session").json()["annotator"])


def test_join_by_the_first_link_and_log_in_again(chromium: Browser, served: tuple[str, str]) -> None:
    place, link = served
    asked: list[str] = []
    page = chromium.new_context().new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(link)
    expect(page.get_by_role("heading", name="Join")).to_be_visible()
    expect(page.get_by_text("Your role is owner.")).to_be_visible()
    fill(page, "Eve", "short")
    expect(page.get_by_role("alert")).to_have_text("The password has 5 characters: use 10 or more.")
    fill(page, None, PASSWORD)
    page.wait_for_url(place, wait_until="commit")
    assert who(page, place) == "Eve"
    assert not [url for url in asked if link.partition("=")[2] in url.partition("#")[0]]

    other = chromium.new_context().new_page()
    other.goto(link)
    expect(other.get_by_role("alert")).to_contain_text("This invite was already used")
    expect(other.get_by_role("heading", name="Log in")).to_be_visible()
    fill(other, "eve", "wrong password")
    expect(other.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    fill(other, None, PASSWORD)
    other.wait_for_url(place, wait_until="commit")
    assert who(other, place) == "Eve"
    assert other.context.cookies()[0]["httpOnly"] is True
