"""Lost networks and killed servers: no act is lost, none is doubled, and the page says what is unsaved."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import Open
from tests.browser.screen import cell, notice, saved, select
from tests.browser.serving import Server, until
from tests.browser.test_start import ARRIVED

ACTS = "**/api/acts"


def test_network_lost_and_back(server: Server, open_page: Open, context: BrowserContext) -> None:
    group = server.groups("class")[0]
    images = server.members(group)
    page = open_page(server, group=group)
    context.set_offline(True)
    for image, key in zip(images[:3], "123", strict=True):
        select(page, image)
        page.keyboard.press(key)
    expect(notice(page, "unsaved")).to_contain_text("3 acts are kept in this browser")
    names = [one["name"] for one in server.get("session")["classes"][:3]]
    said = "; ".join(f"labeled 1 image as {name}" for name in names)
    expect(notice(page, "unsaved")).to_contain_text(f"{said}. Go on working.")
    expect(page.locator(".groups .saved")).to_have_text("3 acts not saved yet")
    assert server.events() == []
    context.set_offline(False)
    events = server.recorded("label", "label", "label")
    assert [event.images for event in events] == [[image] for image in images[:3]]
    assert [event.payload["label"] for event in events] == [0, 1, 2]
    expect(notice(page, "unsaved")).to_have_count(0)
    saved(page)
    server.recorded("label", "label", "label")


def test_review_and_an_unread_group_say_what_is_true_without_a_network(
    server: Server, open_page: Open, context: BrowserContext
) -> None:
    first, _, third = server.groups("class")
    page = open_page(server, group=first)
    context.set_offline(True)
    page.keyboard.press("v")
    expect(page.locator(".review .facts")).to_have_text("The server does not answer.")
    page.locator("#rail").get_by_role("button", name="Groups").click()
    page.locator(f"button.group[data-group='{third}']").click()
    expect(page.locator(".groups p.empty")).to_contain_text("as soon as the server answers")
    expect(page.locator(".groups .aim")).to_have_text("")
    page.keyboard.press("v")
    again = page.locator(".review").get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    context.set_offline(False)
    again.click()
    expect(page.locator(".review .facts")).to_have_text("Nothing to decide")


def test_undo_without_a_network(server: Server, open_page: Open, context: BrowserContext) -> None:
    group = server.groups("class")[0]
    image = server.members(group)[0]
    page = open_page(server, group=group)
    context.set_offline(True)
    select(page, image)
    page.keyboard.press("1")
    page.keyboard.press("Control+z")
    expect(notice(page, "unsaved")).to_contain_text("2 acts")
    context.set_offline(False)
    events = server.recorded("label", "undo")
    assert events[1].payload["target_seq"] == events[0].seq
    assert all(one["answer"] is None for one in server.group(group)["members"])


def test_killed_before_an_act_was_recorded(server: Server, open_page: Open) -> None:
    """The server has the request but not yet the act: it dies, and comes back on the same port."""
    group = server.groups("class")[0]
    images = server.members(group)
    page = open_page(server, group=group)
    server.freeze()
    with page.expect_request(ACTS):
        page.keyboard.press("Enter")
    server.kill()
    expect(notice(page, "unsaved")).to_contain_text("1 act is kept in this browser")
    assert server.events() == []
    server.start()
    (event,) = server.recorded("accept")
    assert sorted(event.images) == sorted(images)
    expect(notice(page, "unsaved")).to_have_count(0)
    saved(page)
    server.recorded("accept")


def test_killed_before_the_answer_arrived(server: Server, open_page: Open) -> None:
    """The act is in the database, the page does not know: it sends the act again, and it counts once."""
    group = server.groups("class")[0]
    page = open_page(server, group=group)
    attempts: list[str] = []

    def die_after_recording(route: Route) -> None:
        attempts.append(json.loads(route.request.post_data or "")["key"])
        if len(attempts) == 1:
            assert route.fetch().status == 201
            server.kill()
            route.abort()
        else:
            route.continue_()

    page.route(ACTS, die_after_recording)
    page.keyboard.press("Enter")
    expect(notice(page, "unsaved")).to_contain_text("1 act is kept in this browser")
    server.recorded("accept")
    server.start()
    expect(notice(page, "unsaved")).to_have_count(0)
    saved(page)
    (event,) = server.recorded("accept")
    assert len(attempts) > 1
    assert set(attempts) == {event.payload["key"]}
    assert server.get("queue")["progress"]["answered"] == 20


def test_a_page_that_was_closed_meanwhile(server: Server, open_page: Open) -> None:
    """What was not saved when the page was closed is sent by the next page."""
    group = server.groups("class")[0]
    images = server.members(group)
    page = open_page(server, group=group)
    server.kill()
    select(page, images[1])
    page.keyboard.press("2")
    expect(notice(page, "unsaved")).to_contain_text("1 act")
    page.close()
    server.start()
    again = open_page(server, group=group)
    (event,) = server.recorded("label")
    assert (event.images, event.payload["label"]) == ([images[1]], 1)
    saved(again)


def test_two_tabs_send_each_act_once(server: Server, open_page: Open) -> None:
    """Two tabs of one person: each says that there is another one; both save."""
    one, two = server.groups("class")[:2]
    first, second = open_page(server, group=one), open_page(server, group=two)
    for page in (first, second):
        expect(notice(page, "tabs")).to_contain_text("open in another tab too")
    server.kill()
    for page, group in ((first, one), (second, two)):
        page.bring_to_front()
        press_accept(page, group)
    server.start()
    events = server.recorded("accept", "accept")
    assert {event.payload["group"] for event in events} == {one, two}
    until(lambda: server.get("queue")["progress"]["answered"], lambda count: count == 40)
    server.recorded("accept", "accept")
    second.close()
    expect(notice(first, "tabs")).to_have_count(0)


def press_accept(page: Page, group: str) -> None:
    page.keyboard.press("Enter")
    expect(page.locator(f"[data-group='{group}'] .state")).to_have_text("done")


def test_a_group_that_did_not_come_comes_when_the_server_is_back(server: Server, open_page: Open) -> None:
    first, last = server.groups("class")[0], server.groups("cluster")[-1]
    page = open_page(server, group=first)
    page.route(f"**/api/groups/{last}*", lambda route: route.abort())
    page.locator(f"button.group[data-group='{last}']").click()
    expect(notice(page, "trouble")).to_be_visible()
    page.unroute(f"**/api/groups/{last}*")
    expect(cell(page, server.members(last)[0])).to_be_visible()
    expect(notice(page, "trouble")).to_have_count(0)


def test_pictures_that_did_not_come_come_when_the_network_is_back(
    server: Server, context: BrowserContext, open_page: Open
) -> None:
    for kind in ("**/api/thumbnails?*", "**/thumb?*"):
        context.route(kind, lambda route: route.abort())
    page = open_page(server)
    broken = "[...document.querySelectorAll('[role=gridcell] img')].every(one => one.complete && one.src)"
    until(lambda: page.evaluate(broken), bool)
    context.unroute_all()
    until(lambda: page.evaluate(ARRIVED), bool)


def test_a_large_picture_that_did_not_come_comes_when_the_network_is_back(
    server: Server, context: BrowserContext, open_page: Open
) -> None:
    page = open_page(server)
    context.route("**/full?*", lambda route: route.abort())
    page.keyboard.press("o")
    picture = page.locator(".stage img[data-image]")
    width = "picture => picture.complete ? picture.naturalWidth : null"
    until(lambda: picture.evaluate(width), lambda pixels: pixels == 0)
    context.unroute_all()
    until(lambda: picture.evaluate(width), bool)


def test_acts_wait_for_the_database_they_were_made_for(
    run: Path, tmp_path: Path, server: Server, open_page: Open
) -> None:
    """Another database is served at the address of the page: it gets no act of the page."""
    group = server.groups("class")[0]
    images = server.members(group)
    page = open_page(server, group=group)
    with taken_over(server, run, tmp_path / "other.sqlite") as other:
        select(page, images[0])
        page.keyboard.press("2")
        expect(notice(page, "elsewhere")).to_contain_text("1 act is kept in this browser")
        page.keyboard.press("3")
        expect(page.locator("#toast")).to_contain_text("Reload the page first")
        notice(page, "elsewhere").get_by_role("button", name="Reload").click()
        page.wait_for_selector("[role=gridcell][data-image]")
        expect(notice(page, "elsewhere")).to_have_count(0)
        assert other.events() == []
    server.start()
    open_page(server, group=group)
    (event,) = server.recorded("label")
    assert (event.images, event.payload["label"]) == ([images[0]], 1)


def test_acts_wait_for_the_person_who_made_them(server: Server, open_page: Open) -> None:
    """People take turns: the server is started for somebody else while a page is open."""
    group = server.groups("class")[0]
    images = server.members(group)
    page = open_page(server, group=group)
    with turn_of("bo", server):
        select(page, images[0])
        page.keyboard.press("2")
        expect(notice(page, "elsewhere")).to_contain_text(
            "The server takes the acts of bo now, but this page is that of ann. 1 act of ann is kept"
        )
        page.keyboard.press("3")
        expect(page.locator("#toast")).to_contain_text("Reload the page first")
        notice(page, "elsewhere").get_by_role("button", name="Reload").click()
        expect(notice(page, "elsewhere")).to_have_count(0)
        page.wait_for_selector("[role=gridcell][data-image]")
        assert server.events() == []
        told_once(page, "1 act of ann is kept in this browser and sent when the server is started with")
    again = open_page(server, group=group)
    expect(notice(again, "others")).to_have_count(0)
    (event,) = server.recorded("label")
    assert (event.annotator, event.images, event.payload["label"]) == ("ann", [images[0]], 1)


def told_once(page: Page, words: str) -> None:
    """Check that a page tells of acts of somebody else until that was read, a reload or not."""
    for _ in range(2):
        expect(notice(page, "others")).to_contain_text(words)
        page.reload()
    notice(page, "others").get_by_role("button", name="Understood").click()
    expect(notice(page, "others")).to_have_count(0)
    page.reload()
    page.wait_for_selector("[role=gridcell][data-image]")
    expect(notice(page, "others")).to_have_count(0)


@contextmanager
def turn_of(name: str, server: Server) -> Iterator[None]:
    """Start a server for another person, on the same port and database, and then for the first again."""
    mine = server.command
    at = mine.index("--annotator") + 1
    server.end()
    server.command = [*mine[:at], name, *mine[at + 1 :]]
    server.start()
    try:
        yield
    finally:
        server.release()
        server.end()
        server.command = mine
        server.start()


@contextmanager
def taken_over(server: Server, source: Path, database: Path) -> Iterator[Server]:
    """Serve another database at the address of a server, which is killed."""
    server.kill()
    other = Server(source, database)
    other.command = [str(server.port) if part == str(other.port) else part for part in other.command]
    other.port, other.address = server.port, server.address
    other.start()
    try:
        yield other
    finally:
        other.end()


SHOWN = {"the dashboard": ".dashboard .figure", "one by one": ".stage img[data-image]"}
LOOKING = ("another group", "the dashboard", "more pictures", "one by one", "nothing")


@pytest.mark.parametrize("looking", LOOKING)
def test_a_page_whose_address_another_database_took_over_shows_nothing_of_it(
    run: Path, tmp_path: Path, server: Server, open_page: Open, looking: str
) -> None:
    """Nobody has acted: looking at what the page does not have yet, or only waiting, is enough to notice."""
    first, last = server.groups("class")[0], server.groups("cluster")[-1]
    page = open_page(server, group=first)
    until(lambda: page.evaluate(ARRIVED), bool)
    if looking != "nothing":
        page.route("**/api/events*", lambda route: route.abort())
    with taken_over(server, run, tmp_path / "other.sqlite") as other:
        if looking == "another group":
            page.locator(f"button.group[data-group='{last}']").click()
        elif looking == "the dashboard":
            page.keyboard.press("d")
        elif looking == "more pictures":
            page.keyboard.press("-")
        elif looking == "one by one":
            page.keyboard.press("o")
        expect(notice(page, "elsewhere")).to_contain_text("The server shows other data now than this page")
        expect(notice(page, "trouble")).to_have_count(0)
        expect(page.locator(".card a")).to_have_count(0)
        if looking == "another group":
            expect(page.locator(".groups .empty")).to_have_text("Reload to see what the server shows now.")
        assert all(one["lease"] is None for one in other.get("queue")["groups"])
        notice(page, "elsewhere").get_by_role("button", name="Reload").click()
        expect(notice(page, "elsewhere")).to_have_count(0)
        page.wait_for_selector(SHOWN.get(looking, "[role=gridcell][data-image]"))


def test_a_copy_of_a_window_is_a_window_of_its_own(
    server: Server, context: BrowserContext, open_page: Open
) -> None:
    page = open_page(server)
    with context.expect_page() as opened:
        page.evaluate("open(location.href)")
    copy = opened.value
    expect(notice(copy, "tabs")).to_be_visible()
    tab = "sessionStorage.getItem('s2c2.tab')"
    assert copy.evaluate(tab) != page.evaluate(tab)


def test_time_is_kept_for_one_person_and_one_database(server: Server, open_page: Open) -> None:
    page = open_page(server)
    page.reload()
    page.wait_for_selector("[role=gridcell][data-image]")
    session = server.get("session")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    kept = set(page.evaluate("Object.keys(sessionStorage)")) - {"s2c2.tab"}
    assert kept == {
        f"s2c2.{session['dataset']}.{session['annotator']}.{name}" for name in ("clock", "active")
    }
