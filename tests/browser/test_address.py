"""The address says what is on the screen, and the screen shows what the address says."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.screen import cell, show
from tests.browser.serving import Server


def at(page: Page, view: str, group: str) -> None:
    """Wait until a group is shown in a view."""
    expect(page).to_have_url(re.compile(f"#{view}/{re.escape(group)}$"))
    expect(page.locator(f"section.{view}")).to_be_visible()
    expect(page.locator(f"button.group[data-group='{group}']")).to_have_attribute("aria-current", "true")


def test_an_address_that_is_edited_is_followed(server: Server, open_page: Open) -> None:
    first, second = server.groups("class")[:2]
    page = open_page(server, group=first)
    page.evaluate("group => { location.hash = `#single/${group}`; }", second)
    at(page, "single", second)
    image = str(server.members(second)[0])
    expect(page.locator(".stage img[data-image]")).to_have_attribute("data-image", image)
    page.evaluate("location.hash = '#groups/cluster-999'")
    expect(page.locator("#toast")).to_contain_text("The group of this address is not there any more")
    at(page, "groups", second)
    page.evaluate("location.hash = ''")
    at(page, "groups", second)


def test_back_and_forward_lead_through_what_was_on_the_screen(server: Server, open_page: Open) -> None:
    first, second, third = [one["group"] for one in server.get("queue")["groups"]][:3]
    page = open_page(server, group=first)
    show(page, second)
    page.keyboard.press("Enter")
    at(page, "groups", third)
    page.keyboard.press("d")
    page.wait_for_selector(".command code")
    page.go_back()
    at(page, "groups", third)
    page.go_back()
    at(page, "groups", second)
    expect(cell(page, server.members(second)[0]).locator(".chip")).to_be_visible()
    page.go_back()
    at(page, "groups", first)
    page.go_forward()
    at(page, "groups", second)
    server.recorded("accept")
