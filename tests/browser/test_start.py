"""The first start: from a command to images on the screen."""

import re
import struct
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.browser.conftest import Open, watch
from tests.browser.made import IMAGES
from tests.browser.screen import show
from tests.browser.serving import Server, until


def test_first_start_shows_the_first_group(fresh: Server, open_page: Open) -> None:
    server = fresh
    queue = server.get("queue")
    first = queue["groups"][0]
    page = open_page(server)
    assert Path(server.database).is_file()
    assert server.events() == []
    expect(page.get_by_role("heading", level=1)).to_have_text(first["name"])
    expect(page.locator(".progress strong")).to_have_text(f"0 of {IMAGES} images")
    shown = [int(str(one.get_attribute("data-image"))) for one in page.locator("[role=gridcell]").all()]
    assert shown == server.members(first["group"])[: len(shown)]
    label = server.get("session")["classes"][server.group(first["group"])["suggestion"]["label"]]["name"]
    expect(page.locator(".groups button.accept")).to_contain_text(f"Accept {first['open']} as {label}")


ARRIVED = "[...document.querySelectorAll('[role=gridcell] img')].every(one => one.naturalWidth > 0)"


def test_pictures_arrive_in_one_request(server: Server, context: BrowserContext, open_page: Open) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = open_page(server)
    until(lambda: page.evaluate(ARRIVED), bool)
    shown = {int(str(one.get_attribute("data-image"))) for one in page.locator("[role=gridcell]").all()}
    together = [numbers(url) for url in asked if "/api/thumbnails?" in url]
    assert [ids for ids in together if shown & ids] == [shown]
    assert not any("/thumb?" in url for url in asked)


def numbers(url: str) -> set[int]:
    """Return the images that an address asks for."""
    return set(map(int, parse_qs(urlparse(url).query)["images"][0].split(",")))


def cut_off(route: Route) -> None:
    route.abort()


def empty(route: Route) -> None:
    route.fulfill(body="")


def broken(route: Route) -> None:
    route.fulfill(body=b"".join(struct.pack(">III", image, 0, 0) for image in numbers(route.request.url)))


@pytest.mark.parametrize("answer", [cut_off, empty, broken])
def test_a_picture_that_does_not_come_with_the_others_is_asked_for_alone(
    server: Server, context: BrowserContext, open_page: Open, answer: Callable[[Route], None]
) -> None:
    context.route("**/api/thumbnails?*", answer)
    page = open_page(server)
    until(lambda: page.evaluate(ARRIVED), bool)
    for one in page.locator("[role=gridcell]").all():
        source = str(one.locator("img").get_attribute("src"))
        assert source.startswith(f"api/images/{one.get_attribute('data-image')}/thumb?size=")


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
    assert all(url.removeprefix("blob:").startswith(server.address) for url in asked)


def test_who_is_not_logged_in_is_asked_to(run: Path, tmp_path: Path, context: BrowserContext) -> None:
    server = Server(run, tmp_path / "annotations.sqlite", "ann", "--accounts").start()
    try:
        page = context.new_page()
        page.goto(server.address)
        expect(page).to_have_url(f"{server.address}static/login.html")
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    finally:
        server.end()


def test_a_large_picture_that_needs_a_log_in_leads_there(
    server: Server, context: BrowserContext, open_page: Open
) -> None:
    page = open_page(server)
    for address in ("**/full?*", "**/api/session*"):
        context.route(address, lambda route: route.fulfill(status=401, json={"error": "log in"}))
    page.keyboard.press("o")
    expect(page).to_have_url(f"{server.address}static/login.html")


@pytest.mark.parametrize("address", ["#groups/%E0%A4%A", "#constructor/x", "#toString"])
def test_an_address_that_cannot_be_read_leads_to_the_first_group(
    server: Server, context: BrowserContext, troubles: list[str], address: str
) -> None:
    page = context.new_page()
    watch(page, troubles)
    page.goto(f"{server.address}{address}")
    page.wait_for_selector("[role=gridcell][data-image]")


def test_the_list_of_groups_on_a_phone_is_closed_by_a_key_and_by_a_touch_beside(
    server: Server, open_page: Open
) -> None:
    page = open_page(server)
    page.set_viewport_size({"width": 390, "height": 844})
    rail = page.locator("#rail")
    expect(rail).to_be_hidden()
    ways: list[Callable[[], None]] = [
        lambda: page.keyboard.press("Escape"),
        lambda: page.mouse.click(380, 300),
    ]
    for close in ways:
        page.locator(".groups .menu").click()
        expect(rail).to_be_visible()
        close()
        expect(rail).to_be_hidden()
    expect(page.locator("[role=gridcell][aria-selected=true]")).to_have_count(0)
    expect(page.locator(".groups .saved")).to_be_visible()
    page.set_viewport_size({"width": 640, "height": 400})
    expect(page.locator(".groups .saved")).to_be_visible()
