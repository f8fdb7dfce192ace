"""Two annotators on one board, each with a server of their own on the same database."""

import re
import shutil
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.conftest import FLAGS, Open
from tests.browser.screen import cell, notice, saved, select, show
from tests.browser.serving import SCOPE, Server, until


@pytest.fixture
def watching(
    pair: list[Server], open_page: Open, context: BrowserContext, other_context: BrowserContext
) -> tuple[Page, Page, list[int]]:
    """Return the pages of ann and bob on one group, and its images; bob's asks by now what others do."""
    here, there = pair
    group = here.groups("class")[0]
    bob = open_page(there, other_context, group)
    with bob.expect_response("**/api/events*"):
        ann = open_page(here, context, group)
    return ann, bob, here.members(group)


def test_the_second_sees_who_changed_what(
    pair: list[Server], open_page: Open, context: BrowserContext, other_context: BrowserContext
) -> None:
    here, there = pair
    group = here.groups("class")[0]
    images = here.members(group)
    ann = open_page(here, context, group)
    bob = open_page(there, other_context, group)
    expect(notice(bob, "held")).to_contain_text("ann works on this group")
    select(ann, images[0])
    ann.keyboard.press("3")
    here.recorded("label")
    select(bob, images[0], images[1])
    bob.keyboard.press("2")
    expect(notice(bob, "conflict")).to_contain_text("ann changed this group first (label")
    expect(notice(bob, "conflict")).to_contain_text("What you did was not recorded")
    (event,) = there.recorded("label")
    assert event.annotator == "ann"
    name = there.get("session")["classes"][2]["name"]
    expect(cell(bob, images[0]).locator(".chip")).to_have_text(name)
    expect(cell(bob, images[1]).locator(".chip")).to_be_hidden()


def test_after_a_conflict_the_second_goes_on(
    pair: list[Server], open_page: Open, context: BrowserContext, other_context: BrowserContext
) -> None:
    here, there = pair
    group = here.groups("class")[0]
    images = here.members(group)
    ann, bob = open_page(here, context, group), open_page(there, other_context, group)
    select(ann, images[3])
    ann.keyboard.press("x")
    here.recorded("misfit")
    bob.keyboard.press("Enter")
    there.recorded("misfit")
    name = there.group(group)["name"]
    expect(notice(bob, "conflict")).to_contain_text(f"ann changed {name} first (misfit")
    expect(bob).not_to_have_url(re.compile(f"/{group}$"))
    bob.get_by_role("button", name="Show the group").click()
    expect(notice(bob, "conflict")).to_have_count(0)
    expect(bob).to_have_url(re.compile(f"/{group}$"))
    expect(cell(bob, images[3])).to_have_count(0)
    bob.keyboard.press("Enter")
    first, second = there.recorded("misfit", "accept")
    assert (first.annotator, second.annotator) == ("ann", "bob")
    assert set(second.images) == set(images) - {images[3]}


def test_a_late_conflict_leaves_the_screen_where_it_is(
    pair: list[Server], open_page: Open, context: BrowserContext, other_context: BrowserContext
) -> None:
    here, there = pair
    first, second = here.groups("class")[:2]
    ann, bob = open_page(here, context, first), open_page(there, other_context, first)
    images = here.members(first)
    held: list[Route] = []
    bob.route("**/api/acts", lambda route: route.continue_() if held else held.append(route))
    for image in images[:2]:
        select(bob, image)
        bob.keyboard.press("2")
    until(lambda: bob.evaluate("1") and held, bool)
    show(bob, second)
    select(bob, there.members(second)[3])
    select(ann, images[0])
    ann.keyboard.press("3")
    here.recorded("label")
    held[0].continue_()
    expect(notice(bob, "conflict")).to_have_count(2)
    name = there.group(first)["name"]
    expect(notice(bob, "conflict").first).to_contain_text(f"ann changed {name} first (label")
    saved(bob)
    expect(bob).to_have_url(re.compile(f"/{second}$"))
    expect(bob.locator("[role=gridcell][aria-selected=true]")).to_have_count(1)
    notice(bob, "conflict").first.get_by_role("button", name="Understood").click()
    notice(bob, "conflict").get_by_role("button", name="Show the group").click()
    expect(bob).to_have_url(re.compile(f"/{first}$"))
    expect(notice(bob, "conflict")).to_have_count(0)


def test_what_one_does_the_other_sees(pair: list[Server], watching: tuple[Page, Page, list[int]]) -> None:
    here, there = pair
    ann, bob, images = watching
    image = images[2]
    select(ann, image)
    ann.keyboard.press("1")
    here.recorded("label")
    name = there.get("session")["classes"][0]["name"]
    expect(cell(bob, image).locator(".chip")).to_have_text(name)


def test_what_is_selected_stays_so_when_another_person_acts(
    pair: list[Server], watching: tuple[Page, Page, list[int]]
) -> None:
    here, there = pair
    ann, bob, images = watching
    select(bob, images[5], images[7])
    bob.keyboard.press("u")
    select(ann, images[2])
    ann.keyboard.press("x")
    here.recorded("misfit")
    expect(cell(bob, images[2])).to_have_count(0)
    expect(bob.locator("[role=gridcell][aria-selected=true]")).to_have_count(2)
    bob.keyboard.press("Enter")
    _, event = there.recorded("misfit", "ambiguous")
    assert (event.annotator, sorted(event.images)) == ("bob", sorted([images[5], images[7]]))


def test_a_key_is_not_for_all_images_when_what_was_selected_has_left(
    pair: list[Server], watching: tuple[Page, Page, list[int]]
) -> None:
    here, there = pair
    ann, bob, images = watching
    image = images[2]
    select(bob, image)
    select(ann, image)
    ann.keyboard.press("x")
    expect(cell(bob, image)).to_have_count(0)
    bob.keyboard.press("1")
    expect(bob.locator("#toast")).to_contain_text("What you had selected has left this group")
    here.recorded("misfit")
    bob.keyboard.press("1")
    _, event = there.recorded("misfit", "label")
    assert len(event.images) == 19


def test_a_group_that_another_person_merged_is_told_as_empty(
    pair: list[Server], watching: tuple[Page, Page, list[int]]
) -> None:
    here, _ = pair
    ann, bob, _ = watching
    ann.keyboard.press("m")
    ann.get_by_role("combobox").fill("cluster")
    ann.keyboard.press("Enter")
    here.recorded("merge")
    expect(bob.locator(".groups .empty")).to_have_text("This group has no images any more.")
    bob.keyboard.press("Enter")
    expect(bob.locator("#toast")).to_contain_text("No image is left in this group")
    bob.keyboard.press("n")
    first = here.get("queue")["groups"][0]["group"]
    expect(bob).to_have_url(re.compile(f"/{first}$"))


def test_a_group_whose_split_another_person_took_back_is_told_as_empty(
    pair: list[Server], open_page: Open
) -> None:
    here, there = pair
    group = here.groups("class")[0]
    body = {"key": str(uuid4()), "act": "split", "scope": SCOPE, "group": group}
    assert here.send("POST", "acts", body | {"images": here.members(group)[:3]}) == 201
    bob = open_page(there, group=here.groups("split")[0])
    assert here.undo()
    expect(bob.locator(".groups .empty")).to_have_text("This group has no images any more.")
    expect(bob.locator("#notices .notice")).to_have_count(0)


def test_all_open_images_are_those_that_were_open_when_the_window_opened(
    pair: list[Server], watching: tuple[Page, Page, list[int]]
) -> None:
    here = pair[0]
    ann, bob, images = watching
    image = images[2]
    bob.keyboard.press("u")
    expect(bob.locator("dialog h2")).to_have_text("Truly ambiguous: all 20 open")
    select(ann, image)
    ann.keyboard.press("x")
    expect(cell(bob, image)).to_have_count(0)
    bob.keyboard.press("Enter")
    expect(notice(bob, "conflict")).to_contain_text("ann changed")
    here.recorded("misfit")


@pytest.fixture
def left_over(pair: list[Server]) -> list[int]:
    """Return three images that fit in no group, which is a group that many work on at once."""
    here = pair[0]
    group = here.groups("class")[0]
    images = here.members(group)[:3]
    body = {"key": str(uuid4()), "act": "misfit", "scope": SCOPE, "group": group, "images": images}
    assert here.send("POST", "acts", body) == 201
    return images


def test_what_another_person_did_between_two_own_acts_is_not_overwritten(
    pair: list[Server],
    left_over: list[int],
    open_page: Open,
    context: BrowserContext,
    other_context: BrowserContext,
) -> None:
    here, there = pair
    context.route("**/api/events*", lambda route: route.abort())
    ann, bob = open_page(here, context, "misfits"), open_page(there, other_context, "misfits")
    select(bob, left_over[1])
    bob.keyboard.press("3")
    here.recorded("misfit", "label")
    select(ann, left_over[0])
    ann.keyboard.press("1")
    here.recorded("misfit", "label", "label")
    saved(ann)
    select(ann, left_over[1])
    ann.keyboard.press("2")
    expect(notice(ann, "conflict")).to_contain_text("bob changed this group first (label")
    name = there.get("session")["classes"][2]["name"]
    expect(cell(ann, left_over[1]).locator(".chip")).to_have_text(name)
    select(ann, left_over[2])
    ann.keyboard.press("2")
    events = here.recorded("misfit", "label", "label", "label")
    assert [event.annotator for event in events] == ["ann", "bob", "ann", "ann"]
    assert [event.images for event in events[1:]] == [[left_over[at]] for at in (1, 0, 2)]


def test_what_another_person_did_between_two_own_acts_is_seen(
    pair: list[Server], left_over: list[int], open_page: Open, context: BrowserContext
) -> None:
    here, there = pair
    acted: list[bool] = []
    context.route("**/api/events*", lambda route: route.continue_() if acted else route.abort())
    ann = open_page(here, context, "misfits")
    body = {"key": str(uuid4()), "act": "label", "scope": SCOPE, "group": "misfits", "label": 2}
    assert there.send("POST", "acts", body | {"images": left_over[1:2]}) == 201
    select(ann, left_over[0])
    ann.keyboard.press("1")
    here.recorded("misfit", "label", "label")
    saved(ann)
    acted.append(True)
    name = there.get("session")["classes"][2]["name"]
    expect(cell(ann, left_over[1]).locator(".chip")).to_have_text(name)


def test_what_another_person_answered_meanwhile_does_not_join_and_is_told(
    pair: list[Server], open_page: Open, context: BrowserContext
) -> None:
    here, there = pair
    group = here.groups("cluster")[0]
    near = [one["id"] for one in here.get(f"groups/{group}/similar?limit=3")["images"]]
    ann = open_page(here, context, group)
    ann.keyboard.press("g")
    expect(ann.locator(".growing .facts")).to_contain_text("0 looks")
    ann.keyboard.press("j")
    for image in near:
        ann.locator(f".page[data-border] .cell:has(img[data-image='{image}'])").click()
    body = {"key": str(uuid4()), "act": "label", "scope": SCOPE, "label": 2, "images": near[1:2]}
    assert there.send("POST", "acts", body) == 201
    ann.keyboard.press("Enter")
    _, event = here.recorded("label", "grow")
    assert (event.annotator, event.images) == ("ann", [near[0], near[2]])
    expect(ann.locator("#toast")).to_contain_text("Added 2 images. 1 image was left out: answered or moved")
    expect(cell(ann, near[0])).to_be_visible()
    expect(cell(ann, near[1])).to_have_count(0)


def test_other_groups_do_not_meet(
    pair: list[Server], open_page: Open, context: BrowserContext, other_context: BrowserContext
) -> None:
    here, there = pair
    one, two = here.groups("class")[:2]
    ann, bob = open_page(here, context, one), open_page(there, other_context, two)
    ann.keyboard.press("Enter")
    bob.keyboard.press("Enter")
    events = here.recorded("accept", "accept")
    assert {(event.annotator, event.payload["group"]) for event in events} == {("ann", one), ("bob", two)}
    until(lambda: answered(here), lambda count: count == 40)


def answered(server: Server) -> int:
    return int(server.get("queue")["progress"]["answered"])


def test_what_one_does_right_after_the_other_came_is_seen(
    pair: list[Server], open_page: Open, context: BrowserContext
) -> None:
    here, there = pair
    group = here.groups("class")[0]
    image = here.members(group)[2]
    body = {
        "key": str(uuid4()),
        "act": "label",
        "scope": SCOPE,
        "group": group,
        "images": [image],
        "label": 0,
    }
    done: list[int] = []

    def act_first(route: Route) -> None:
        if not done:
            done.append(here.send("POST", "acts", body))
        route.continue_()

    context.route("**/api/events*", act_first)
    bob = open_page(there, context, group)
    name = there.get("session")["classes"][0]["name"]
    expect(cell(bob, image).locator(".chip")).to_have_text(name)
    assert done == [201]


def test_a_group_is_left_to_the_one_who_works_on_it_and_given_back(
    pair: list[Server], open_page: Open, context: BrowserContext, other_context: BrowserContext
) -> None:
    here, there = pair
    first, second, third = [one["group"] for one in here.get("queue")["groups"]][:3]

    ann = open_page(here, context, first)
    until(lambda: held(there), lambda groups: groups == [first])
    bob = open_page(there, other_context)
    expect(bob).to_have_url(re.compile(f"/{second}$"))
    until(lambda: held(there), lambda groups: groups == [first, second])
    show(ann, third)
    until(lambda: held(there), lambda groups: groups == [second, third])


def held(server: Server) -> list[str]:
    """Return the groups that somebody works on."""
    return [one["group"] for one in server.get("queue")["groups"] if one["lease"]]


def leases(server: Server) -> list[str]:
    """Return when the leases end that run."""
    return [one["lease"]["until"] for one in server.get("queue")["groups"] if one["lease"]]


def close(page: Page) -> None:
    page.close()


def go_elsewhere(page: Page) -> None:
    page.goto("about:blank")


@pytest.mark.parametrize("leave", [close, go_elsewhere])
def test_a_group_is_given_back_when_its_window_is_left(
    server: Server, open_page: Open, leave: Callable[[Page], None]
) -> None:
    group = server.groups("class")[1]
    page = open_page(server, group=group)
    until(lambda: held(server), lambda groups: groups == [group])
    leave(page)
    until(lambda: held(server), lambda groups: not groups)


def test_a_group_stays_held_while_another_window_of_the_same_person_is_on_it(
    pair: list[Server], open_page: Open
) -> None:
    here, there = pair
    first, second = here.groups("class")[:2]
    page, other = open_page(here, group=first), open_page(here, group=second)
    until(lambda: held(there), lambda groups: set(groups) == {first, second})
    show(other, first)
    until(lambda: held(there), lambda groups: groups == [first])
    show(other, second)
    until(lambda: held(there), lambda groups: set(groups) == {first, second})
    show(page, second)
    until(lambda: held(there), lambda groups: groups == [second])
    with other.expect_response("**/api/events*"):
        page.close()
    assert held(there) == [second]
    other.close()
    until(lambda: held(there), lambda groups: not groups)


def test_a_group_stays_held_while_another_device_of_the_same_person_is_on_it(
    pair: list[Server], open_page: Open, context: BrowserContext, other_context: BrowserContext
) -> None:
    here, there = pair
    first, second = here.groups("class")[:2]
    page = open_page(here, context, first)
    until(lambda: held(there), lambda groups: groups == [first])
    (before,) = leases(there)
    other = open_page(here, other_context, first)
    until(lambda: leases(there), lambda ends: ends != [before])
    show(page, second)
    until(lambda: held(there), lambda groups: second in groups)
    assert set(held(there)) == {first, second}
    show(other, second)
    until(lambda: held(there), lambda groups: groups == [second])


def test_a_window_that_is_looked_at_again_takes_its_group_again(server: Server, open_page: Open) -> None:
    group = server.groups("class")[1]
    page = open_page(server, group=group)
    until(lambda: held(server), lambda groups: groups == [group])
    server.send("DELETE", "lease", {"group": group, "scope": SCOPE})
    assert held(server) == []
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    until(lambda: held(server), lambda groups: groups == [group])


def test_a_reload_keeps_place_and_group_also_when_the_page_before_gives_it_back_late(
    server: Server, open_page: Open
) -> None:
    group = server.groups("class")[1]
    page = open_page(server, group=group)
    until(lambda: held(server), lambda groups: groups == [group])
    (lease,) = [one["lease"] for one in server.get("queue")["groups"] if one["lease"]]
    with page.expect_response(lambda reply: "/api/lease" in reply.url and reply.status == 200):
        page.reload()
    late = {"group": group, "scope": SCOPE, "until": lease["until"]}
    assert server.send("DELETE", "lease", late) == 204
    assert held(server) == [group]
    expect(page).to_have_url(re.compile(f"/{group}$"))


def test_a_page_that_comes_back_takes_its_group_again(server: Server, chromium: Browser) -> None:
    """Only a browser that keeps pages which were left shows it; others load them anew."""
    launched = chromium.browser_type.launch(
        executable_path=shutil.which("chromium"),
        args=FLAGS,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    group = server.groups("class")[1]
    page = launched.new_page()
    page.goto(f"{server.address}#groups/{group}")
    until(lambda: held(server), lambda groups: groups == [group])
    page.evaluate("window.kept = true")
    page.goto("about:blank")
    until(lambda: held(server), lambda groups: not groups)
    page.go_back(wait_until="commit")
    assert page.evaluate("window.kept") is True
    until(lambda: held(server), lambda groups: groups == [group])
    expect(page).to_have_url(re.compile(f"/{group}$"))
    launched.close()
