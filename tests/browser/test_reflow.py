"""A window at 400 %, 320 px wide: everything is there by scrolling in one direction (WCAG 1.4.10)."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.browser.screen import select
from tests.browser.serving import Server
from tests.browser.test_people import joined, people
from tests.browser.test_review import disputed as disputed

SIZES: list[ViewportSize] = [{"width": 320, "height": 256}, {"width": 320, "height": 640}]

BEYOND = """() => {
  const width = document.documentElement.clientWidth;
  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getClientRects().length;
  const kinds = ":is(button, a, input, h1, h2, p, img, .aim, .saved):not(.scroll *, .jump)";
  const found = [...document.querySelectorAll(kinds)];
  return found.filter(seen).map((one) => [one.getBoundingClientRect(), one.outerHTML.slice(0, 80)])
    .filter(([box]) => box.left < -1 || box.right > width + 1).map(([, words]) => words)
    .concat(document.documentElement.scrollWidth > width ? ["the page is too wide"] : []);
}"""
"""What does not lie within the width of the window; tables of figures may, they have two dimensions."""


@pytest.fixture(params=SIZES, ids=lambda size: f"{size['width']}x{size['height']}")
def size(request: pytest.FixtureRequest) -> ViewportSize:
    found: ViewportSize = request.param
    return found


def narrow(page: Page, size: ViewportSize) -> None:
    """Look at a page in a narrow window."""
    page.set_viewport_size(size)
    page.wait_for_timeout(300)
    assert page.evaluate(BEYOND) == []


def test_views_of_the_work_reflow(disputed: tuple[Page, Server], size: ViewportSize) -> None:
    page, _ = disputed
    views: dict[str, str] = {
        "o": ".single .stage img",
        "v": ".review img[data-image]",
        "d": ".command code",
        "b": "[role=gridcell][data-image]",
        "g": ".page img[data-image]",
    }
    for key, there in views.items():
        page.keyboard.press(key)
        page.wait_for_selector(there)
        narrow(page, size)
    page.keyboard.press("Escape")
    for key in ("u", "?"):
        page.keyboard.press(key)
        expect(page.locator("dialog")).to_be_visible()
        narrow(page, size)
        page.keyboard.press("Escape")


def test_images_and_acts_can_be_used_in_a_narrow_window(
    server: Server, open_page: Callable[..., Page], size: ViewportSize
) -> None:
    page = open_page(server, group=server.groups("class")[0])
    page.set_viewport_size(size)
    box = page.locator(".grid").bounding_box()
    assert box is not None
    assert box["height"] >= 150
    images = server.members(server.groups("class")[0])
    select(page, images[0], images[1])
    for action in ("flag", "misfit"):
        page.locator(f".acts [data-action={action}]").click()
    server.recorded("flag", "misfit")


@pytest.mark.parametrize("width", [390, 402, 414])
def test_three_images_stand_beside_each_other_on_a_phone(
    server: Server, open_page: Callable[..., Page], width: int
) -> None:
    page = open_page(server)
    page.set_viewport_size({"width": width, "height": 800})
    expect(page.locator(".grid")).to_have_attribute("aria-colcount", "3")


def test_pages_of_a_team_reflow(
    context: BrowserContext, team: tuple[str, str], chromium: Browser, size: ViewportSize
) -> None:
    place, link = team
    eve = joined(context, place, link, "eve")
    people(eve)
    narrow(eve, size)
    stranger = chromium.new_context().new_page()
    stranger.goto(f"{place}static/login.html")
    narrow(stranger, size)
    stranger.context.close()
