"""A group of thousands of images: elements for those in sight alone, one act for all of them."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from bench.annotate import drawn
from bench.scroll import JUMP
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.screen import cell, saved
from tests.browser.serving import Server

IMAGES = 5_000
"""More than the page asks the server for at a time."""
GONE = """() => {
    window.gone = 0;
    const look = () => { window.gone += !document.querySelector(".single img[data-image]"); };
    const watched = document.querySelector(".single");
    new MutationObserver(look).observe(watched, { attributes: true, subtree: true });
}"""
"""Count how often the picture is taken off."""


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large") / "images"
    folder.mkdir()
    for number, data in enumerate(drawn(IMAGES, different=50)):
        (folder / f"{number:04d}.png").write_bytes(data)
    return folder


@pytest.fixture
def large(images: Path, tmp_path: Path) -> Iterator[Server]:
    """Return a server on a folder of images without labels, which are one group."""
    database = tmp_path / "annotations.sqlite"
    made = Server(images, database, "ann", "--classes", "disc,ring").start()
    yield made
    made.end()


@pytest.fixture
def page(large: Server, context: BrowserContext) -> Page:
    made = context.new_page()
    made.goto(large.address)
    expect(made.locator(".single .facts")).to_have_text("Image 1 of 5,000, 5,000 open")
    made.locator("[data-view=groups]").click()
    expect(cell(made, 0)).to_be_visible()
    return made


def test_only_images_in_sight_have_elements(page: Page) -> None:
    for share in (0.0, 0.5, 1.0, 0.25):
        page.evaluate(JUMP, share)
        assert page.locator(".grid .cell").count() < 150
    page.evaluate(JUMP, 1.0)
    expect(cell(page, IMAGES - 1)).to_be_visible()
    expect(page.locator(".grid")).to_have_attribute("aria-rowcount", str(-(-IMAGES // 7)))


def test_all_are_selected_and_labeled_in_one_act(large: Server, page: Page) -> None:
    page.keyboard.press("Control+a")
    expect(page.locator(".groups .aim")).to_have_text("5,000 images selected")
    page.keyboard.press("2")
    (event,) = large.recorded("label")
    assert sorted(event.images) == list(range(IMAGES))
    saved(page)
    page.evaluate(JUMP, 0.7)
    expect(page.locator(".grid .cell:not(.answered)")).to_have_count(0)


def test_the_image_on_the_screen_stays_when_another_window_acts(large: Server, page: Page) -> None:
    page.keyboard.press("End")
    expect(cell(page, IMAGES - 1)).to_be_visible()
    page.keyboard.press("o")
    image = page.locator(".single img[data-image]")
    expect(image).to_have_attribute("data-image", str(IMAGES - 1))
    page.keyboard.press("ArrowLeft")
    expect(image).to_have_attribute("data-image", str(IMAGES - 2))
    page.evaluate(GONE)
    body = {
        "key": str(uuid4()),
        "act": "label",
        "scope": "shared/1/none",
        "group": "all",
        "images": [3],
        "label": 0,
    }
    with page.expect_response("**/api/groups/all*"):
        assert large.send("POST", "acts", body) == 201
    expect(page.locator(".single .facts")).to_contain_text("4,999 open")
    page.keyboard.press("Escape")
    page.keyboard.press("Home")
    expect(cell(page, 3).locator(".chip")).to_have_text("disc")
    assert page.evaluate("window.gone") == 0
