"""What is read and pressed has a contrast of 4.5 or more to its ground, in light and in dark (WCAG 1.4.3)."""

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Open
from tests.browser.screen import cell, select
from tests.browser.serving import Server

Scheme = Literal["light", "dark"]

PARTS = (
    ".brand strong", ".brand .quiet", ".tab", ".progress strong", ".progress .quiet span", "#rail > h2",
    ".group .name", ".group .kind", ".group .state", ".group .counts", ".group .hint", ".head h1", ".facts",
    ".suggestion .line span", ".accept", ".accept kbd", ".aims .aim", ".aims .saved", ".class", ".class kbd",
    ".acts .tool", ".acts .tool kbd", ".chip",
)  # fmt: skip
"""Main texts, buttons, keys and chips of the view of groups."""

WINDOW = ("dialog h2", "dialog h3", "dialog dd", "dialog .key", "dialog .quiet", "dialog button")

CONTRASTS = """parts => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const drawn = (colours, opacity = 1) => {
    canvas.clearRect(0, 0, 1, 1);
    colours.forEach((colour, at) => {
      canvas.globalAlpha = at < colours.length - 1 ? 1 : opacity;
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    });
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const up = (one) => one ? [...up(one.parentElement), getComputedStyle(one).backgroundColor] : [];
  const opacity = (one) => one ? getComputedStyle(one).opacity * opacity(one.parentElement) : 1;
  const linear = (c) => c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4;
  const light = (rgb) => rgb.map(linear).reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const contrast = (one) => {
    const ground = up(one);
    const both = [drawn(ground), drawn([...ground, getComputedStyle(one).color], opacity(one))].map(light);
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
  };
  const off = (one) => one.closest("button:disabled, [aria-disabled=true]");
  const seen = (one) => one.checkVisibility() && one.textContent.trim() && !off(one);
  return parts.flatMap((part) => [...document.querySelectorAll(part)].filter(seen)
    .map((one) => [part, contrast(one), one.textContent]));
}"""
"""Part, contrast and text of each that can be used.

The grounds of all that a part lies in are drawn over one another, and its colour over them with its opacity.
"""


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Scheme:
    found: Scheme = request.param
    return found


@pytest.fixture
def context(chromium: Browser, scheme: Scheme) -> Iterator[BrowserContext]:
    made = chromium.new_context(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
    yield made
    made.close()


def poor(page: Page, parts: tuple[str, ...]) -> list[tuple[str, float, str]]:
    """Return which parts are too near to their ground; all of them must be there."""
    found = page.evaluate(CONTRASTS, list(parts))
    assert {part for part, *_ in found} == set(parts)
    return [tuple(one) for one in found if one[1] < 4.5]


def test_texts_buttons_and_chips_can_be_read(server: Server, open_page: Open, scheme: Scheme) -> None:
    group = server.groups("class")[0]
    page = open_page(server, group=group)
    image, other, *_ = server.members(group)
    select(page, image)
    page.keyboard.press("2")
    server.recorded("label")
    expect(cell(page, image).locator(".chip")).to_be_visible()
    select(page, other)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(245, 246, 245)", "dark": "rgb(21, 24, 26)"}[scheme]
    assert poor(page, PARTS) == []


def test_a_window_can_be_read(server: Server, open_page: Open) -> None:
    page = open_page(server)
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_be_visible()
    assert poor(page, WINDOW) == []
