"""What a test does on the page and sees there."""

from playwright.sync_api import Locator, Page, expect


def title(page: Page) -> str:
    """Return the name of the group on the screen."""
    return page.locator(".groups h1").inner_text()


def group_id(page: Page) -> str:
    """Return the id of the group on the screen."""
    found = page.locator(".queue [aria-current='true']").get_attribute("data-group")
    assert found is not None
    return found


def cell(page: Page, position: int) -> Locator:
    """Return the cell at a position."""
    return page.locator(f".cell[data-position='{position}']")


def image(page: Page, position: int) -> int:
    """Return the number of the image at a position."""
    cell(page, position).locator("xpath=self::*[@data-image]").wait_for()
    return int(cell(page, position).get_attribute("data-image") or "")


def select(page: Page, *positions: int) -> list[int]:
    """Select images by clicks, and return their numbers."""
    for number, position in enumerate(positions):
        cell(page, position).click(modifiers=["Control"] if number else [])
    return [image(page, position) for position in positions]


def saved(page: Page) -> None:
    """Wait until the server has everything."""
    expect(page.locator(".saved:visible")).to_have_text("All saved")


def chip(page: Page, position: int) -> Locator:
    """Return the chip of a cell."""
    return cell(page, position).locator(".chip")


def goto(page: Page, group: str) -> None:
    """Open a group of the list."""
    page.locator(f".queue [data-group='{group}']").click()
    expect(page.locator(f".queue [data-group='{group}']")).to_have_attribute("aria-current", "true")
    page.wait_for_selector(".cell[data-image]")


def toast(page: Page) -> Locator:
    """Return the short word after an act."""
    return page.locator("#toast")
