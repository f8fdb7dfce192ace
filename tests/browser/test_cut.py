"""Nothing that is to be read is cut, covered or torn, at the widths of a desk and of a tablet."""

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import Open
from tests.browser.screen import notice, saved, select
from tests.browser.serving import Server
from tests.browser.test_people import joined

SIZES = [(1280, 800), (820, 1180)]
LONG = "large adenocarcinoma of the upper layer {}"
CUT = "one => one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight"
LINES = """word => {
  const code = document.querySelector(".command code");
  const walk = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const at = node.data.indexOf(word);
    if (at < 0) continue;
    const range = new Range();
    range.setStart(node, at);
    range.setEnd(node, at + word.length);
    return new Set([...range.getClientRects()].map(({ top }) => top)).size;
  }
  return null;
}"""


def test_the_banner_of_another_tab_begins_beside_its_sign(server: Server, open_page: Open) -> None:
    page, _ = open_page(server), open_page(server)
    expect(notice(page, "tabs")).to_be_visible()
    words = notice(page, "tabs").locator("p").bounding_box()
    assert words is not None
    assert words["x"] < 60


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_what_is_said_of_a_group_is_not_cut(server: Server, open_page: Open, width: int, height: int) -> None:
    page = open_page(server, group=server.groups("cluster")[0])
    page.set_viewport_size({"width": width, "height": height})
    expect(page.locator(".groups .facts")).to_have_text("20 of 20 images open · ambiguous cluster")
    assert not page.locator(".groups .facts").evaluate(CUT)


def test_options_of_the_command_are_not_torn(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    page = open_page(server, group=group)
    select(page, server.members(group)[0])
    page.keyboard.press("1")
    saved(page)
    page.keyboard.press("d")
    expect(page.locator(".command code")).to_contain_text(" --annotations ")
    for width in range(900, 1500, 20):
        page.set_viewport_size({"width": width, "height": 800})
        assert [page.evaluate(LINES, word) for word in ("--config", "--annotations")] == [1, 1], width


def test_the_ring_around_the_search_is_whole(server: Server, open_page: Open) -> None:
    page = open_page(server, group=server.groups("class")[0])
    page.keyboard.press("/")
    field = page.get_by_role("combobox")
    expect(field).to_be_focused()
    box = field.bounding_box()
    assert box is not None
    above = "([x, y]) => document.elementFromPoint(x, y).closest('.top') === null"
    assert page.evaluate(above, [box["x"] + box["width"] / 2, box["y"] - 4])


def test_a_name_of_two_words_is_read_whole(context: BrowserContext, team: tuple[str, str]) -> None:
    page: Page = joined(context, *team, "Eve Adams")
    name = page.locator(".brand .quiet")
    expect(name).to_have_text("Eve Adams")
    assert not name.evaluate(CUT)


def test_the_group_of_what_fits_nowhere_is_called_as_it_is_elsewhere(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    page = open_page(server, group=group)
    select(page, server.members(group)[0])
    page.keyboard.press("x")
    expect(page.locator("button.group[data-group='misfits'] .name")).to_contain_text("left over")


def test_long_names_of_classes_leave_room_and_are_read_whole(
    server: Server, open_page: Open, context: BrowserContext
) -> None:
    def long(route: Route) -> None:
        session = route.fetch().json()
        session["classes"] = [{"name": LONG.format(at), "index": at} for at in range(40)]
        route.fulfill(json=session)

    context.route("**/api/session", long)
    page = open_page(server, group=server.groups("class")[0])
    grid = page.locator(".grid").bounding_box()
    assert grid is not None
    assert grid["height"] > 400
    for name in page.locator(".groups .class").all()[:12]:
        assert not name.evaluate(CUT)
    page.keyboard.press("u")
    page.set_viewport_size({"width": 390, "height": 844})
    for words in page.locator("dialog :is(.presets button, .weight .name)").all()[:12]:
        assert not words.evaluate(CUT)
    expect(page.get_by_role("button", name="Give this soft label")).to_be_in_viewport(ratio=1)
    assert not page.locator("dialog").evaluate("one => one.scrollWidth > one.clientWidth")
