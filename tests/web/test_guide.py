"""The annotator's guide says what the page does."""

import json
import re
from pathlib import Path

from tests.web.test_javascript import STATIC, node

GUIDE = Path(__file__).resolve().parents[2] / "docs/howto/annotate.md"
VIEWS = {"single": "one by one"}
"""Names of the views that differ from those in the code."""
DUMP = """
const { ACTIONS, shown } = await import(process.argv[1]);
const rows = Object.values(ACTIONS).map(({ keys, words, places }) => [keys.map(shown), words, places]);
console.log(JSON.stringify(rows));
"""


def written() -> list[tuple[list[str], str, list[str]]]:
    """Return keys, words and views of each row of the guide's table."""
    text = GUIDE.read_text(encoding="utf-8")
    table = text.split("<!-- keys:begin -->")[1].split("<!-- keys:end -->")[0]
    rows = [line.strip("|").split("|") for line in table.strip().splitlines()[2:]]
    return [
        (re.findall(r"`([^`]+)`", keys), what.strip(), where.strip().split(", "))
        for keys, what, where in rows
    ]


def test_the_table_of_keys_is_that_of_the_page() -> None:
    done = node("--input-type=module", "-e", DUMP, (STATIC / "logic/keys.mjs").as_uri())
    assert done.returncode == 0, done.stderr
    actions = [
        (keys, words, [VIEWS.get(place, place) for place in places])
        for keys, words, places in json.loads(done.stdout)
    ]
    assert written() == actions


def test_its_pictures_are_there_and_small() -> None:
    pictures = re.findall(r"\]\(\.\./_static/(annotate-.+?\.png)\)", GUIDE.read_text(encoding="utf-8"))
    assert len(pictures) >= 4
    for name in pictures:
        assert (GUIDE.parents[1] / "_static" / name).stat().st_size <= 150_000, name
