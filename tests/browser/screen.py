"""What a person sees and touches on the page."""

import re

from playwright.sync_api import Locator, Page, expect


def cell(page: Page, image: int) -> Locator:
    """Return the place of an image in the grid."""
    return page.locator(f"[role=gridcell][data-image='{image}']")


def select(page: Page, *images: int) -> None:
    """Click the first image, and add the others with ctrl."""
    for at, image in enumerate(images):
        cell(page, image).click(modifiers=["Control"] if at else [])
    expect(page.locator("[role=gridcell][aria-selected=true]")).to_have_count(len(images))


def show(page: Page, group: str) -> None:
    """Choose a group in the list."""
    page.locator(f"button.group[data-group='{group}']").click()
    expect(page).to_have_url(re.compile(f"/{re.escape(group)}$"))
    page.wait_for_selector("[role=gridcell][data-image]")


def saved(page: Page) -> None:
    """Wait until the page says that the server has everything."""
    expect(page.locator(".groups .saved")).to_have_text("All saved")


def notice(page: Page, kind: str) -> Locator:
    """Return a banner at the top."""
    return page.locator(f"#notices .notice.{kind}")
