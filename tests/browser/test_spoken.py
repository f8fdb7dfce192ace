"""What a screen reader is told of the list of groups, the grid and a window: roles, names and states."""

from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.screen import select
from tests.browser.serving import Server

RAIL = """
- navigation "Groups and progress":
  - button "Light or dark"
  - button "Groups B"
  - button "One by one O"
  - button "Review V"
  - button "Dashboard D"
  - strong: 0 of 120 images
  - img "0 % of the images are answered"
  - heading "Groups" [level=2]
  - list:
    - listitem:
      - button /^disc class open 20 images disc \\d+ % moderate suggestion$/
    - listitem:
      - button /^wedge ?class open 20 images wedge \\d+ % moderate suggestion$/
    - listitem:
      - button /^cluster 5 ?cluster open 20 images tile \\d+ % moderate suggestion$/
"""
"""The first of the list; others may follow."""

GRID = """
- region "Group":
  - heading "disc" [level=1]
  - paragraph: 19 of 20 images open · certain class
  - button "Accept 19 as disc ⏎"
  - button "Previous group"
  - button "Next group"
  - grid "Images of the group":
    - row:
      - gridcell "Image 1, no answer"
      - gridcell "Image 2, disc"
      - gridcell "Image 3, no answer" [selected]
  - status: 1 image selected
  - button "Compare C" [disabled]
  - button "Undo Ctrl+Z"
  - group "Label":
    - button "1 disc"
    - button "Search /"
  - group "Acts":
    - button "Not fitting X"
    - button "Grow G"
"""

WINDOW = """
- 'dialog "Truly ambiguous: 1 image"':
  - 'heading "Truly ambiguous: 1 image" [level=2]'
  - button "Close"
  - button "All the same"
  - slider "Weight of disc"
  - spinbutton "Weight of disc as a number"
  - status: /\\d+ %/
  - slider "Weight of tile"
  - spinbutton "Weight of tile as a number"
  - paragraph: The shares always add up to 100 %.
  - button "Give this soft label ⏎"
"""


def test_list_of_groups(server: Server, open_page: Open) -> None:
    page = open_page(server, group=server.groups("class")[0])
    expect(page.locator("#rail")).to_match_aria_snapshot(RAIL)
    expect(page.locator("#rail").get_by_role("button", name="Groups B")).to_have_attribute(
        "aria-current", "page"
    )


def test_grid_and_window(server: Server, open_page: Open) -> None:
    group = server.groups("class")[0]
    page = open_page(server, group=group)
    _, second, third, *_ = server.members(group)
    select(page, second)
    page.keyboard.press("1")
    server.recorded("label")
    select(page, third)
    expect(page.locator("#work")).to_match_aria_snapshot(GRID)
    page.keyboard.press("u")
    expect(page.locator("dialog")).to_match_aria_snapshot(WINDOW)
    page.keyboard.press("Escape")
    expect(page.get_by_role("gridcell", name="Image 3, no answer")).to_be_focused()
