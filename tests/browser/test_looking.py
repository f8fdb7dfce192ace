"""Images seen large while a key is held, and side by side."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open
from tests.browser.screen import cell, select
from tests.browser.serving import Server


def large(page: Page) -> Locator:
    """Return the picture that is there while the key is held."""
    return page.locator(".zoom img")


def expect_large(page: Page, image: int) -> None:
    """Hold the key, see this image large, let it go."""
    page.keyboard.down("z")
    expect(large(page)).to_be_visible()
    assert f"images/{image}/full" in str(large(page).get_attribute("src"))
    page.keyboard.up("z")
    expect(large(page)).to_be_hidden()


def test_the_image_at_the_cursor_is_large_while_the_key_is_held(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    images = server.members(group)
    page = open_page(server, group=group)
    expect_large(page, images[0])
    page.keyboard.press("ArrowRight")
    expect_large(page, images[1])
    assert server.events() == []


def test_the_image_under_the_pointer_is_large_until_the_cursor_moves(server: Server, open_page: Open) -> None:
    first, second = server.groups("class")[:2]
    images = server.members(first)
    page = open_page(server, group=first)
    cell(page, images[3]).hover()
    expect_large(page, images[3])
    page.keyboard.press("ArrowRight")
    expect_large(page, images[1])
    cell(page, images[5]).hover()
    expect_large(page, images[5])
    page.keyboard.press("n")
    page.wait_for_url(f"**/{second}")
    expect_large(page, server.members(second)[0])
    page.mouse.move(700, 300)
    page.locator(".groups .facts").hover()
    expect_large(page, server.members(second)[0])


@pytest.mark.parametrize("pointer", [False, True])
def test_growing_shows_the_image_with_the_focus_or_under_the_pointer(
    server: Server, open_page: Open, pointer: bool
) -> None:
    group = server.groups("cluster")[0]
    near = [one["id"] for one in server.get(f"groups/{group}/similar?limit=48")["images"]]
    page = open_page(server, group=group)
    page.keyboard.press("g")
    expect(page.locator(".growing .page .cell")).to_have_count(24)
    if pointer:
        page.locator(f".page .cell:has(img[data-image='{near[4]}'])").hover()
        expect_large(page, near[4])
    else:
        expect_large(page, near[0])
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect_large(page, near[1])


def test_images_of_the_border_are_chosen_by_keys(server: Server, open_page: Open) -> None:
    group = server.groups("cluster")[0]
    near = [one["id"] for one in server.get(f"groups/{group}/similar?limit=48")["images"]]
    page = open_page(server, group=group)
    page.keyboard.press("g")
    expect(page.locator(".growing .facts")).to_contain_text("0 looks")
    page.keyboard.press("j")
    expect(page.locator(".growing .page[data-border] button.cell").first).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect_large(page, near[1])
    page.keyboard.press("Enter")
    (event,) = server.recorded("grow")
    assert event.images == [near[1]]


def test_two_to_four_images_are_compared_side_by_side(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    images = server.members(group)
    page = open_page(server, group=group)
    select(page, images[2])
    page.keyboard.press("c")
    expect(page.locator("#toast")).to_contain_text("Select 2 to 4 images")
    select(page, images[2], images[5], images[7])
    page.keyboard.press("c")
    pictures = page.locator("dialog.compare img")
    expect(pictures).to_have_count(3)
    for picture, image in zip(pictures.all(), (images[2], images[5], images[7]), strict=True):
        assert f"images/{image}/full" in str(picture.get_attribute("src"))
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("[role=gridcell][aria-selected=true]")).to_have_count(3)
    assert server.events() == []
