"""The page for teams says what the load tests recorded."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/howto/team.md").read_text(encoding="utf-8")


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "bench" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def percentiles(facts: dict[str, float], last: str = "p99") -> str:
    """Write three figures as the page does."""
    return " / ".join(f"{facts[name]:,.0f}" for name in ("p50", "p95", last))


def row(first: str) -> list[str]:
    """Return the other cells of the row of a table that begins with some words."""
    (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| {first}")]
    return [part.strip() for part in line.strip("|").split("|")[1:]]


def test_annotators_at_once() -> None:
    facts = read("annotate")
    paced, quick, ready = facts["paced"], facts["without_pauses"], facts["ready"]
    act, page = paced["ms"]["act"], paced["ms"]["page of thumbnails"]
    assert row("an act")[0] == f"{percentiles(act)} ms ({act['n']} acts)"
    assert row("a page of 60")[0] == f"{percentiles(page)} ms ({page['n']} pages)"
    memory = f"{paced['memory_mb']:.0f} MB after {paced['acts']} acts"
    more = f"without pauses {quick['memory_mb']:.0f} MB after {quick['acts']:,}"
    assert row("memory <")[0] == f"{memory}; {more}"
    for words, size in (("ready < 2 s", "small"), ("ready on 100,000", "large")):
        first, again = ready[size]["first_s"], ready[size]["again_s"]
        assert row(words)[0] == f"{first:.2f} s the first time, {again:.2f} s again"


def test_promises_are_kept_or_said_not_to_be() -> None:
    facts = read("annotate")
    paced, ready = facts["paced"], facts["ready"]
    for words, value, most in (
        ("an act", paced["ms"]["act"]["p99"], 150),
        ("a page of 60", paced["ms"]["page of thumbnails"]["p99"], 300),
        ("memory <", paced["memory_mb"], 500),
        ("ready < 2 s", ready["small"]["first_s"], 2),
    ):
        assert row(words)[1] == ("yes" if value < most else "no")


def test_what_the_text_says_of_annotators() -> None:
    facts = read("annotate")
    paced, quick = facts["paced"], facts["without_pauses"]
    text = " ".join(PAGE.split())
    for said in (
        f"{paced['load_average'][0]} before the part with pauses",
        f"{quick['load_average'][0]} before the one without",
        f"{paced['acts_s']} acts, {paced['images_s']} answered or moved images",
        f"images and {paced['thumbnails_s']:.0f} thumbnails a second",
        f"had {paced['server_cpu_s']:.0f} s of a core in {paced['seconds']:.0f} s",
        f"{quick['acts_s']} acts, {quick['images_s']:,} images and {quick['thumbnails_s']:,.0f} thumbnails",
        f"an act took {percentiles(quick['ms']['act'])} ms",
        f"a page {percentiles(quick['ms']['page of thumbnails'])} ms",
    ):
        assert said in text


def test_one_person_in_a_browser() -> None:
    facts = read("scroll")
    frames, jumps = facts["frame_ms"], facts["jump_ms"]
    slow = round(facts["frames_over_50_ms"] * frames["n"])
    assert row("from the address") == [f"{facts['opened_s']:.2f} s"]
    expected = f"{percentiles(frames)} ms; {slow} of {frames['n']} longer than 50 ms"
    assert row("a frame") == [expected]
    assert row("a grid of 100,000")[:2] == [
        f"frames of {expected.replace(';', ',')}",
        "no" if slow else "yes",
    ]
    assert row("a jump") == [f"{percentiles(jumps, 'most')} ms ({jumps['n']} jumps)"]
    assert row("elements") == [str(facts["elements"])]
    assert row("select all") == [f"{facts['select_all_s']:.1f} s"]
    assert row("label them") == [f"{facts['label_all_s']:.1f} s"]
    assert row("memory of the page") == [f"{facts['heap_mb']:.0f} MB"]
    assert row("the server is ready") == [f"{facts['ready_s']:.2f} s"]


def test_photographs_that_were_never_shown() -> None:
    facts = read("cold")
    text = " ".join(PAGE.split())
    cost = f"{facts['first_s']:.1f} s the first time ({facts['first_cpu_s']:.1f} s of a core"
    assert cost in text
    assert f"{facts['again_s'] * 1000:.0f} ms again" in text
    assert f"{facts['restarted_s'] * 1000:.0f} ms after a restart" in text
    assert f"{facts['page']} JPEG files of {facts['pixels'][0]} × {facts['pixels'][1]}" in text
    assert f"load average {facts['load_average']:.0f}" in text
