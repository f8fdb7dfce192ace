"""A tablet: a tap selects an image, a finger that stays sees it large, and what keys do has buttons."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import Open
from tests.browser.screen import cell
from tests.browser.serving import Server
from tests.browser.test_cut import CUT
from tests.browser.test_reflow import BEYOND
from tests.browser.test_review import disputed as disputed


@pytest.fixture
def tablet(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context(viewport={"width": 1024, "height": 768}, has_touch=True, is_mobile=True)
    yield made
    made.close()


def touching(page: Page, context: BrowserContext, what: Locator) -> Callable[[], object]:
    """Put a finger on something; return what takes it away."""
    box = what.bounding_box()
    assert box is not None
    session = context.new_cdp_session(page)
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    return lambda: session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_finger_that_stays_sees_the_image_large(
    server: Server, open_page: Open, tablet: BrowserContext
) -> None:
    group = server.groups("class")[0]
    images = server.members(group)
    page = open_page(server, tablet, group)
    large, chosen = page.locator(".zoom img"), page.locator("[role=gridcell][aria-selected=true]")
    lift = touching(page, tablet, cell(page, images[2]))
    expect(large).to_be_visible()
    assert f"images/{images[2]}/full" in str(large.get_attribute("src"))
    lift()
    expect(large).to_be_hidden()
    expect(chosen).to_have_count(0)
    cell(page, images[3]).tap()
    expect(chosen).to_have_attribute("data-image", str(images[3]))


def test_a_finger_that_stays_chooses_nothing_at_the_border(
    server: Server, open_page: Open, tablet: BrowserContext
) -> None:
    page = open_page(server, tablet, server.groups("cluster")[0])
    page.locator("[data-action=grow]").tap()
    page.locator("[data-action=nomatch]").tap()
    third = page.locator(".growing .page[data-border] button.cell").nth(2)
    expect(third).to_be_visible()
    lift = touching(page, tablet, third)
    expect(page.locator(".zoom img")).to_be_visible()
    lift()
    expect(page.locator(".zoom img")).to_be_hidden()
    expect(third).to_have_attribute("aria-pressed", "false")
    third.tap()
    expect(third).to_have_attribute("aria-pressed", "true")


def test_all_images_are_selected_and_turned_round_without_keys(
    server: Server, open_page: Open, tablet: BrowserContext
) -> None:
    page = open_page(server, tablet, server.groups("class")[0])
    aim = page.locator(".groups .aim")
    page.get_by_role("button", name="Select all").tap()
    expect(aim).to_have_text("20 images selected")
    cell(page, server.members(server.groups("class")[0])[0]).tap()
    page.get_by_role("button", name="Invert").tap()
    expect(aim).to_have_text("1 image selected")


@pytest.mark.parametrize("width", [390, 820, 1024])
def test_no_button_shows_a_key_that_a_tablet_lacks(
    server: Server, open_page: Open, tablet: BrowserContext, width: int
) -> None:
    group = server.groups("cluster")[0]
    page = open_page(server, tablet, group)
    page.set_viewport_size({"width": width, "height": 844})
    keys = page.locator("kbd").filter(visible=True)
    cell(page, server.members(group)[0]).tap()
    expect(page.get_by_role("button", name="Clear")).to_be_visible()
    expect(keys).to_have_count(0)
    page.locator("[data-action=grow]").tap()
    expect(page.locator("[data-action=match]")).to_be_visible()
    expect(keys).to_have_count(0)
    page.keyboard.press("o")
    expect(page.locator(".single")).to_be_visible()
    expect(keys).to_have_count(0)
    page.locator(".single [data-action=help]").tap()
    expect(page.get_by_role("dialog", name="Help")).to_be_visible()
    expect(keys).to_have_count(0)
    assert page.evaluate(BEYOND) == []


def test_a_range_is_selected_by_two_taps(server: Server, open_page: Open, tablet: BrowserContext) -> None:
    group = server.groups("class")[0]
    images = server.members(group)
    page = open_page(server, tablet, group)
    aim, tip = page.locator(".groups .aim"), page.locator(".groups .tips [role=status]")
    whole = page.get_by_role("button", name="Range")
    expect(tip).to_have_text("Tap to select, hold to see large.")
    cell(page, images[0]).tap()
    whole.tap()
    expect(whole).to_have_attribute("aria-pressed", "true")
    expect(tip).to_have_text("Range: tap its first image.")
    cell(page, images[7]).tap()
    expect(tip).to_have_text("Range: tap its last image.")
    cell(page, images[4]).tap()
    expect(aim).to_have_text("5 images selected")
    expect(whole).to_have_attribute("aria-pressed", "false")
    cell(page, images[5]).tap()
    expect(aim).to_have_text("4 images selected")
    whole.tap()
    expect(tip).to_have_text("Range: tap its first image.")
    whole.tap()
    expect(tip).to_have_text("Tap to select, hold to see large.")
    page.locator(".groups button[data-label='1']").tap()
    [labeled] = server.recorded("label")
    assert sorted(labeled.images) == sorted(images[at] for at in (0, 4, 6, 7))


def test_words_speak_of_taps_and_buttons_on_a_tablet(
    server: Server, open_page: Open, tablet: BrowserContext
) -> None:
    group = server.groups("cluster")[0]
    page = open_page(server, tablet, group)
    page.set_viewport_size({"width": 820, "height": 1180})
    expect(page.locator(".groups .aim")).to_have_text("Nothing selected: buttons act on all 20 open")
    expect(page.locator(".groups .means")).to_have_text("ambiguous images that look alike")
    expect(page.locator(".groups .legend")).to_contain_text("edge far from the centre of the group")
    for part in (".aim", ".tips", ".means", ".legend"):
        expect(page.locator(f".groups {part}")).to_be_visible()
    words = {"compare": "Compare", "undo": "Undo", "redo": "Redo", "help": "Help", "range": "Range"}
    for action, word in words.items():
        box = page.locator(f".groups [data-action={action}] span").bounding_box()
        assert box is not None
        assert box["width"] > 20, action
        assert page.locator(f".groups [data-action={action}]").inner_text() == word
    menu = page.locator(".groups .menu")
    expect(menu).to_have_text("Menu")
    expect(menu.locator("span")).to_be_visible()
    expect(page.locator("#rail")).to_be_hidden()
    assert page.evaluate(BEYOND) == []
    page.locator("[data-action=grow]").tap()
    expect(page.locator(".growing .answers")).to_contain_text("Hold an image to see it large.")
    page.locator("[data-action=nomatch]").tap()
    expect(page.locator(".growing .answers")).to_contain_text("tap each image that matches")
    page.get_by_role("button", name="Back").tap()
    page.locator(".groups [data-action=search]").tap()
    expect(page.locator("dialog")).to_contain_text("Tap the one that you mean.")


@pytest.mark.parametrize(("width", "height", "least"), [(1024, 768, 450), (390, 844, 440)])
def test_buttons_have_words_and_leave_room_for_images_that_stay_where_they_are(
    server: Server, open_page: Open, tablet: BrowserContext, width: int, height: int, least: int
) -> None:
    group = server.groups("class")[0]
    page = open_page(server, tablet, group)
    page.set_viewport_size({"width": width, "height": height})
    for action in ("all", "invert", "range", "compare", "undo", "redo", "help"):
        box = page.locator(f".groups [data-action={action}] span").bounding_box()
        assert box is not None
        assert box["width"] > 20, action
    before = page.locator(".grid").bounding_box()
    assert before is not None
    assert before["height"] >= least
    cell(page, server.members(group)[0]).tap()
    expect(page.get_by_role("button", name="Clear")).to_be_visible()
    assert page.locator(".grid").bounding_box() == before


def test_the_suggestion_of_one_image_is_accepted_by_a_button_that_says_so(
    server: Server, open_page: Open, tablet: BrowserContext
) -> None:
    group = server.groups("class")[0]
    page = open_page(server, tablet, group)
    name = server.get("session")["classes"][0]["name"]
    page.locator("#rail").get_by_role("button", name="One by one").tap()
    page.get_by_role("button", name=f"Accept {name} suggested, 70 %, moderate").tap()
    [accepted] = server.recorded("accept")
    assert len(accepted.images) == 1


def test_help_on_a_tablet_explains_and_waits_for_no_key(
    server: Server, open_page: Open, tablet: BrowserContext
) -> None:
    page = open_page(server, tablet)
    page.locator(".groups [data-action=help]").tap()
    window = page.get_by_role("dialog", name="Help")
    for words in ("See an image large", "images that the network is certain about", "far from the centre"):
        expect(window.get_by_text(words).filter(visible=True)).to_have_count(1)
    key = window.locator("[data-key=undo]")
    expect(key).to_be_hidden()
    window.get_by_text("Keys, with a keyboard").tap()
    expect(key).to_have_text("Ctrl+Z")
    key.tap()
    expect(key).to_have_text("press a key")
    key.tap()
    expect(key).to_have_text("Ctrl+Z")
    window.get_by_role("button", name="Close").tap()
    expect(window).to_have_count(0)


def test_words_speak_of_keys_on_a_laptop(server: Server, open_page: Open) -> None:
    page = open_page(server, group=server.groups("cluster")[0])
    expect(page.locator(".groups .aim")).to_have_text("Nothing selected: keys act on all 20 open")
    for part in (".tips", ".means", "[data-action=range]"):
        expect(page.locator(f".groups {part}")).to_be_hidden()
    page.keyboard.press("?")
    window = page.get_by_role("dialog", name="Keys")
    expect(window.locator("[data-key=undo]")).to_be_visible()
    expect(window).to_contain_text("edgefar from the centre of the group")


@pytest.mark.parametrize("width", [1200, 1280, 1440])
def test_buttons_show_their_keys_on_a_laptop(server: Server, open_page: Open, width: int) -> None:
    page = open_page(server)
    page.set_viewport_size({"width": width, "height": 800})
    keys = {"previous": "P", "next": "N", "all": "Ctrl+A", "invert": "I"}
    more = {"undo": "Ctrl+Z", "redo": "Ctrl+Shift+Z", "help": "?", "compare": "C"}
    for action, key in (keys | more).items():
        shown = page.locator(f".groups [data-action={action}] kbd")
        expect(shown).to_have_text(key)
        expect(shown).to_be_visible()
    for action, sign in {"smaller": "−", "larger": "+"}.items():
        button = page.locator(f".groups [data-action={action}]")
        assert button.evaluate("button => button.innerText") == sign, "said once"
    expect(page.get_by_role("button", name="Select all")).to_be_visible()
    assert page.evaluate(BEYOND) == []


def button(page: Page, action: str) -> Locator:
    return page.locator(f".review [data-action={action}]")


@pytest.mark.parametrize(("width", "height"), [(820, 1180), (1280, 800)])
def test_all_of_review_is_done_without_keys(
    disputed: tuple[Page, Server], open_page: Open, tablet: BrowserContext, width: int, height: int
) -> None:
    _, server = disputed
    first, second, third = (one["id"] for one in server.get("review")["images"])
    names = [one["name"] for one in server.get("session")["classes"]]
    page = open_page(server, tablet)
    page.set_viewport_size({"width": width, "height": height})
    if width < 1000:
        page.locator(".groups .menu").tap()
    page.locator("#rail").get_by_role("button", name="Review").tap()
    shown, facts = page.locator(".review img[data-image]"), page.locator(".review .facts")
    expect(shown).to_have_attribute("data-image", str(first))
    page.wait_for_timeout(300)
    assert page.evaluate(BEYOND) == []
    expect(page.locator(".review kbd").filter(visible=True)).to_have_count(0)

    button(page, "ambiguous").tap()
    page.get_by_role("button", name="All the same").tap()
    page.get_by_role("button", name="Give this soft label").tap()
    expect(shown).to_have_attribute("data-image", str(second))
    button(page, "search").tap()
    page.get_by_role("option", name=names[3]).tap()
    expect(shown).to_have_attribute("data-image", str(third))
    button(page, "decide").tap()
    expect(facts).to_have_text("Nothing to decide")
    expect(button(page, "ambiguous")).to_be_hidden()
    *_, soft, found, left = server.recorded("label", "label", "decide", "decide", "decide")
    assert [one.images for one in (soft, found, left)] == [[first], [second], [third]]
    assert soft.payload["distribution"] == [0.25] * 4
    assert found.payload["label"] == 3
    assert left.payload["distribution"] == [0.5, 0.5, 0, 0]

    button(page, "undo").tap()
    expect(facts).to_have_text("Image 1 of 1 image with different answers")
    expect(shown).to_have_attribute("data-image", str(third))
    button(page, "redo").tap()
    expect(facts).to_have_text("Nothing to decide")
    server.recorded("label", "label", "decide", "decide", "decide", "undo", "redo")


def test_buttons_of_review_show_their_keys(disputed: tuple[Page, Server]) -> None:
    page, _ = disputed
    page.keyboard.press("v")
    keys = {"ambiguous": "U", "search": "/", "decide": "L", "undo": "Ctrl+Z", "previous": "P", "next": "N"}
    for action, key in keys.items():
        shown = button(page, action).locator("kbd")
        expect(shown).to_have_text(key)
        expect(shown).to_be_visible()


def test_facts_of_each_view_are_read_whole_on_a_phone(
    disputed: tuple[Page, Server], open_page: Open, tablet: BrowserContext
) -> None:
    _, server = disputed
    page = open_page(server, tablet, server.groups("cluster")[0])
    page.set_viewport_size({"width": 390, "height": 844})
    facts = {
        ("b", ".groups"): "20 of 20 images open · ambiguous cluster",
        ("v", ".review"): "Image 1 of 3 images with different answers",
    }
    for (key, view), words in facts.items():
        page.keyboard.press(key)
        said = page.locator(f"{view} .facts")
        expect(said).to_have_text(words)
        assert not said.evaluate(CUT), view
