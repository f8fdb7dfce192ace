"""What the guide for teams says of speed is what the records of `make load` say."""

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = " ".join((ROOT / "docs/howto/team.md").read_text().split())


def record(name: str) -> Any:
    return json.loads((ROOT / "bench" / f"{name}.json").read_text())


def quantiles(milliseconds: dict[str, float], last: str = "p99") -> str:
    return " / ".join(f"{milliseconds[name]:,.0f}" for name in ("p50", "p95", last)) + " ms"


def crowded() -> list[str]:
    found = record("annotate")
    paced, hurried, ready = found["paced"], found["without_pauses"], found["ready"]
    act, page = (paced["ms"][name] for name in ("act", "page of thumbnails"))
    return [
        f"| {quantiles(act)} ({act['n']} acts) |",
        f"| {quantiles(page)} ({page['n']} pages) |",
        f"| {paced['memory_mb']:.0f} MB after {paced['acts']} acts; "
        f"without pauses {hurried['memory_mb']:.0f} MB after {hurried['acts']:,} |",
        f"{ready['small']['first_s']:.2f} s the first time, {ready['small']['again_s']:.2f} s again; "
        f"100,000: {ready['large']['first_s']:.2f} and {ready['large']['again_s']:.2f} s",
        f"{paced['acts_s']} acts, {paced['images_s']:,} answered or moved images and "
        f"{paced['thumbnails_s']:.0f} thumbnails a second",
        f"{hurried['acts_s']} acts, {hurried['images_s']:,} images and "
        f"{hurried['thumbnails_s']:,.0f} thumbnails",
        f"an act took {quantiles(hurried['ms']['act'])} and a page "
        f"{quantiles(hurried['ms']['page of thumbnails'])}",
    ]


def scrolled() -> list[str]:
    found = record("scroll")
    frame, jump = found["frame_ms"], found["jump_ms"]
    return [
        f"frames of {quantiles(frame)}, none of {frame['n']} over 50 ms",
        f"{quantiles(frame)}; none of {frame['n']} longer than 50 ms",
        f"{quantiles(jump, 'most')} ({jump['n']} jumps)",
        f"| the server is ready, the first time | {found['ready_s']} s |",
        f"| from the address to the first pictures | {found['opened_s']} s |",
        f"| elements for images on the page | {found['elements']} |",
        f"| select all 100,000 | {found['select_all_s']:.1f} s |",
        f"| label them in one act, saved | {found['label_all_s']:.1f} s |",
        f"| memory of the page's script | {found['heap_mb']:.0f} MB |",
    ]


def cold() -> list[str]:
    found = record("cold")
    return [
        f"load average {found['load_average']}) took {found['first_s']:.2f} s the first time",
        f"{1000 * found['again_s']:.0f} ms again, and {1000 * found['restarted_s']:.0f} ms after a restart",
    ]


@pytest.mark.parametrize("sentence", [*crowded(), *scrolled(), *cold()])
def test_the_guide_says_what_was_measured(sentence: str) -> None:
    assert sentence in GUIDE


def test_no_promise_is_kept_in_words_only() -> None:
    paced, ready = record("annotate")["paced"], record("annotate")["ready"]
    assert paced["ms"]["act"]["p99"] < 150
    assert paced["ms"]["page of thumbnails"]["p99"] < 300
    assert paced["memory_mb"] < 500
    assert max(one[name] for one in ready.values() for name in ("first_s", "again_s")) < 2
    assert record("scroll")["frames_over_50_ms"] == 0
