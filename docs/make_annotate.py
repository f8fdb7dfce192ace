"""Make the pictures of the annotator's guide: ``make demo``, then ``python docs/make_annotate.py``.

Two people use the app on a copy of the database: one answers groups, the other answers some images otherwise.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Page, ViewportSize, sync_playwright

STATIC = Path(__file__).parent / "_static"
RUN = Path("demo/mean-teacher-readout")
SIZE: ViewportSize = {"width": 1280, "height": 720}
COLOURS = 80
CHROMIUM = Path("/usr/bin/chromium")
PAUSE = 900
COMMAND = "s2c2 train demo/dataset --annotations demo/mean-teacher-readout/annotations.sqlite"
"""What the dashboard says where the database is in its usual place."""


@contextmanager
def server(run: Path, database: Path, annotator: str) -> Iterator[str]:
    """Run the app for one person, and yield its address."""
    command = [sys.executable, "-u", "-c", "from s2c2.cli import main; main()", "annotate", str(run)]
    options = ["--no-open", "--annotator", annotator, "--database", str(database)]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = (re.search(r"http://\S+", line) for line in process.stdout)
        try:
            yield next(found.group() for found in said if found)
        finally:
            process.terminate()


def press(page: Page, *keys: str) -> None:
    """Press keys one after the other, and wait until the page has followed."""
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_timeout(PAUSE)


def pick(page: Page, *positions: int) -> None:
    """Select images of the grid."""
    for at, position in enumerate(positions):
        cell = page.locator(f"[data-position='{position}']")
        cell.click(modifiers=["Control"] if at else [])


def enter(page: Page, address: str, group: str) -> None:
    """Open a group of the app."""
    page.goto(f"{address}#groups/{group}")
    page.reload()
    page.locator("[data-image]").first.wait_for()
    page.wait_for_timeout(2 * PAUSE)


def keep(page: Page, name: str) -> None:
    """Write what is on the screen as a small picture."""
    screen = Image.open(BytesIO(page.screenshot())).convert("RGB")
    path = STATIC / f"annotate-{name}.png"
    screen.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.stat().st_size // 1000:4d} kB {path.name}")


def answer(page: Page, address: str, groups: list[str]) -> None:
    """Answer the first group with the keys of the guide, and take pictures on the way."""
    enter(page, address, groups[0])
    pick(page, 7, 16)
    keep(page, "group")
    press(page, "x")
    pick(page, 2)
    press(page, "3")
    pick(page, 18)
    press(page, "u")
    keep(page, "ambiguous")
    press(page, "Enter")
    press(page, "Escape")
    keep(page, "answered")
    press(page, "Enter")
    for group in groups[1:3]:
        enter(page, address, group)
        press(page, "Escape", "Enter")
    enter(page, address, groups[3])
    press(page, "g")
    keep(page, "grow")


def differ(page: Page, address: str, groups: list[str]) -> None:
    """Answer images of two groups as the other did, and some otherwise."""
    for group, key in zip(groups, ["4", "1"], strict=True):
        enter(page, address, group)
        pick(page, 12)
        press(page, *["Shift+PageDown"] * 3)
        press(page, key)
    press(page, "Home")
    pick(page, 14, 20, 21)
    press(page, "2")


def main(run: Path = RUN) -> None:
    """Drive the app on a run and write its pictures.

    Args:
        run: a run with proposals; its own database is left alone.
    """
    groups = ["cluster-34", "class-0", "class-5", "class-4"]
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        database = Path(folder) / "annotations.sqlite"
        path = str(CHROMIUM) if CHROMIUM.exists() else None
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        with server(run, database, "ada") as ada, server(run, database, "ben") as ben:
            page = browser.new_page(viewport=SIZE)
            answer(page, ada, groups)
            differ(browser.new_page(viewport=SIZE), ben, groups[:2])
            enter(page, ada, groups[3])
            press(page, "v")
            keep(page, "review")
            press(page, "d")
            page.locator(".command code").evaluate("(code, words) => { code.textContent = words; }", COMMAND)
            keep(page, "dashboard")
        browser.close()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
