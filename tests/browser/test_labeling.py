"""A person at the keyboard, with the real server: first start, accept, misfits, labels, soft labels."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.screen import cell, chip, goto, group_id, image, saved, select, title, toast
from tests.browser.serving import Server


def test_first_start_shows_a_group_its_proposal_and_the_queue(page: Page, server: Server) -> None:
    assert server.database.exists()
    assert page.locator(".queue .group").count() == len(server.ask("queue")["groups"]) == 5
    expect(page.locator(".progress")).to_contain_text("0 of 300 images")
    expect(page.locator(".suggestion").first).to_contain_text("80 %, strong")
    page.wait_for_function("[...document.querySelectorAll('.cell img')].every(one => one.naturalWidth > 0)")
    assert page.locator("[role=grid]").get_attribute("aria-rowcount") is not None
    assert page.locator("[role=gridcell]").count() < 120


def test_accept_gives_the_suggestion_and_opens_the_next_group(page: Page, server: Server) -> None:
    first, name = group_id(page), title(page)
    page.keyboard.press("Enter")
    expect(page.locator(".groups h1")).not_to_have_text(name)
    saved(page)
    label = server.ask(f"groups/{first}")["suggestion"]["label"]
    assert set(server.labels(first, list(server.members(first)))) == {label}
    assert server.group(first)["done"]
    goto(page, first)
    expect(chip(page, 0)).to_have_text(server.ask("session")["classes"][label]["name"])


def test_a_double_click_accepts_one_group_only(page: Page, server: Server) -> None:
    page.locator("button.accept").dblclick()
    saved(page)
    assert server.acts() == 1
    assert server.answered() == 60


def test_misfits_leave_the_group_and_are_not_accepted(page: Page, server: Server) -> None:
    group = group_id(page)
    images = select(page, 2, 5)
    page.keyboard.press("x")
    expect(chip(page, 2)).to_have_text("does not fit")
    saved(page)
    page.keyboard.press("Enter")
    saved(page)
    assert set(images) == set(server.members("misfits"))
    assert not set(images) & set(server.members(group))
    assert server.answered() == 58
    expect(page.locator(".queue [data-group='misfits']")).to_be_visible()


def test_a_misfit_can_be_taken_back_by_the_same_key(page: Page, server: Server) -> None:
    group = group_id(page)
    [chosen] = select(page, 3)
    page.keyboard.press("x")
    saved(page)
    page.keyboard.press("x")
    saved(page)
    assert chosen in server.members(group)


def test_keys_label_the_selection_then_everything_open(page: Page, server: Server) -> None:
    group = group_id(page)
    first = [image(page, 1), image(page, 2)]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("3")
    saved(page)
    assert server.labels(group, first) == [2, 2]
    assert server.answered() == 2
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    saved(page)
    assert server.labels(group, first) == [2, 2]
    assert sorted(filter(None, server.labels(group, list(server.members(group))))) == [1] * 58 + [2] * 2


def test_a_class_is_found_by_typing(page: Page, server: Server) -> None:
    group = group_id(page)
    name = server.ask("session")["classes"][1]["name"]
    [chosen] = select(page, 4)
    page.keyboard.press("/")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(chip(page, 4)).to_have_text(name)
    saved(page)
    assert server.labels(group, [chosen]) == [1]


def test_truly_ambiguous_by_keyboard(page: Page, server: Server) -> None:
    group = group_id(page)
    [chosen] = select(page, 0)
    page.keyboard.press("u")
    page.get_by_role("button", name="All zero").click()
    page.get_by_label("Weight of", exact=False).first.wait_for()
    sliders = page.locator("dialog input[type=range]")
    for number, weight in ((0, "30"), (2, "10")):
        sliders.nth(number).focus()
        field = page.locator("dialog input[type=number]").nth(number)
        field.fill(weight)
    page.keyboard.press("Enter")
    expect(chip(page, 0)).to_have_text(re.compile("75 %.*25 %"))
    saved(page)
    assert server.members(group)[chosen]["answer"]["distribution"] == [0.75, 0, 0.25]


def test_selection_as_in_a_file_browser(page: Page) -> None:
    select(page, 1)
    cell(page, 4).click(modifiers=["Shift"])
    expect(page.locator(".aim:visible")).to_have_text("4 images selected")
    page.keyboard.press("i")
    expect(page.locator(".aim:visible")).to_have_text("56 images selected")
    page.keyboard.press("Control+a")
    expect(page.locator(".aim:visible")).to_have_text("60 images selected")
    page.keyboard.press("Escape")
    expect(page.locator(".aim:visible")).to_contain_text("Nothing selected")


def test_keys_can_be_changed_and_conflicts_are_named(page: Page, server: Server) -> None:
    page.keyboard.press("?")
    page.locator("[data-key='flag']").click()
    page.keyboard.press("x")
    expect(page.locator("dialog .conflict")).to_contain_text("X means both")
    page.locator("[data-key='flag']").click()
    page.keyboard.press("w")
    expect(page.locator("dialog .conflict")).to_be_empty()
    page.keyboard.press("Escape")
    page.reload()
    page.wait_for_selector(".cell[data-image]")
    [chosen] = select(page, 1)
    page.keyboard.press("w")
    expect(toast(page)).to_contain_text("Flagged 1 image")
    saved(page)
    assert server.members(group_id(page))[chosen]["flag"]


@pytest.fixture
def plain(serve: Callable[..., Server], dataset: Path) -> Server:
    return serve(source=dataset)


def test_a_dataset_is_labeled_one_image_at_a_time(context: BrowserContext, plain: Server) -> None:
    page = context.new_page()
    page.goto(plain.address)
    first = page.locator(".stage img[data-image]")
    number = int(first.get_attribute("data-image") or "")
    page.keyboard.press("2")
    expect(first).not_to_have_attribute("data-image", str(number))
    second = int(first.get_attribute("data-image") or "")
    page.keyboard.press("3")
    expect(first).not_to_have_attribute("data-image", str(second))
    saved(page)
    assert plain.labels("all", [number, second]) == [1, 2]
