"""What annotators disagree on: who said what, and a decision."""

from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import Open
from tests.browser.screen import notice, select, show
from tests.browser.serving import SCOPE, Server, until


@pytest.fixture
def disputed(
    pair: list[Server], open_page: Open, context: BrowserContext, other_context: BrowserContext
) -> tuple[Page, Server]:
    """Ann's page and server, after she called three images the first class and bob called them the second."""
    here, there = pair
    group = here.groups("class")[0]
    images = here.members(group)[:3]
    ann = open_page(here, context, group)
    select(ann, *images)
    ann.keyboard.press("1")
    here.recorded("label")
    bob = open_page(there, other_context, group)
    select(bob, *images)
    bob.keyboard.press("2")
    there.recorded("label", "label")
    assert [one["id"] for one in here.get("review")["images"]] == sorted(images)
    return ann, here


def test_who_said_what_is_seen_and_decided(disputed: tuple[Page, Server]) -> None:
    page, server = disputed
    first, second, third = (one["id"] for one in server.get("review")["images"])
    names = [one["name"] for one in server.get("session")["classes"]]
    facts, shown = page.locator(".review .facts"), page.locator(".review img[data-image]")
    page.keyboard.press("v")
    expect(facts).to_have_text("Image 1 of 3 images with different answers")
    expect(shown).to_have_attribute("data-image", str(first))
    opinions = page.locator(".review .opinion:not(.together)")
    for who, name in (("ann", names[0]), ("bob", names[1])):
        expect(opinions.filter(has_text=who)).to_contain_text(name)
    expect(page.locator(".review .together")).to_contain_text("50 %")

    page.keyboard.press("2")
    expect(facts).to_have_text("Image 1 of 2 images with different answers")
    expect(shown).to_have_attribute("data-image", str(second))
    page.keyboard.press("n")
    expect(shown).to_have_attribute("data-image", str(third))
    page.keyboard.press("l")
    expect(shown).to_have_attribute("data-image", str(second))
    *_, decided, left = server.recorded("label", "label", "decide", "decide")
    assert (decided.annotator, decided.images, decided.payload["label"]) == ("ann", [first], 1)
    assert left.images == [third]
    assert left.payload["distribution"][:2] == [0.5, 0.5]

    page.locator(".review button[data-label='0']").click()
    expect(facts).to_have_text("Nothing to decide")
    expect(page.locator(".review .empty")).to_be_visible()
    server.recorded("label", "label", "decide", "decide", "decide")


def test_a_decision_that_is_undone_is_to_be_made_again(disputed: tuple[Page, Server]) -> None:
    page, server = disputed
    facts = page.locator(".review .facts")
    page.keyboard.press("v")
    expect(facts).to_have_text("Image 1 of 3 images with different answers")
    page.keyboard.press("1")
    server.recorded("label", "label", "decide")
    page.keyboard.press("Control+z")
    server.recorded("label", "label", "decide", "undo")
    assert until(lambda: server.get("review"), lambda found: found["total"] == 3)
    expect(facts).to_have_text("Image 1 of 3 images with different answers")


def test_a_decision_on_what_has_changed_is_not_recorded(
    pair: list[Server], disputed: tuple[Page, Server]
) -> None:
    page, server = disputed
    facts = page.locator(".review .facts")
    page.keyboard.press("v")
    expect(facts).to_have_text("Image 1 of 3 images with different answers")
    image = server.get("review")["images"][0]["id"]
    body = {"key": str(uuid4()), "act": "decide", "scope": SCOPE, "images": [image], "label": 2}
    assert pair[1].send("POST", "acts", body) == 201
    page.keyboard.press("1")
    expect(notice(page, "conflict")).to_contain_text("bob changed this image first (decide")
    expect(facts).to_have_text("Image 1 of 2 images with different answers")
    *_, event = server.recorded("label", "label", "decide")
    assert (event.annotator, event.payload["label"]) == ("bob", 2)


def few(route: Route) -> None:
    """Let a page get two images at most, as it gets 1,000 of thousands."""
    route.continue_(url=f"{route.request.url}&limit=2")


def test_more_than_come_at_once_are_counted_and_come_after_these(disputed: tuple[Page, Server]) -> None:
    page, server = disputed
    first, second, third = (one["id"] for one in server.get("review")["images"])
    facts, shown = page.locator(".review .facts"), page.locator(".review img[data-image]")
    page.route("**/api/review*", few)
    page.keyboard.press("v")
    expect(facts).to_have_text("Image 1 of 3 images with different answers")
    held: list[Route] = []
    page.route("**/api/acts", lambda route: route.continue_() if held else held.append(route))
    page.keyboard.press("1")
    expect(shown).to_have_attribute("data-image", str(second))
    expect(facts).to_have_text("Image 1 of 2 images with different answers")
    page.keyboard.press("1")
    expect(page.locator(".review .empty")).to_have_text(
        "The next ones come as soon as your decisions are saved."
    )
    expect(facts).to_have_text("1 more image with different answers")
    until(lambda: page.evaluate("1") and held, bool)
    held[0].continue_()
    expect(facts).to_have_text("Image 1 of 1 image with different answers")
    expect(shown).to_have_attribute("data-image", str(third))
    page.keyboard.press("2")
    expect(facts).to_have_text("Nothing to decide")
    events = server.recorded("label", "label", "decide", "decide", "decide")[2:]
    assert [event.images for event in events] == [[first], [second], [third]]


def test_what_is_decided_does_not_come_back_before_it_is_saved(disputed: tuple[Page, Server]) -> None:
    page, server = disputed
    facts, shown = page.locator(".review .facts"), page.locator(".review img[data-image]")
    third = server.get("review")["images"][2]["id"]
    page.keyboard.press("v")
    expect(facts).to_have_text("Image 1 of 3 images with different answers")
    page.route("**/api/acts", lambda route: None)
    page.keyboard.press("1")
    page.keyboard.press("1")
    expect(facts).to_have_text("Image 1 of 1 image with different answers")
    with page.expect_response("**/api/review*"):
        page.keyboard.press("v")
    expect(facts).to_have_text("Image 1 of 1 image with different answers")
    expect(shown).to_have_attribute("data-image", str(third))


def test_classes_that_somebody_said_are_marked_in_words_too(disputed: tuple[Page, Server]) -> None:
    page, server = disputed
    names = [one["name"] for one in server.get("session")["classes"]]
    page.keyboard.press("v")
    said = page.locator(".review button[data-label='0']")
    other = page.locator(".review button[data-label='2']")
    expect(said).to_have_accessible_name(f"1 {names[0]} 50 % of the answers")
    expect(other).to_have_accessible_name(f"3 {names[2]}")
    border, plain = (one.evaluate("one => getComputedStyle(one).borderColor") for one in (said, other))
    assert border != plain
    for _ in range(3):
        page.keyboard.press("1")
    expect(page.locator(".review .facts")).to_have_text("Nothing to decide")
    expect(page.locator(".class[data-said]")).to_have_count(0)


def test_a_soft_label_begins_with_the_answers_to_the_image(
    disputed: tuple[Page, Server], pair: list[Server]
) -> None:
    page, server = disputed
    show(page, server.groups("cluster")[0])
    image = server.get("review")["images"][0]["id"]
    body = {"key": str(uuid4()), "act": "ambiguous", "scope": SCOPE, "images": [image]}
    body |= {"group": server.groups("class")[0], "distribution": [0.6, 0.2, 0.2, 0]}
    assert server.send("POST", "acts", body) == 201
    page.keyboard.press("v")
    shown = page.locator(f".review img[data-image='{image}']")
    expect(shown).to_be_visible()
    page.keyboard.press("u")
    weights = page.locator("dialog input[type=number]")
    shares = [30, 60, 10, 0]
    for at, share in enumerate(shares):
        expect(weights.nth(at)).to_have_value(str(share))
    page.get_by_role("button", name="All the same").click()
    expect(page.get_by_role("button", name="As suggested")).to_have_count(0)
    page.get_by_role("button", name="As answered").click()
    expect(weights.first).to_have_value("30")
    page.get_by_role("button", name="Give this soft label").click()
    *_, decided = server.recorded("label", "label", "ambiguous", "decide")
    assert decided.images == [image]
    assert decided.payload["distribution"] == pytest.approx([0.3, 0.6, 0.1, 0])


def test_at_200_percent_the_image_lies_above_the_buttons_and_shares_are_not_torn(
    disputed: tuple[Page, Server], context: BrowserContext
) -> None:
    page, _ = disputed

    def long(route: Route) -> None:
        session = route.fetch().json()
        session["classes"] = [{"name": f"large adenocarcinoma of the upper layer {at}"} for at in range(12)]
        route.fulfill(json=session)

    context.route("**/api/session", long)
    page.reload()
    page.wait_for_selector("[role=gridcell][data-image]")
    page.set_viewport_size({"width": 640, "height": 400})
    page.keyboard.press("v")
    image, bar = page.locator(".review img[data-image]"), page.locator(".review .bar-area")
    expect(image).to_be_visible()
    (above, below) = image.bounding_box(), bar.bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] + above["height"] <= below["y"]
    share = page.locator(".review .class[data-said] .share").first
    assert share.evaluate("one => one.getBoundingClientRect().height") < 30
