"""Groups are taken apart, put together and grown; everything can be undone, also after a reload."""

import re

from playwright.sync_api import Page, expect

from tests.browser.screen import cell, chip, goto, group_id, saved, select, toast
from tests.browser.serving import Server


def ids(server: Server) -> set[str]:
    return {one["group"] for one in server.ask("queue")["groups"]}


def test_split_off_the_selection(page: Page, server: Server) -> None:
    group, before = group_id(page), ids(server)
    images = select(page, 0, 3, 6)
    page.keyboard.press("s")
    expect(page.locator(".queue .group")).to_have_count(6)
    saved(page)
    [new] = ids(server) - before
    assert set(server.members(new)) == set(images)
    assert server.group(group)["size"] == 57
    goto(page, new)
    expect(page.locator(".cell[data-image]")).to_have_count(3)


def test_split_into_parts(page: Page, server: Server) -> None:
    before = ids(server)
    page.keyboard.press("s")
    page.keyboard.press("3")
    expect(page.locator(".queue .group")).to_have_count(7)
    saved(page)
    new = ids(server) - before
    assert len(new) == 3
    assert sum(server.group(one)["size"] for one in new) == 60


def test_merge_into_another_group(page: Page, server: Server) -> None:
    group = group_id(page)
    target = next(one for one in server.ask("queue")["groups"] if one["group"] != group)
    page.keyboard.press("m")
    page.keyboard.type(target["name"])
    page.keyboard.press("Enter")
    expect(page.locator(".queue .group")).to_have_count(4)
    saved(page)
    assert server.group(target["group"])["size"] == 120


def test_grow_by_two_keys_in_one_act(page: Page, server: Server) -> None:
    group = group_id(page)
    page.keyboard.press("g")
    expect(page.locator(".growing .facts")).to_contain_text("240 similar images")
    page.keyboard.press("f")
    expect(page.locator(".growing .facts")).to_contain_text("1 look · 24 images found")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(".growing .answers")).to_contain_text("The border lies here")
    page.locator(".page button.cell").nth(2).click()
    expect(page.locator(".growing .facts")).to_contain_text("3 looks")
    page.get_by_role("button", name=re.compile("Add 25 images")).click()
    expect(page.locator(".groups .facts")).to_contain_text("85 images")
    saved(page)
    assert server.group(group)["size"] == 85
    near = server.ask(f"groups/{group}/similar?limit=1")
    assert near["total"] == 240 - 25
    page.keyboard.press("Control+z")
    expect(page.locator(".groups .facts")).to_contain_text("60 images")
    saved(page)
    assert server.group(group)["size"] == 60
    assert server.acts() == 2


def test_undo_and_redo_across_a_reload(page: Page, server: Server) -> None:
    group = group_id(page)
    images = select(page, 0, 1, 2)
    page.keyboard.press("1")
    saved(page)
    page.keyboard.press("2")
    saved(page)
    page.reload()
    page.wait_for_selector(".cell[data-image]")
    page.keyboard.press("Control+z")
    expect(chip(page, 0)).to_have_text(server.ask("session")["classes"][0]["name"])
    saved(page)
    assert server.labels(group, images) == [0, 0, 0]
    page.keyboard.press("Control+z")
    expect(chip(page, 0)).to_be_hidden()
    saved(page)
    assert server.labels(group, images) == [None, None, None]
    page.keyboard.press("Control+Shift+z")
    expect(chip(page, 0)).to_have_text(server.ask("session")["classes"][0]["name"])
    saved(page)
    assert server.labels(group, images) == [0, 0, 0]


def test_undo_of_a_whole_group_is_one_step_and_leads_back(page: Page, server: Server) -> None:
    group = group_id(page)
    page.keyboard.press("Enter")
    expect(toast(page)).to_contain_text("Accepted 60 images")
    page.keyboard.press("Control+z")
    expect(page.locator(".queue [aria-current='true']")).to_have_attribute("data-group", group)
    saved(page)
    assert server.answered() == 0
    expect(cell(page, 0)).to_have_attribute("aria-label", re.compile("no answer"))
