"""Groups are taken apart, put together and grown; everything can be undone, also after a reload."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Open
from tests.browser.made import IMAGES
from tests.browser.screen import cell, saved, select
from tests.browser.serving import Server, until


def test_split_the_selection_off(server: Server, open_page: Open) -> None:
    group = server.groups("cluster")[0]
    before = server.members(group)
    page = open_page(server, group=group)
    cell(page, before[2]).click()
    cell(page, before[5]).click(modifiers=["Shift"])
    page.keyboard.press("s")
    (event,) = server.recorded("split")
    assert sorted(event.images) == sorted(before[2:6])
    assert set(server.members(f"split-{event.seq}-1")) == set(before[2:6])
    assert server.members(group) == before[:2] + before[6:]
    expect(page.locator(f"[data-group='split-{event.seq}-1'] .counts")).to_have_text("4 images")
    expect(page.locator("[role=gridcell]")).to_have_count(len(before) - 4)


def test_split_into_parts(server: Server, open_page: Open) -> None:
    group = server.groups("cluster")[0]
    before = server.members(group)
    page = open_page(server, group=group)
    page.keyboard.press("s")
    page.keyboard.press("3")
    (event,) = server.recorded("recluster")
    parts = [server.members(f"split-{event.seq}-{part}") for part in (1, 2, 3)]
    assert all(parts)
    assert sorted(image for part in parts for image in part) == sorted(before)
    expect(page.locator("[data-group^='split-']")).to_have_count(3)
    expect(page.locator(f"[data-group='{group}']")).to_have_count(0)
    expect(page).to_have_url(re.compile(f"/split-{event.seq}-1$"))


def test_merge_into_another_group(server: Server, open_page: Open) -> None:
    group, target = server.groups("cluster")[:2]
    before, there = server.members(group), server.members(target)
    page = open_page(server, group=group)
    page.keyboard.press("m")
    page.get_by_role("combobox").fill(server.group(target)["name"])
    page.keyboard.press("Enter")
    (event,) = server.recorded("merge")
    assert (event.payload["group"], event.payload["target"]) == (group, target)
    assert sorted(server.members(target)) == sorted(before + there)
    expect(page.locator(f"[data-group='{group}']")).to_have_count(0)
    expect(page.locator(f"[data-group='{target}'] .counts")).to_have_text("40 images")


def test_grow_by_halving(server: Server, open_page: Open) -> None:
    """100 images remain on 5 pages: 0 matches, 3, 2 and 1 do not, so page 1 holds the border."""
    group = server.groups("cluster")[0]
    before = server.members(group)
    near = [one["id"] for one in server.get(f"groups/{group}/similar?limit=200")["images"]]
    assert len(near) == 100
    page = open_page(server, group=group)
    page.keyboard.press("g")
    facts = page.locator(".growing .facts")
    expect(facts).to_contain_text("0 looks")
    for looks, key, first in ((1, "f", 0), (2, "j", 72), (3, "j", 48), (4, "j", 24)):
        expect(page.locator(f".page .cell img[data-image='{near[first]}']")).to_be_visible()
        page.keyboard.press(key)
        expect(facts).to_contain_text(f"{looks} look")
    border = page.locator(".growing .page[data-border] button.cell")
    expect(border).to_have_count(24)
    shown = [int(str(one.get_attribute("data-image"))) for one in border.locator("img").all()]
    assert shown == near[24:48]
    border.nth(2).click()
    border.nth(3).click()
    page.keyboard.press("Space")
    page.keyboard.press("Space")
    border.nth(2).click()
    page.keyboard.press("Enter")
    (event,) = server.recorded("grow")
    assert event.images == [*near[:24], near[27]]
    assert server.members(group) == [*before, *near[:24], near[27]]
    expect(page.locator(f"[data-group='{group}'] .counts")).to_have_text("45 images")


@pytest.mark.parametrize("labeled", [True, False])
def test_what_joins_an_accepted_group_is_labeled_with_it(
    server: Server, open_page: Open, labeled: bool
) -> None:
    group = server.groups("cluster")[0]
    page = open_page(server, group=group)
    page.keyboard.press("Enter")
    (accepted,) = server.recorded("accept")
    page.locator(f"[data-group='{group}']").click()
    expect(page.locator("footer .aim")).to_contain_text("every image has an answer")
    page.keyboard.press("g")
    expect(page.locator(".growing .facts")).to_contain_text("0 looks")
    for looks in range(1, 4):
        page.keyboard.press("f")
        expect(page.locator(".growing .facts")).to_contain_text(f"{looks} look")
    expect(page.locator(".growing .facts")).to_contain_text("100 images found")
    label = accepted.payload["label"]
    name = server.get("session")["classes"][label]["name"]
    join = page.locator("[data-action=join]")
    expect(join).to_contain_text(f"Add 100 images as {name}")
    if labeled:
        page.keyboard.press("Enter")
    else:
        page.locator("[data-action=join-open]").click()
    (_, event) = server.recorded("accept", "grow")
    assert event.payload["label"] == (label if labeled else None)
    said = f"Added 100 images as {name}." if labeled else "Added 100 images."
    expect(page.locator("#toast")).to_contain_text(said)
    counts = page.locator(f"[data-group='{group}'] .counts")
    expect(counts).to_have_text("120 images" if labeled else "100 open")
    assert server.members(group)[20:] == event.images
    assert [one["answer"] is not None for one in server.group(group)["members"]].count(True) == (
        120 if labeled else 20
    )


def test_undo_and_redo_across_a_reload(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    before = server.group(group)["members"]
    page = open_page(server, group=group)
    select(page, before[2]["id"])
    page.keyboard.press("2")
    server.recorded("label")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    server.recorded("label", "accept")
    page.reload()
    page.wait_for_selector("[role=gridcell][data-image]")
    page.keyboard.press("Control+z")
    server.recorded("label", "accept", "undo")
    answered = [one["id"] for one in server.group(group)["members"] if one["answer"]]
    assert answered == [before[2]["id"]], "the bulk act is one step"
    page.keyboard.press("Control+z")
    events = server.recorded("label", "accept", "undo", "undo")
    assert [event.payload["target_seq"] for event in events[2:]] == [events[1].seq, events[0].seq]
    assert server.group(group)["members"] == before
    page.keyboard.press("Control+Shift+z")
    server.recorded("label", "accept", "undo", "undo", "redo")
    answers = {one["id"]: one["answer"]["label"] for one in server.group(group)["members"] if one["answer"]}
    assert answers == {before[2]["id"]: 1}


def test_what_cannot_be_undone_is_not_offered_also_after_a_reload(fresh: Server, open_page: Open) -> None:
    group = fresh.groups("class")[0]
    page = open_page(fresh, group=group)
    undo, redo = (page.locator(f"button[data-action='{name}']") for name in ("undo", "redo"))

    def offered(*, undoing: bool, redoing: bool) -> None:
        for button, there in ((undo, undoing), (redo, redoing)):
            told = expect(button)
            (told.not_to_have_attribute if there else told.to_have_attribute)("aria-disabled", "true")

    offered(undoing=False, redoing=False)
    select(page, fresh.members(group)[0])
    page.keyboard.press("2")
    offered(undoing=True, redoing=False)
    page.reload()
    offered(undoing=True, redoing=False)
    page.keyboard.press("Control+z")
    fresh.recorded("label", "undo")
    page.reload()
    offered(undoing=False, redoing=True)


def test_undo_puts_a_split_together_again(server: Server, open_page: Open) -> None:
    group = server.groups("cluster")[0]
    before = server.members(group)
    page = open_page(server, group=group)
    select(page, *before[:3])
    page.keyboard.press("s")
    server.recorded("split")
    expect(page.locator("[data-group^='split-']")).to_have_count(1)
    page.keyboard.press("Control+z")
    server.recorded("split", "undo")
    assert server.members(group) == before
    expect(page.locator("[data-group^='split-']")).to_have_count(0)
    until(lambda: page.locator("[role=gridcell]").count(), lambda count: count == len(before))


def test_undo_of_a_whole_group_is_one_step_and_leads_back(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    page = open_page(server, group=group)
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_contain_text("Accepted 20 images")
    expect(page).not_to_have_url(re.compile(f"/{group}$"))
    page.keyboard.press("Control+z")
    expect(page).to_have_url(re.compile(f"/{group}$"))
    server.recorded("accept", "undo")
    assert all(one["answer"] is None for one in server.group(group)["members"])


def test_a_key_right_after_undo_is_for_what_undo_brought_back(server: Server, open_page: Open) -> None:
    """The wrong key, undo, and the right one, all before the server has answered to the first."""
    group = server.groups("class")[0]
    page = open_page(server, group=group)
    images = server.members(group)
    held: list[Route] = []
    page.route("**/api/acts", lambda route: route.continue_() if held else held.append(route))
    for key in ("4", "Control+z", "3"):
        page.keyboard.press(key)
    until(lambda: page.evaluate("1") and held, bool)
    held[0].continue_()
    saved(page)
    wrong, undo, right = server.recorded("label", "undo", "label")
    assert (undo.payload["target_seq"], undo.payload["group"]) == (wrong.seq, None)
    assert (set(right.images), right.payload["label"]) == (set(images), 2)
    expect(page.locator("#notices .notice")).to_have_count(0)


@pytest.mark.parametrize("key", ["x", "s"])
def test_images_that_change_their_group_count_as_answered_no_more_than_before(
    server: Server, open_page: Open, key: str
) -> None:
    group = server.groups("cluster")[0]
    images = server.members(group)
    page = open_page(server, group=group)
    progress = page.locator("#rail .progress strong")
    select(page, images[0], images[1])
    page.keyboard.press("1")
    server.recorded("label")
    expect(progress).to_have_text(f"2 of {IMAGES} images")
    held: list[Route] = []
    page.route("**/api/acts", lambda route: held.append(route))
    select(page, images[2], images[3])
    page.keyboard.press(key)
    expect(page.locator(f"[data-group='{group}'] .counts")).to_have_text("16 open")
    expect(progress).to_have_text(f"2 of {IMAGES} images")
    page.keyboard.press("Control+z")
    expect(page.locator(f"[data-group='{group}'] .counts")).to_have_text("18 open")
    expect(progress).to_have_text(f"2 of {IMAGES} images")
    assert held, "the server has heard of none of this"
