"""Boards of a study one after the other, and what did not fit its group."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import Open, served_to_a_team
from tests.browser.screen import notice
from tests.browser.serving import SCOPE, Server, until
from tests.browser.test_people import joined

STUDY = "name: pilot\narms: [none]\nrounds: 2\nimages: 3\n"


@pytest.fixture
def studied(tmp_path: Path, run: Path) -> Iterator[Server]:
    plan = tmp_path / "study.yaml"
    plan.write_text(STUDY, encoding="utf-8")
    server = Server(run, tmp_path / "study.sqlite", "ann", "--study", str(plan))
    server.start()
    yield server
    server.kill()


def labeled(page: Page, *left: int) -> None:
    """Label the images on the screen; ``left`` is how many are open after each."""
    expect(page.locator(".single .facts")).to_contain_text("open")
    for count in left:
        page.keyboard.press("1")
        expect(page.locator(".single .facts")).to_contain_text(f", {count} open")


def test_one_board_after_the_other(context: BrowserContext, studied: Server) -> None:
    page = context.new_page()
    page.goto(studied.address)
    expect(page.locator(".single .facts")).to_contain_text(", 3 open")
    labeled(page, 2, 1)
    page.keyboard.press("1")
    expect(page.locator(".between h1")).to_have_text("Board 1 of 2 is done.")
    page.keyboard.press("Control+z")
    expect(page.locator(".single .facts")).to_have_text("Image 3 of 3, 1 open")
    page.keyboard.press("1")
    expect(page.locator(".between h1")).to_have_text("Board 1 of 2 is done.")
    expect(page.locator(".between p")).to_contain_text("board 2, round 2 of 2, 3 images")
    page.locator("[data-action=begin]").click()
    expect(page.locator(".single .facts")).to_contain_text(", 3 open")
    labeled(page, 2, 1)
    page.keyboard.press("1")
    expect(page.locator(".between h1")).to_have_text("The study is done.")
    expect(page.locator("[data-action=begin]")).to_be_hidden()
    expect(page.locator("#notices .notice")).to_have_count(0)


def test_the_log_is_for_who_is_done(context: BrowserContext, studied: Server) -> None:
    page = context.new_page()
    page.goto(studied.address)
    for title in ("Board 1 of 2 is done.", "The study is done."):
        labeled(page, 2, 1)
        page.keyboard.press("d")
        expect(page.locator(".dashboard .figure")).to_be_visible()
        expect(page.get_by_role("link", name="CSV")).to_have_count(0)
        page.keyboard.press("o")
        page.keyboard.press("1")
        expect(page.locator(".between h1")).to_have_text(title)
        if title.startswith("Board"):
            page.locator("[data-action=begin]").click()
            expect(page.locator(".single .facts")).to_contain_text(", 3 open")
    page.keyboard.press("d")
    expect(page.get_by_role("link", name="CSV")).to_be_visible()


def test_undo_stands_at_the_image_that_it_reopens(studied: Server, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(studied.address)
    facts, image = page.locator(".single .facts"), page.locator(".stage img[data-image]")
    labeled(page, 2)
    second = image.get_attribute("data-image")
    labeled(page, 1)
    page.keyboard.press("Control+z")
    expect(facts).to_have_text("Image 2 of 3, 2 open")
    assert image.get_attribute("data-image") == second
    page.keyboard.press("1")
    expect(facts).to_have_text("Image 3 of 3, 1 open")
    until(studied.events, lambda events: len(events) == 4)
    page.reload()
    expect(facts).to_have_text("Image 3 of 3, 1 open")
    page.keyboard.press("Control+z")
    expect(facts).to_have_text("Image 2 of 3, 2 open")
    assert image.get_attribute("data-image") == second


def test_a_late_answer_from_before_an_act_changes_nothing(studied: Server, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(studied.address)
    facts = page.locator(".single .facts")
    labeled(page, 2, 1)
    held: list[Route] = []
    page.route("**/api/queue*", lambda route: held.append(route), times=1)
    page.keyboard.press("Control+z")
    until(lambda: page.evaluate("1") and held, bool)
    before = held[0].fetch()
    page.keyboard.press("1")
    expect(facts).to_have_text("Image 3 of 3, 1 open")
    until(studied.events, lambda events: len(events) == 4)
    with page.expect_response("**/api/queue*"):
        held[0].fulfill(response=before)
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    assert facts.inner_text() == "Image 3 of 3, 1 open"
    page.keyboard.press("1")
    expect(page.locator(".between h1")).to_have_text("Board 1 of 2 is done.")


def test_what_others_did_is_asked_of_the_board_on_the_screen(
    studied: Server, context: BrowserContext
) -> None:
    page = context.new_page()
    with page.expect_request("**/api/events*") as asked:
        page.goto(studied.address)
        scope = studied.get("session")["scope"]
    assert parse_qs(urlsplit(asked.value.url).query)["scope"] == [scope]


def test_similar_images_are_asked_of_the_board_on_the_screen(server: Server, open_page: Open) -> None:
    page = open_page(server, group=server.groups("class")[0])
    with page.expect_request("**/similar*") as asked:
        page.keyboard.press("g")
    assert parse_qs(urlsplit(asked.value.url).query)["scope"] == [SCOPE]


def test_misfits_are_answered_in_their_own_group(server: Server, open_page: Open) -> None:
    page = open_page(server, group=server.groups("class")[0])
    page.locator(".cell[data-image]").first.click()
    page.keyboard.press("x")
    page.locator("button.group[data-group=misfits]").click()
    expect(page.locator(".groups .facts")).to_contain_text("1 of 1 image open")
    expect(page.locator(".cell.misfit")).to_have_count(0)
    page.keyboard.press("o")
    expect(page.locator(".single .facts")).to_have_text("Image 1 of 1, 1 open")
    page.keyboard.press("p")
    page.keyboard.press("1")
    expect(page.locator("button.group[data-group=misfits]")).to_have_attribute("data-state", "done")


def test_there_is_a_way_on_from_the_board_that_is_done(context: BrowserContext, studied: Server) -> None:
    page = context.new_page()
    page.goto(studied.address)
    labeled(page, 2, 1)
    page.keyboard.press("1")
    expect(page.locator(".between h1")).to_have_text("Board 1 of 2 is done.")
    page.keyboard.press("Escape")
    expect(page.locator(".groups")).to_be_visible()
    expect(notice(page, "coming")).to_contain_text("Board 1 of 2 is done.")
    notice(page, "coming").get_by_role("button", name="Go on").click()
    expect(page.locator(".single .facts")).to_contain_text(", 3 open")
    expect(page.locator("#notices .notice")).to_have_count(0)


def test_who_may_not_be_here_can_log_in_as_somebody_else(server: Server, context: BrowserContext) -> None:
    page = context.new_page()
    error = {"error": "eve does not take part", "hint": "log in as somebody who takes part"}
    page.route("**/api/session", lambda route: route.fulfill(status=403, json=error))
    page.goto(server.address)
    expect(page.get_by_role("alert")).to_have_text(
        "Eve does not take part. Log in as somebody who takes part."
    )
    page.get_by_role("button", name="Log in as somebody else").click()
    expect(page).to_have_url(f"{server.address}static/login.html")


def test_who_takes_no_part_sees_how_far_each_annotator_is(tmp_path: Path, context: BrowserContext) -> None:
    plan = tmp_path / "study.yaml"
    plan.write_text(STUDY + "annotators: [bo]\n", encoding="utf-8")
    with served_to_a_team(tmp_path / "data", "--study", str(plan)) as (place, link):
        page = joined(context, place, link, "eve")
        cards = page.locator(".dashboard .card")
        expect(cards.first.locator(".figure")).to_have_text("–")
        expect(cards.first).to_contain_text("You have no images to answer")
        annotators = cards.filter(has=page.get_by_role("heading", name="Annotators"))
        expect(annotators.locator("thead")).to_contain_text("boards done")
        expect(annotators.locator("tbody tr")).to_have_text(re.compile("^bo0 of 2"))
        expect(page.get_by_text("Type this in a terminal")).to_have_count(0)
        expect(page.get_by_role("heading", name="Groups")).to_have_count(0)


def test_the_command_to_train_with_comes_with_the_answers(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    page = open_page(server, group=group)
    page.keyboard.press("d")
    expect(page.locator(".dashboard .figure")).to_have_text("0 %")
    expect(page.locator(".dashboard .command")).to_have_count(0)
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    server.recorded("accept")
    page.keyboard.press("d")
    train = page.locator(".dashboard .card", has=page.locator(".command"))
    expect(train).to_contain_text("20 new answers. Type this in a terminal:")
    expect(page.locator(".dashboard tbody tr").first).to_have_text(re.compile("^ann17 %20"))
