"""Where the focus is, for who works by keyboard, and that nothing takes it away."""

import re

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Open
from tests.browser.screen import cell, notice, select
from tests.browser.serving import Server, until

MARK = "of => document.querySelectorAll(of).forEach((one) => { one.marked = true; })"
UNMARKED = "of => [...document.querySelectorAll(of)].filter((one) => !one.marked).length"


def row(page: Page, group: str) -> str:
    """Put the focus on a group of the list; return how it is found."""
    found = f"button.group[data-group='{group}']"
    page.locator(found).focus()
    return found


def in_work(page: Page) -> bool:
    """Return whether the focus is on the whole area of work."""
    return bool(page.evaluate("document.activeElement.id === 'work'"))


def test_a_group_that_is_chosen_by_a_key_has_the_keys_that_follow(server: Server, open_page: Open) -> None:
    first, second = server.groups("class")[:2]
    page = open_page(server, group=first)
    row(page, second)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/{second}$"))
    expect(cell(page, server.members(second)[0])).to_be_focused()
    page.keyboard.press("Enter")
    (event,) = server.recorded("accept")
    assert event.payload["group"] == second


def test_a_group_that_is_chosen_again_by_a_key_has_the_focus_too(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    page = open_page(server, group=group)
    row(page, group)
    page.keyboard.press("Space")
    expect(cell(page, server.members(group)[0])).to_be_focused()


def test_one_by_one_a_group_that_is_chosen_by_a_key_has_the_keys_that_follow(
    server: Server, open_page: Open
) -> None:
    first, second = server.groups("class")[:2]
    page = open_page(server, group=first)
    page.keyboard.press("o")
    expect(page.locator("section.single")).to_be_visible()
    row(page, second)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"#single/{second}$"))
    until(lambda: in_work(page), bool)
    page.keyboard.press("Space")
    (event,) = server.recorded("skip")
    assert event.images == server.members(second)[:1]


def test_a_list_in_another_order_keeps_the_focus_and_the_rows_that_did_not_change(
    server: Server, open_page: Open
) -> None:
    first, second, third = [one["group"] for one in server.get("queue")["groups"]][:3]
    page = open_page(server, group=first)
    page.evaluate(MARK, "button.group .name")
    found = row(page, third)
    for group in (first, second):
        with page.expect_response("**/api/queue*"):
            page.keyboard.press("1")
        expect(page.locator("button.group").last).to_have_attribute("data-group", group)
        expect(page.locator(found)).to_be_focused()
    server.recorded("label", "label")
    assert page.evaluate(UNMARKED, "button.group .name") == 2
    found = row(page, first)
    page.keyboard.press("Control+z")
    with page.expect_response("**/api/queue*"):
        page.keyboard.press("Control+z")
    expect(page.locator("button.group").first).to_have_attribute("data-group", first)
    expect(page.locator(found)).to_be_focused()


def test_the_link_to_the_images_leads_to_them_and_stays_in_the_view(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    page = open_page(server, group=group)
    jump = page.get_by_role("link", name="To the images")
    jump.focus()
    page.keyboard.press("Enter")
    expect(cell(page, server.members(group)[0])).to_be_focused()
    for key, view in (("o", "single"), ("v", "review")):
        page.keyboard.press(key)
        expect(page.locator(f"section.{view}")).to_be_visible()
        jump.focus()
        page.keyboard.press("Enter")
        assert in_work(page)
        expect(page).to_have_url(re.compile(f"#{view}/"))
        expect(page.locator(f"section.{view}")).to_be_visible()


def test_a_notice_keeps_the_focus_and_is_read_once(
    pair: list[Server], open_page: Open, context: BrowserContext, other_context: BrowserContext
) -> None:
    here, there = pair
    group = here.groups("class")[0]
    images = here.members(group)
    ann, bob = open_page(here, context, group), open_page(there, other_context, group)
    select(ann, images[0])
    name = there.get("session")["classes"][2]["name"]
    ann.keyboard.press("3")
    here.recorded("label")
    select(bob, images[0])
    bob.keyboard.press("2")
    understood = notice(bob, "conflict").get_by_role("button", name="Understood")
    understood.focus()
    expect(cell(bob, images[0]).locator(".chip")).to_have_text(name)
    other_context.set_offline(True)
    for count, said in enumerate(("1 act is kept", "2 acts are kept", "3 acts are kept")):
        bob.keyboard.press("ArrowRight")
        bob.keyboard.press("2")
        expect(notice(bob, "unsaved")).to_contain_text(said)
        expect(understood).to_be_focused()
        if count:
            assert bob.evaluate(UNMARKED, "#notices .notice") == 0
        bob.evaluate(MARK, "#notices .notice")
    bob.keyboard.press("Enter")
    expect(notice(bob, "conflict")).to_have_count(0)
    expect(notice(bob, "unsaved")).to_have_count(1)
    other_context.set_offline(False)
    here.recorded("label", "label", "label", "label")
