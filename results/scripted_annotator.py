"""One simulated annotator at the real page: chromium, real keys and clicks, a clock that is put forward.

``python results/scripted_annotator.py ADDRESS NAMES DATASET PERSON SETTINGS`` answers all boards that the
server at ADDRESS has for its annotator. NAMES is a JSON file of the image ids by number; SETTINGS is JSON
with ``seed``, ``offset`` and the fields of :class:`Motor`.

What they answer is drawn from the soft label of the image, drawn towards the proposal on the screen
(:func:`s2c2.metrics.default_effect.biased`). Between two inputs the clock of the page is put forward by
what a person needs; the page takes the times from there, as it does for people.
"""

import json
import sys
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64
from playwright.sync_api import Page, sync_playwright

from s2c2.data.dataset import read
from s2c2.metrics.default_effect import biased
from s2c2.simulation import draw

FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
ARMS = ("none", "ssl", "s2c2")
CHROMIUM = "/usr/bin/chromium"
DIGITS = "1234567890"
"""Keys of the classes."""
START = 1_767_225_600
"""First second of 2026: where the clock of the page starts."""
LOOK = 5.0
"""Seconds after which a person who looks moves the pointer; the page counts gaps up to 30 s."""
PATIENCE = 120.0
"""Seconds of real time after which the page counts as stuck."""

PREPARE = """
localStorage.setItem("s2c2.size", "96");
window.busy = 0;
const real = window.fetch;
window.fetch = (...asked) => {
  window.busy += 1;
  return real(...asked).finally(() => { window.busy -= 1; });
};
"""
"""Small thumbnails, so that a group fits the screen; and a count of requests on their way."""

READ = """() => {
  const view = document.querySelector("#work .view");
  if (!view || window.busy) return null;
  const find = (what) => view.querySelector(what);
  const all = (what) => [...view.querySelectorAll(what)].filter((one) => !one.hidden);
  if (view.matches(".between")) return { view: "between", next: all("[data-action=begin]").length > 0 };
  if (find(".saved").textContent !== "All saved") return null;
  if (view.matches(".single")) return {
    view: "single", images: [Number(find(".stage img").dataset.image)],
    proposal: find(".suggestion button") ? "yes" : null, answered: !find(".chip").hidden };
  const cells = all("[role=gridcell]");
  if (!cells.length || cells.some((one) => one.matches(".absent"))) return null;
  const open = cells.filter((one) => !one.matches(".answered, .misfit"));
  return {
    view: "groups", images: open.map((one) => Number(one.dataset.image)), cells: cells.length,
    proposal: find(".suggestion strong")?.textContent ?? null, facts: find(".facts").textContent };
}"""
"""What is on the screen; null while it changes."""


@dataclass(frozen=True)
class Motor:
    """Seconds that a person needs. Assumed, not measured."""

    key: float = 0.2
    """A key."""
    click: float = 0.9
    """A click on an image: to find it, to point, to press."""
    glance: float = 0.35
    """A look at one image of a grid."""
    look: float = 1.2
    """A look at an image alone."""


@dataclass(frozen=True)
class Mind:
    """What a person answers: always the same in a board, whatever the order on the screen."""

    soft_labels: Float64[np.ndarray, "n k"]
    classes: tuple[str, ...]
    offset: float
    seed: int
    person: int

    def answer(self, scope: str, image: int, proposal: int) -> int:
        """Return the class that is given to an image.

        Args:
            scope: the board.
            image: its number.
            proposal: class on the screen, −1 for none.
        """
        _, turn, arm = scope.rsplit("/", 2)
        rng = np.random.default_rng([self.seed, self.person, int(turn), ARMS.index(arm), image])
        said = biased(self.soft_labels[[image]], np.array([proposal], dtype=np.int64), self.offset)
        return int(draw(said, rng)[0])


class Hand:
    """Keys and clicks, each after its time."""

    def __init__(self, page: Page, motor: Motor) -> None:
        self.page = page
        self.motor = motor
        self.side = False

    def spend(self, seconds: float) -> None:
        """Let time pass on the page."""
        while seconds > 0:
            step = min(seconds, LOOK)
            self.page.clock.fast_forward(round(1000 * step))
            self.side = not self.side
            self.page.mouse.move(5 + self.side, 5)
            seconds -= step

    def key(self, name: str) -> None:
        """Press a key."""
        self.spend(self.motor.key)
        self.page.keyboard.press(name)

    def click(self, what: str, *, control: bool = False) -> None:
        """Click on an element."""
        self.spend(self.motor.click)
        self.page.locator(what).click(modifiers=["Control"] if control else [])


class Annotator:
    """A person at the page; remembers what they thought of an image that they put aside."""

    def __init__(self, page: Page, mind: Mind, motor: Motor) -> None:
        self.page = page
        self.hand = Hand(page, motor)
        self.mind = mind
        self.board = ""
        self.aside: dict[int, int] = {}

    def work(self) -> None:
        """Answer everything that the server has, board after board."""
        while (seen := self.look())["view"] != "between" or seen["next"]:
            if seen["view"] == "between":
                self.hand.click("[data-action=begin]")
                self.page.wait_for_selector(".view.between", state="detached")
                self.board, self.aside = "", {}
            elif _over(seen):
                self.hand.key("n")
            elif seen["view"] == "single":
                self.alone(seen)
            else:
                self.group(seen)

    def look(self) -> dict[str, Any]:
        """Return what is on the screen once nothing moves any more."""
        end, before, still = time.monotonic() + PATIENCE, None, 0
        while time.monotonic() < end:
            seen = self.page.evaluate(READ)
            still = still + 1 if seen is not None and seen == before else 0
            if still > (20 if seen is not None and _over(seen) else 0):
                return dict(seen)
            before = seen
            self.page.wait_for_timeout(5)
        raise RuntimeError(f"the page does not go on: {before}")

    def alone(self, seen: dict[str, Any]) -> None:
        """Answer one image by the key of its class."""
        if seen["proposal"] is not None:
            return self.hand.key("b")
        image = seen["images"][0]
        self.hand.spend(self.hand.motor.look)
        answer = self.aside.get(image)
        answer = self.mind.answer(self.scope(), image, -1) if answer is None else answer
        return self.hand.key(DIGITS[answer])

    def group(self, seen: dict[str, Any]) -> None:
        """Put aside what does not fit the suggestion, and accept the rest."""
        if seen["proposal"] is None:
            return self.hand.key("o")
        proposal, images = self.mind.classes.index(seen["proposal"]), seen["images"]
        if not seen["facts"].startswith(f"{len(images)} of {seen['cells']} "):
            raise RuntimeError(f"not all of the group is on the screen: {seen['facts']}")
        self.hand.spend(self.hand.motor.glance * len(images))
        answers = {image: self.mind.answer(self.scope(), image, proposal) for image in images}
        wrong = {image: answer for image, answer in answers.items() if answer != proposal}
        for image in wrong:
            self.hand.click(f"[role=gridcell][data-image='{image}']", control=True)
        self.aside |= wrong
        if wrong:
            self.hand.key("x")
        if len(wrong) < len(images):
            self.hand.key("Enter")
        return None

    def scope(self) -> str:
        """Return the board on the screen."""
        if not self.board:
            asked = self.page.evaluate("() => fetch('api/session').then((one) => one.json())")
            self.board = str(asked["scope"])
        return self.board


def _over(seen: dict[str, Any]) -> bool:
    """Return whether everything on the screen has an answer; most often the page is about to go on."""
    return seen["view"] != "between" and (not seen["images"] or seen.get("answered", False))


def main() -> None:
    address, names, dataset, person, given = sys.argv[1:]
    found, settings = read(Path(dataset)), json.loads(given)
    images = tuple(json.loads(Path(names).read_text(encoding="utf-8")))
    soft = found.annotations.soft_labels(images)
    mind = Mind(soft, found.classes, settings["offset"], settings["seed"], int(person))
    motor = Motor(**{field.name: settings[field.name] for field in fields(Motor)})
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1800, "height": 1300})
        page.add_init_script(PREPARE)
        page.clock.install(time=START)
        page.goto(address)
        annotator = Annotator(page, mind, motor)
        annotator.look()
        page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 0.1)
        annotator.work()
        browser.close()


if __name__ == "__main__":
    main()
