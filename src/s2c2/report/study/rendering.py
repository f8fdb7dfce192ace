"""Tables as CSV, Markdown and HTML text."""

import csv
from collections.abc import Sequence
from html import escape
from io import StringIO
from typing import Any

from s2c2.report.study.sheets import Sheet
from s2c2.report.study.spread import Difference, Spread, signless

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }}
div {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; white-space: nowrap; }}
th, td {{ border-bottom: 1px solid #8885; padding: .25rem .75rem .25rem 0; text-align: left; }}
svg {{ max-width: 45rem; width: 100%; height: auto; }}
</style>
<h1>{title}</h1>
{content}
</html>
"""


def as_csv(sheet: Sheet) -> str:
    """Return a table as CSV with full numbers: mean, deviation and count, or mean and interval, apart."""
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    kinds = [_kind(column) for column in zip(*sheet.rows, strict=True)]
    headings = zip(sheet.columns, kinds, strict=True)
    writer.writerow([name for heading, kind in headings for name in _heads(heading, kind)])
    for row in sheet.rows:
        writer.writerow([cell for value in row for cell in _cells(value)])
    return stream.getvalue()


def _kind(column: Sequence[Any]) -> type:
    return next((type(value) for value in column if isinstance(value, Spread | Difference)), object)


def _heads(head: str, kind: type) -> list[str]:
    if kind is Spread:
        return [f"{head} mean", f"{head} deviation", f"{head} count"]
    if kind is Difference:
        return [f"{head} mean", f"{head} low", f"{head} high", f"{head} count"]
    return [head]


def _cells(value: Any) -> list[Any]:
    if isinstance(value, Spread):
        return [*map(_exact, (value.mean, value.deviation)), value.count]
    if isinstance(value, Difference):
        return [*map(_exact, (value.mean, value.interval.low, value.interval.high)), value.count]
    return [_exact(value)]


def _exact(value: Any) -> Any:
    """Return ten digits of a number, so that machines agree; nothing for what is not defined."""
    if isinstance(value, float):
        return f"{value:.10g}" if value == value else ""
    return "" if value is None else value


def text(value: Any) -> str:
    """Return a value as people read it."""
    if value is None:
        return "–"
    return signless(value) if isinstance(value, float) else str(value)


def as_markdown(title: str, shown: Sequence[Sheet]) -> str:
    """Return tables as a Markdown page."""
    parts = [f"# {title}"]
    for sheet in shown:
        parts += [f"## {sheet.title}", markdown(sheet).rstrip("\n")]
    return "\n\n".join(parts) + "\n"


def markdown(sheet: Sheet) -> str:
    """Return one table in Markdown, without its title."""
    lines = ["| " + " | ".join(sheet.columns) + " |", "|" + "---|" * len(sheet.columns)]
    lines += ["| " + " | ".join(_plain(text(value)) for value in row) + " |" for row in sheet.rows]
    return "\n".join(lines) + "\n"


def _plain(value: str) -> str:
    return value.replace("|", "\\|").replace("<", "&lt;")


def as_html(title: str, shown: Sequence[Sheet], figures: Sequence[str]) -> str:
    """Return tables and figures as a page that opens without a network; names are escaped."""
    content = [*figures]
    for sheet in shown:
        head = "".join(f"<th>{escape(column)}</th>" for column in sheet.columns)
        rows = ["".join(f"<td>{escape(text(value))}</td>" for value in row) for row in sheet.rows]
        lines = "\n".join(f"<tr>{cells}</tr>" for cells in (head, *rows))
        content.append(f"<h2>{escape(sheet.title)}</h2>\n<div><table>\n{lines}\n</table></div>")
    return PAGE.format(title=escape(title), content="\n".join(content))
