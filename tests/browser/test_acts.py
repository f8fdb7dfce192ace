"""Each act with the keys and the mouse, judged by the log and by what the server says afterwards."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.made import CLASSES
from tests.browser.seen import cell, saved, select, show
from tests.browser.serving import Server, until


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
    """100 images remain on 5 pages: 0 matches, 1 to 2 does not, so page 1 holds the border."""
    group = server.groups("cluster")[0]
    before = server.members(group)
    near = [one["id"] for one in server.get(f"groups/{group}/similar?limit=200")["images"]]
    assert len(near) == 100
    page = open_page(server, group=group)
    page.keyboard.press("g")
    facts = page.locator(".growing .facts")
    expect(facts).to_contain_text("0 looks")
    page.keyboard.press("f")
    expect(facts).to_contain_text("1 look ")
    for looks in (2, 3):
        page.keyboard.press("j")
        expect(facts).to_contain_text(f"{looks} looks")
        if page.locator(".growing .page[data-border]").count():
            break
    border = page.locator(".growing .page[data-border] button.cell")
    expect(border).to_have_count(24)
    shown = [int(str(one.get_attribute("data-image"))) for one in border.locator("img").all()]
    assert shown == near[24:48]
    border.nth(3).click()
    page.locator("[data-action=join]").click()
    (event,) = server.recorded("grow")
    assert event.images == [*near[:24], near[27]]
    assert server.members(group) == before + [*near[:24], near[27]]
    expect(page.locator(f"[data-group='{group}'] .counts")).to_have_text("45 images")


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
