"""A group of 100,000 images in a real browser: scrolling, jumps, one act; ``python -m bench scroll``."""

import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, expect, sync_playwright

from bench.annotate import IMAGES, drawn, options, percentiles, record, server

RESULT = Path(__file__).parent / "scroll.json"
SECONDS, JUMPS, STEP = 10.0, 40, 60
"""Of scrolling; jumps to anywhere; pixels scrolled by in each frame."""
WINDOW = (1280, 800)
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"]
SCROLL = """async ([milliseconds, step]) => {
  const grid = document.querySelector(".grid"), gaps = [];
  let cells = 0, before = performance.now();
  const end = before + milliseconds;
  while (before < end) {
    const now = await new Promise(requestAnimationFrame);
    gaps.push(now - before);
    before = now;
    grid.scrollTop += step;
    cells = Math.max(cells, grid.querySelectorAll(".cell").length);
  }
  return { gaps: gaps.slice(1), cells };
}"""
JUMP = """async (share) => {
  const grid = document.querySelector(".grid"), start = performance.now();
  grid.scrollTop = share * (grid.scrollHeight - grid.clientHeight);
  const box = grid.getBoundingClientRect();
  const inside = (one) => {
    const at = one.getBoundingClientRect();
    return at.bottom > box.top && at.top < box.bottom;
  };
  const drawn = (one) => one.querySelector("img")?.complete && one.querySelector("img").naturalWidth > 0;
  for (;;) {
    await new Promise(requestAnimationFrame);
    const seen = [...grid.querySelectorAll(".cell")].filter(inside);
    if (seen.length && seen.every(drawn)) return performance.now() - start;
    if (performance.now() - start > 20000) throw new Error("pictures did not come");
  }
}"""


def dataset(folder: Path) -> Path:
    """Make a folder of images without labels, which the app shows as one group."""
    for number, data in enumerate(drawn(IMAGES)):
        path = folder / f"{number // 1000:03d}" / f"{number:06d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def looked(page: Page, address: str) -> dict[str, Any]:
    """Return what a person meets who scrolls through one group of all images and labels it."""
    start = time.perf_counter()
    page.goto(f"{address}#/groups")
    page.locator("[data-view=groups]").click()
    page.evaluate(JUMP, 0.0)
    opened = time.perf_counter() - start
    scrolled = page.evaluate(SCROLL, [SECONDS * 1000, STEP])
    rng = np.random.default_rng(0)
    jumps = [page.evaluate(JUMP, share) for share in rng.random(JUMPS).tolist()]
    heap = page.evaluate("performance.memory.usedJSHeapSize / 1e6")
    return {
        "opened_s": round(opened, 2),
        "scrolled": f"{STEP} pixels a frame for {SECONDS:.0f} s, then {JUMPS} jumps",
        "frame_ms": percentiles(scrolled["gaps"]) | {"most": round(max(scrolled["gaps"]), 1)},
        "frames_over_50_ms": round(float(np.mean(np.array(scrolled["gaps"]) > 50)), 4),
        "elements": scrolled["cells"],
        "jump_ms": percentiles(jumps) | {"most": round(max(jumps), 1)},
        "heap_mb": round(heap, 1),
    } | acted(page)


def acted(page: Page) -> dict[str, float]:
    """Return how long it takes until all images are selected, and until they are labeled and saved."""
    aim, saved = page.locator(".groups .aim"), page.locator(".groups .saved")
    start = time.perf_counter()
    page.keyboard.press("Control+a")
    expect(aim).to_have_text(f"{IMAGES:,} images selected", timeout=60_000)
    selected = time.perf_counter() - start
    start = time.perf_counter()
    page.keyboard.press("1")
    expect(page.locator(".grid .cell.answered").first).to_be_visible(timeout=60_000)
    expect(saved).to_have_text("All saved", timeout=60_000)
    return {"select_all_s": round(selected, 2), "label_all_s": round(time.perf_counter() - start, 2)}


def measured(folder: Path) -> dict[str, Any]:
    """Return all figures."""
    program = shutil.which("chromium")
    if program is None:
        sys.exit("no browser: apt-get install chromium")
    classes = ("--classes", "disc,ring,star")
    with server(dataset(folder), *classes) as (_, port, ready), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_page(viewport={"width": WINDOW[0], "height": WINDOW[1]})
        found = looked(page, f"http://127.0.0.1:{port}/")
        facts = {"images": IMAGES, "window": list(WINDOW), "ready_s": round(ready, 2)}
        version = browser.version
        browser.close()
    return {"browser": f"chromium {version}, headless, without a graphics card"} | facts | found


def main(arguments: Sequence[str] = ()) -> None:
    record(measured, options(__doc__).parse_args(arguments), RESULT)


if __name__ == "__main__":
    main(sys.argv[1:])
