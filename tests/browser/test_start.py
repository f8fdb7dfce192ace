"""The first start: from a command to images on the screen."""

import re
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import Open
from tests.browser.made import IMAGES
from tests.browser.screen import show
from tests.browser.serving import Server, until


def test_first_start_shows_the_first_group(fresh: Server, open_page: Open) -> None:
    server = fresh
    queue = server.get("queue")
    first = queue["groups"][0]
    page = open_page(server)
    assert server.database.is_file()
    assert server.events() == []
    expect(page.get_by_role("heading", level=1)).to_have_text(first["name"])
    expect(page.locator(".progress strong")).to_have_text(f"0 of {IMAGES} images")
    shown = [int(str(one.get_attribute("data-image"))) for one in page.locator("[role=gridcell]").all()]
    assert shown == server.members(first["group"])[: len(shown)]
    label = server.get("session")["classes"][server.group(first["group"])["suggestion"]["label"]]["name"]
    expect(page.locator(".groups button.accept")).to_contain_text(f"Accept {first['open']} as {label}")


def test_pictures_arrive(server: Server, open_page: Open) -> None:
    page = open_page(server)
    every = "[...document.querySelectorAll('[role=gridcell] img')].every(one => one.naturalWidth > 0)"
    until(lambda: page.evaluate(every), bool)


def test_list_of_groups_opens_each(server: Server, open_page: Open) -> None:
    page = open_page(server)
    wanted = server.groups("cluster")[-1]
    show(page, wanted)
    expect(page.get_by_role("heading", level=1)).to_have_text(server.group(wanted)["name"])
    page.reload()
    expect(page).to_have_url(re.compile(f"#groups/{wanted}$"))
    expect(page.get_by_role("heading", level=1)).to_have_text(server.group(wanted)["name"])


def test_no_request_leaves_the_server(server: Server, context: BrowserContext, open_page: Open) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = open_page(server)
    for key in ("o", "v", "d", "b", "?"):
        page.keyboard.press(key)
    expect(page.locator("dialog.help")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert asked
    assert all(url.startswith(server.address) for url in asked)


def test_who_is_not_logged_in_is_asked_to(run: Path, tmp_path: Path, context: BrowserContext) -> None:
    server = Server(run, tmp_path / "annotations.sqlite", "ann", "--accounts").start()
    try:
        page = context.new_page()
        page.goto(server.address)
        expect(page).to_have_url(f"{server.address}static/login.html")
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    finally:
        server.end()
