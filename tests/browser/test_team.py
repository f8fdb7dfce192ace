"""Several people at the images of one plain group, one at a time."""

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from s2c2.data.synthetic import synthetic
from tests.browser.conftest import watch
from tests.browser.screen import notice
from tests.browser.serving import Server
from tests.browser.test_people import joined, people, secret


def facts(page: Page) -> Locator:
    """Return what is said of the image on the screen."""
    return page.locator(".single .facts")


def invited(page: Page) -> str:
    """Return a link for one more annotator, and go back to the images."""
    people(page)
    page.get_by_role("button", name="Make an invite link").click()
    found = secret(page)
    page.keyboard.press("o")
    return found


def test_people_of_a_team_begin_at_different_images(
    context: BrowserContext, other_context: BrowserContext, team: tuple[str, str], troubles: list[str]
) -> None:
    place, link = team
    eve = joined(context, place, link, "eve")
    expect(facts(eve)).to_have_text("Image 1 of 12, 12 open")
    invitation = invited(eve)
    bob = joined(other_context, place, invitation, "bob")
    watch(bob, troubles)
    expect(facts(bob)).to_have_text("Image 12 of 12, 12 open")
    bob.keyboard.press("1")
    expect(facts(bob)).to_have_text("Image 1 of 12, 11 open")
    eve.reload()
    expect(facts(eve)).to_have_text("Image 10 of 12, 11 open")
    for at, left in ((11, 10), (5, 9)):
        eve.keyboard.press("1")
        expect(facts(eve)).to_have_text(f"Image {at} of 12, {left} open")


def test_who_comes_from_the_grid_begins_there_too_unless_something_was_touched(
    context: BrowserContext, other_context: BrowserContext, team: tuple[str, str]
) -> None:
    place, link = team
    invitation = invited(joined(context, place, link, "eve"))
    bob = joined(other_context, place, invitation, "bob")
    for touched, image in ((False, 12), (True, 3)):
        bob.goto("about:blank")
        bob.goto(f"{place}#groups/all")
        bob.wait_for_selector("[role=gridcell][data-image]")
        if touched:
            bob.locator("[data-position='2']").click()
        bob.keyboard.press("o")
        expect(facts(bob)).to_have_text(f"Image {image} of 12, 12 open")
        bob.keyboard.press("b")
        bob.keyboard.press("o")
        expect(facts(bob)).to_have_text(f"Image {image} of 12, 12 open")


def test_nobody_is_sent_to_another_group_where_there_is_none(
    context: BrowserContext, other_context: BrowserContext, team: tuple[str, str]
) -> None:
    place, link = team
    invitation = invited(joined(context, place, link, "eve"))
    bob = joined(other_context, place, invitation, "bob")
    expect(facts(bob)).to_be_visible()
    with bob.expect_response(lambda reply: "/api/lease" in reply.url and reply.status == 409):
        bob.reload()
    expect(facts(bob)).to_be_visible()
    expect(notice(bob, "held")).to_have_count(0)
    bob.keyboard.press("x")
    expect(bob.locator("button.group[data-group='misfits']")).to_be_visible()
    expect(notice(bob, "held")).to_contain_text("Take another one")
    bob.keyboard.press("Control+z")
    expect(bob.locator("button.group[data-group='misfits']")).to_have_count(0)
    expect(notice(bob, "held")).to_have_count(0)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a dataset of more images than come at once."""
    folder = tmp_path_factory.mktemp("many") / "data"
    synthetic(folder, images=1200, seed=0, classes=3, size=8, votes=2)
    return folder


def test_the_first_open_image_is_found_beyond_those_that_come_at_once(
    many: Path, tmp_path: Path, context: BrowserContext
) -> None:
    server = Server(many, tmp_path / "annotations.sqlite").start()
    try:
        body = {"key": "6ab5d9a6-2a7a-4c6c-9f5e-9a0f4b3f6a11", "act": "label", "scope": "shared/1/none"}
        assert server.send("POST", "acts", body | {"images": list(range(1050)), "label": 0}) == 201
        page = context.new_page()
        page.goto(server.address)
        expect(facts(page)).to_have_text("Image 1,051 of 1,200, 150 open")
        expect(page.locator(".single .chip")).to_be_hidden()
        page.keyboard.press("p")
        expect(facts(page)).to_have_text("Image 1,050 of 1,200, 150 open")
        expect(page.locator(".single .chip")).to_be_visible()
    finally:
        server.end()
