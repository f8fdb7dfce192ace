"""The list of groups shows where one is."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Open
from tests.browser.screen import select, show
from tests.browser.serving import Server

IN_VIEW = """item => {
    const [box, list] = [item, item.closest(".queue")].map((one) => one.getBoundingClientRect());
    return box.top >= list.top - 1 && box.bottom <= list.bottom + 1;
}"""


def in_view(page: Page, group: str) -> None:
    """Wait until a group is the one of the screen, and all of it is seen in the list."""
    item = page.locator(f"button.group[data-group='{group}'][aria-current=true]")
    expect(item).to_have_count(1)
    page.wait_for_function(IN_VIEW, arg=item.element_handle())


@pytest.fixture
def low(context: BrowserContext, open_page: Open, server: Server) -> Page:
    """Return a page whose list shows two groups or three, at the last one, by its address."""
    page = open_page(server)
    page.set_viewport_size({"width": 1280, "height": 420})
    page.goto("about:blank")
    page.goto(f"{server.address}#groups/{last(server)}")
    page.wait_for_selector("[role=gridcell][data-image]")
    return page


def last(server: Server) -> str:
    return str(server.get("queue")["groups"][-1]["group"])


def test_the_group_of_the_address_is_in_view(server: Server, low: Page) -> None:
    in_view(low, last(server))
    assert low.evaluate("document.activeElement === document.body")


def test_the_next_group_is_in_view(server: Server, low: Page) -> None:
    first, *_, before, end = [one["group"] for one in server.get("queue")["groups"]]
    low.keyboard.press("p")
    in_view(low, before)
    low.keyboard.press("n")
    in_view(low, end)
    low.keyboard.press("Enter")
    in_view(low, first)
    server.recorded("accept")
    assert low.evaluate("!document.querySelector('#rail').contains(document.activeElement)")


def test_a_group_stays_in_view_when_the_list_changes(server: Server, low: Page) -> None:
    groups = [one["group"] for one in server.get("queue")["groups"]]
    show(low, groups[0])
    low.keyboard.press("Control+a")
    low.keyboard.press("1")
    server.recorded("label")
    expect(low.locator("button.group").last).to_have_attribute("data-group", groups[0])
    in_view(low, groups[0])


def test_a_list_that_was_scrolled_by_hand_stays_where_it_is(server: Server, low: Page) -> None:
    end = last(server)
    in_view(low, end)
    select(low, server.members(end)[1])
    low.locator(".queue").evaluate("list => list.scrollTo(0, 0)")
    with low.expect_response("**/api/queue*"):
        low.keyboard.press("2")
    expect(low.locator(f"[data-group='{end}'] .counts")).to_have_text(re.compile("19 open"))
    assert low.locator(".queue").evaluate("list => list.scrollTop") == 0


def test_the_page_itself_does_not_move(server: Server, low: Page) -> None:
    low.set_viewport_size({"width": 320, "height": 420})
    low.keyboard.press("n")
    low.keyboard.press("p")
    in_view(low, last(server))
    assert low.evaluate("[scrollX, scrollY, document.querySelector('#app').scrollLeft]") == [0, 0, 0]
