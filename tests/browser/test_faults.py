"""Lost networks, killed servers, other people and other tabs: no act is lost, none is doubled."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.screen import chip, goto, group_id, saved, select
from tests.browser.serving import Server


def test_two_annotators_collide_and_the_second_sees_who(
    page: Page, server: Server, serve: Callable[..., Server], context: BrowserContext
) -> None:
    other = serve("ben")
    second = context.new_page()
    second.goto(other.address)
    second.wait_for_selector(".cell[data-image]")
    group = group_id(page)
    goto(second, group)
    second.route("**/api/events*", lambda route: route.abort())
    images = select(page, 0, 1)
    page.keyboard.press("1")
    saved(page)
    select(second, 0, 1)
    second.keyboard.press("2")
    expect(second.locator(".notice.conflict")).to_contain_text("ada changed this group first")
    expect(chip(second, 0)).to_have_text(server.ask("session")["classes"][0]["name"])
    assert server.labels(group, images) == [0, 0]
    assert server.acts() == 1


def test_network_lost_and_back(page: Page, server: Server, context: BrowserContext) -> None:
    group = group_id(page)
    context.set_offline(True)
    first = select(page, 0)
    page.keyboard.press("1")
    second = select(page, 1)
    page.keyboard.press("2")
    expect(page.locator(".notice.unsaved")).to_contain_text("2 acts are kept in this browser")
    expect(chip(page, 1)).to_be_visible()
    assert server.acts() == 0
    context.set_offline(False)
    saved(page)
    expect(page.locator(".notice.unsaved")).to_have_count(0)
    assert server.labels(group, [*first, *second]) == [0, 1]
    assert server.acts() == 2


def test_server_killed_and_restarted(page: Page, server: Server) -> None:
    group = group_id(page)
    kept = select(page, 0)
    page.keyboard.press("1")
    saved(page)
    server.kill()
    late = select(page, 1)
    page.keyboard.press("2")
    expect(page.locator(".notice.unsaved")).to_contain_text("1 act is kept")
    server.start()
    saved(page)
    assert server.labels(group, [*kept, *late]) == [0, 1]
    assert server.acts() == 2


def test_acts_made_while_the_server_was_away_survive_a_reload(page: Page, server: Server) -> None:
    group = group_id(page)
    server.kill()
    images = select(page, 0, 1)
    page.keyboard.press("3")
    expect(page.locator(".notice.unsaved")).to_be_visible()
    server.start()
    page.reload()
    page.wait_for_selector(".cell[data-image]")
    saved(page)
    assert server.labels(group, images) == [2, 2]
    assert server.acts() == 1


def test_an_answer_that_is_lost_does_not_double_the_act(page: Page, server: Server) -> None:
    lost: list[str] = []

    def lose(route: object) -> None:
        if lost:
            route.continue_()  # type: ignore[attr-defined]
        else:
            lost.append(route.fetch().text())  # type: ignore[attr-defined]
            route.abort()  # type: ignore[attr-defined]

    page.route("**/api/acts", lose)
    select(page, 0)
    page.keyboard.press("1")
    saved(page)
    assert lost
    assert server.acts() == 1
    assert server.answered() == 1


def test_the_second_tab_says_so(page: Page, context: BrowserContext, server: Server) -> None:
    second = context.new_page()
    second.goto(server.address)
    expect(second.locator(".notice.tabs")).to_contain_text("another tab")
    expect(page.locator(".notice.tabs")).to_be_visible()
    select(second, 0) if second.wait_for_selector(".cell[data-image]") else None
    second.keyboard.press("1")
    saved(second)
    assert server.acts() == 1
    second.close()
    expect(page.locator(".notice.tabs")).to_have_count(0)


def test_export_from_the_dashboard(page: Page, server: Server, tmp_path: Path) -> None:
    select(page, 0, 1)
    page.keyboard.press("2")
    saved(page)
    page.keyboard.press("d")
    expect(page.locator(".card .command code")).to_contain_text("s2c2 train")
    with page.expect_download() as begun:
        page.get_by_role("link", name="CSV").click()
    begun.value.save_as(tmp_path / "log.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "log.csv").read_text(encoding="utf-8"))))
    assert [row["annotator"] for row in rows] == ["ada", "ada"]
    assert {row["label"] for row in rows} == {server.ask("session")["classes"][1]["name"]}
    assert all(float(row["seconds"]) >= 0 for row in rows)


def test_no_request_leaves_the_server(context: BrowserContext, server: Server) -> None:
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.goto(server.address)
    page.wait_for_selector(".cell[data-image]")
    for key in ("o", "v", "d", "b", "?"):
        page.keyboard.press(key)
    page.wait_for_load_state("networkidle")
    assert asked
    assert all(url.startswith(server.address) for url in asked)
    assert not said
