"""Labels, soft labels and misfits with the keys and the mouse, judged by the log."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.browser.conftest import Open
from tests.browser.made import CLASSES
from tests.browser.screen import cell, notice, saved, select, show
from tests.browser.serving import Server


def test_accept_a_group(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    before = server.group(group)
    page = open_page(server, group=group)
    page.keyboard.press("Enter")
    (event,) = server.recorded("accept")
    assert (event.annotator, event.payload["group"]) == ("ann", group)
    assert sorted(event.images) == sorted(one["id"] for one in before["members"])
    assert event.payload["label"] == before["suggestion"]["label"]
    assert event.payload["shown"]["strength"] == pytest.approx(before["suggestion"]["strength"])
    answers = [one["answer"]["label"] for one in server.group(group)["members"]]
    assert answers == [before["suggestion"]["label"]] * before["total"]
    expect(page.locator(f"[data-group='{group}'] .state")).to_have_text("done")
    expect(page).not_to_have_url(re.compile(f"/{group}$"))


def test_a_double_click_accepts_once(server: Server, open_page: Open) -> None:
    page = open_page(server)
    page.locator(".groups button.accept").dblclick()
    server.recorded("accept")
    saved(page)
    server.recorded("accept")


def test_misfits_leave_the_group(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    before = server.members(group)
    page = open_page(server, group=group)
    select(page, before[1], before[4])
    page.keyboard.press("x")
    (event,) = server.recorded("misfit")
    assert sorted(event.images) == sorted([before[1], before[4]])
    assert event.payload["selected"] == 2
    assert set(server.members("misfits")) == {before[1], before[4]}
    assert set(server.members(group)) == set(before) - {before[1], before[4]}
    expect(page.locator("[data-group='misfits'] .counts")).to_have_text("2 images")


def test_label_by_key(server: Server, open_page: Open) -> None:
    group = server.groups("cluster")[0]
    before = server.members(group)
    page = open_page(server, group=group)
    select(page, before[0], before[3], before[7])
    page.keyboard.press("4")
    (event,) = server.recorded("label")
    assert sorted(event.images) == sorted([before[0], before[3], before[7]])
    assert event.payload["label"] == 3
    given = {one["id"]: one["answer"]["label"] for one in server.group(group)["members"] if one["answer"]}
    assert given == {before[0]: 3, before[3]: 3, before[7]: 3}
    name = server.get("session")["classes"][3]["name"]
    expect(cell(page, before[3]).locator(".chip")).to_have_text(name)
    expect(page.locator(f"[data-group='{group}'] .counts")).to_have_text("17 open")


def test_label_by_typing(server: Server, open_page: Open) -> None:
    group = server.groups("cluster")[0]
    page = open_page(server, group=group)
    select(page, server.members(group)[0])
    page.keyboard.press("/")
    page.keyboard.type(server.get("session")["classes"][2]["name"])
    page.keyboard.press("Enter")
    (event,) = server.recorded("label")
    assert event.payload["label"] == 2


def test_truly_ambiguous(server: Server, open_page: Open) -> None:
    group = server.groups("cluster")[0]
    image = server.members(group)[0]
    page = open_page(server, group=group)
    select(page, image)
    page.keyboard.press("u")
    for index, weight in enumerate((0, 60, 0, 20)):
        page.locator(f"dialog input[type=number][data-class='{index}']").fill(str(weight))
    page.locator("dialog button[type=submit]").click()
    (event,) = server.recorded("ambiguous")
    assert event.images == [image]
    assert event.payload["distribution"] == pytest.approx([0, 0.75, 0, 0.25])
    assert len(event.payload["distribution"]) == CLASSES
    (member,) = (one for one in server.group(group)["members"] if one["id"] == image)
    assert member["answer"]["distribution"] == pytest.approx([0, 0.75, 0, 0.25])
    expect(cell(page, image).locator(".chip")).to_contain_text("75 %")


def test_a_key_right_after_a_window_leaves_what_it_was_about(server: Server, open_page: Open) -> None:
    """A window closes, and the selection is cleared before the page has heard of the answer."""
    group = server.groups("class")[0]
    images = server.members(group)
    page = open_page(server, group=group)
    select(page, images[4], images[6])
    page.keyboard.press("u")
    expect(page.locator("dialog h2")).to_have_text("Truly ambiguous: 2 images")
    page.evaluate(
        """() => {
            document.querySelector("dialog form").requestSubmit();
            dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
        }"""
    )
    (event,) = server.recorded("ambiguous")
    assert event.images == [images[4], images[6]]


def test_a_misfit_is_taken_back_by_the_same_key(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    before = server.members(group)
    page = open_page(server, group=group)
    select(page, before[3])
    page.keyboard.press("x")
    expect(cell(page, before[3]).locator(".chip")).to_have_text("does not fit")
    server.recorded("misfit")
    page.keyboard.press("x")
    server.recorded("misfit", "grow")
    assert set(server.members(group)) == set(before)


def test_without_a_selection_a_key_labels_what_is_open(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    before = server.members(group)
    page = open_page(server, group=group)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("3")
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    some, rest = server.recorded("label", "label")
    assert (sorted(some.images), some.payload["label"]) == (sorted(before[1:3]), 2)
    assert (sorted(rest.images), rest.payload["label"]) == (sorted(set(before) - set(before[1:3])), 1)


def test_selection_as_in_a_file_browser(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    before = server.members(group)
    page = open_page(server, group=group)
    aim = page.locator(".groups .aim")
    cell(page, before[1]).click()
    cell(page, before[4]).click(modifiers=["Shift"])
    expect(aim).to_have_text("4 images selected")
    page.keyboard.press("i")
    expect(aim).to_have_text("16 images selected")
    page.keyboard.press("Control+a")
    expect(aim).to_have_text("20 images selected")
    page.keyboard.press("Escape")
    expect(aim).to_contain_text("Nothing selected")
    assert server.events() == []


def test_keys_can_be_changed_and_conflicts_are_named(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    image = server.members(group)[1]
    page = open_page(server, group=group)
    page.keyboard.press("?")
    page.locator("[data-key='flag']").click()
    page.keyboard.press("x")
    expect(page.locator("dialog .conflict")).to_contain_text("X means both")
    page.locator("[data-key='flag']").click()
    page.keyboard.press("w")
    expect(page.locator("dialog .conflict")).to_be_empty()
    page.keyboard.press("Escape")
    page.reload()
    select(page, image)
    page.keyboard.press("w")
    (event,) = server.recorded("flag")
    assert event.images == [image]


def test_a_class_can_have_a_letter(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    image = server.members(group)[1]
    page = open_page(server, group=group)
    page.keyboard.press("?")
    page.locator("[data-key='class2']").click()
    page.keyboard.press("k")
    page.keyboard.press("Escape")
    expect(page.locator("footer [data-label='1'] kbd")).to_have_text("K")
    page.reload()
    select(page, image)
    page.keyboard.press("k")
    (event,) = server.recorded("label")
    assert (event.images, event.payload["label"]) == ([image], 1)
    select(page, image)
    page.keyboard.press("2")
    expect(page.locator("footer [data-label='1'] kbd")).to_have_text("K")
    assert len(server.recorded("label")) == 1


def test_keys_that_move_can_be_changed(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    before = server.members(group)
    page = open_page(server, group=group)
    page.keyboard.press("?")
    page.locator("[data-key='right']").click()
    page.keyboard.press("l")
    page.keyboard.press("Escape")
    cell(page, before[1]).click()
    page.keyboard.press("l")
    page.keyboard.press("Shift+L")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    (event,) = server.recorded("misfit")
    assert sorted(event.images) == sorted(before[2:4])


@pytest.fixture
def plain(run: Path, tmp_path: Path) -> Iterator[Server]:
    """Return a server on the dataset of the run, without proposals."""
    made = Server(run.parent / "data", tmp_path / "annotations.sqlite").start()
    yield made
    made.end()


def test_a_dataset_is_labeled_one_image_at_a_time(plain: Server, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(plain.address)
    shown = page.locator(".stage img[data-image]")
    for image, key in ((0, "2"), (1, "3")):
        expect(shown).to_have_attribute("data-image", str(image))
        page.keyboard.press(key)
    first, second = plain.recorded("label", "label")
    assert (first.images, first.payload["label"]) == ([0], 1)
    assert (second.images, second.payload["label"]) == ([1], 2)


def test_a_key_after_a_click_on_a_button_does_what_the_page_shows(server: Server, open_page: Open) -> None:
    first, second = server.groups("class")[:2]
    page = open_page(server, group=first)
    show(page, second)
    page.keyboard.press("Enter")
    (event,) = server.recorded("accept")
    assert event.payload["group"] == second
    page.locator(".groups [data-action=next]").click()
    page.locator(".groups [data-action=larger]").click()
    page.keyboard.press("Space")
    server.recorded("accept", "skip")


def test_a_button_that_is_reached_by_tab_is_pressed_by_enter(server: Server, open_page: Open) -> None:
    first, second = server.groups("class")[:2]
    page = open_page(server, group=first)
    page.locator(f"button.group[data-group='{first}']").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/{second}$"))
    assert server.events() == []


def test_the_focus_is_at_the_cursor_in_the_next_group(server: Server, open_page: Open) -> None:
    first, second = server.groups("class")[:2]
    page = open_page(server, group=first)
    cell(page, server.members(first)[3]).click()
    page.keyboard.press("n")
    expect(cell(page, server.members(second)[0])).to_be_focused()


def test_nothing_to_undo_is_said_for_a_moment(server: Server, open_page: Open) -> None:
    page = open_page(server)
    page.keyboard.press("Control+z")
    expect(page.locator("#toast")).to_contain_text("There is nothing to undo")
    expect(page.locator("#notices .notice")).to_have_count(0)


def test_a_large_picture_is_not_that_of_the_image_before(plain: Server, context: BrowserContext) -> None:
    page = context.new_page()
    held: list[Route] = []
    context.route("**/api/images/1/full*", lambda route: held.append(route))
    page.goto(plain.address)
    shown = page.locator(".stage img[data-image]")
    expect(shown).to_be_visible()
    page.keyboard.press("n")
    expect(shown).to_have_attribute("data-image", "1")
    expect(shown).to_be_hidden()
    for route in held:
        route.continue_()
    expect(shown).to_be_visible()


def test_an_image_that_was_taken_out_is_not_labeled_with_others(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    before = server.members(group)
    page = open_page(server, group=group)
    chosen = page.locator("[role=gridcell][aria-selected=true]")
    select(page, before[1], before[4])
    page.keyboard.press("x")
    server.recorded("misfit")
    expect(page.locator(".groups .aim")).to_have_text("2 images taken out as not fitting")
    for key in ("3", "Space", "f", "u"):
        page.keyboard.press(key)
        expect(page.locator("#toast")).to_contain_text(
            "You took these images out of the group as not fitting"
        )
        page.evaluate("document.querySelector('#toast span').textContent = ''")
    expect(page.locator("dialog")).to_have_count(0)
    cell(page, before[0]).click(modifiers=["Control"])
    expect(chosen).to_have_count(1)
    cell(page, before[6]).click(modifiers=["Shift"])
    expect(chosen).to_have_count(5)
    page.keyboard.press("Control+a")
    expect(chosen).to_have_count(18)
    page.keyboard.press("3")
    _, event = server.recorded("misfit", "label")
    assert set(event.images) == set(before) - {before[1], before[4]}
    expect(notice(page, "conflict")).to_have_count(0)


def test_a_group_that_was_taken_out_as_a_whole_can_be_taken_back(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    images = server.members(group)
    page = open_page(server, group=group)
    page.keyboard.press("Control+a")
    page.keyboard.press("x")
    server.recorded("misfit")
    expect(page.locator(f"button.group[data-group='{group}']")).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_contain_text("No image is left in this group")
    page.keyboard.press("Control+a")
    page.keyboard.press("x")
    server.recorded("misfit", "grow")
    assert set(server.members(group)) == set(images)
    expect(page.locator(f"button.group[data-group='{group}'] .counts")).to_have_text("20 images")


def test_no_own_act_stands_in_the_way_of_the_next_one(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    image, other = server.members(group)[2:4]
    page = open_page(server, group=group)
    acts = ("label", "skip", "flag", "ambiguous", "misfit", "grow", "label")
    for at, key in enumerate(("3", "Space", "f", "u", "x", "x", "2"), start=1):
        select(page, image)
        page.keyboard.press(key)
        if key == "u":
            page.locator("dialog input[type=number][data-class='1']").fill("60")
            page.locator("dialog button[type=submit]").click()
        server.recorded(*acts[:at])
        saved(page)
    select(page, image, other)
    page.keyboard.press("1")
    assert set(server.recorded(*acts, "label")[-1].images) == {image, other}
    expect(notice(page, "conflict")).to_have_count(0)


def test_one_by_one_an_image_that_was_taken_out_is_not_labeled(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    page = open_page(server, group=group)
    page.keyboard.press("o")
    page.keyboard.press("x")
    server.recorded("misfit")
    page.keyboard.press("p")
    page.keyboard.press("2")
    expect(page.locator("#toast")).to_contain_text("You took this image out of the group as not fitting")
    expect(notice(page, "conflict")).to_have_count(0)
    page.keyboard.press("x")
    server.recorded("misfit", "grow")


def test_a_group_that_is_done_is_shown_one_by_one(server: Server, open_page: Open) -> None:
    first, second = [one["group"] for one in server.get("queue")["groups"]][:2]
    page = open_page(server, group=first)
    page.keyboard.press("Enter")
    server.recorded("accept")
    expect(page).to_have_url(re.compile(f"#groups/{second}$"))
    page.keyboard.press("o")
    page.locator(f"button.group[data-group='{first}']").click()
    expect(page.locator(".single .facts")).to_have_text("Image 1 of 20, 0 open")
    expect(page.locator(".single .chip")).to_be_visible()


def test_what_is_left_over_cannot_be_taken_out_again(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    image = server.members(group)[0]
    page = open_page(server, group=group)
    select(page, image)
    page.keyboard.press("x")
    server.recorded("misfit")
    show(page, "misfits")
    select(page, image)
    page.keyboard.press("x")
    expect(page.locator("#toast")).to_contain_text("is left over already")
    page.keyboard.press("2")
    server.recorded("misfit", "label")


def test_an_own_act_in_another_window_is_told_as_such(
    server: Server, open_page: Open, context: BrowserContext, other_context: BrowserContext
) -> None:
    group = server.groups("class")[0]
    image, other = server.members(group)[:2]
    context.route("**/api/events*", lambda route: route.abort())
    page, there = open_page(server, context, group), open_page(server, other_context, group)
    select(there, image)
    there.keyboard.press("x")
    server.recorded("misfit")
    select(page, image)
    page.keyboard.press("2")
    told = notice(page, "conflict")
    expect(told).to_contain_text("You took images out of this group as not fitting")
    told.get_by_role("button", name="Understood").click()
    expect(cell(page, image)).to_have_count(0)
    select(there, other)
    there.keyboard.press("3")
    server.recorded("misfit", "label")
    select(page, other)
    page.keyboard.press("2")
    expect(told).to_contain_text("You changed this group yourself before (label")
    expect(told).not_to_contain_text("ann")
