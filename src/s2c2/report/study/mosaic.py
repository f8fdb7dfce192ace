"""The paper's Figure 5 from run folders: images by class and ambiguity, and clusters, as one SVG each."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from s2c2.report.examples import Picture, Strip, by_class, clusters, grid
from s2c2.report.subject import Subject, subjects
from s2c2.runs import Run
from s2c2.studies import Study

SIDE, GAP, HEAD, MARGIN = 40, 4, 20, 8
"""Side of an image, space between two, height of a heading and space around all, in pixels."""
COUNT = 16
"""Images in a row."""


def mosaics(study: Study, runs: Path) -> dict[str, str]:
    """Return the figure of each extended run that is finished as SVG by its name.

    Args:
        study: the experiment.
        runs: folder of the run folders.
    """
    names = [entry.name for entry in study.entries if entry.arm == "s2c2"]
    finished = [name for name in names if (runs / name / "predictions.parquet").is_file()]
    shown = zip(finished, subjects([Run(runs / name) for name in finished]), strict=True)
    return {name: mosaic(name, rows(subject)) for name, subject in shown}


def rows(subject: Subject) -> list[Strip]:
    """Return the rows of the figure: the paper's grid, certain images by class, ambiguous ones by cluster."""
    return [*grid(subject), *_certain(subject), *clusters(subject)]


def _certain(subject: Subject) -> Iterator[Strip]:
    for name, (certain, _) in by_class(subject):
        yield Strip(f"class {name}, most certain", certain.note, certain.pictures)


def mosaic(title: str, strips: Sequence[Strip]) -> str:
    """Return rows of images as an ``<svg>`` element that needs no other file; names are escaped.

    An image whose class is not the one most people chose has a red frame.
    """
    pitch = HEAD + SIDE + GAP
    width, height = 2 * MARGIN + COUNT * (SIDE + GAP), 2 * MARGIN + pitch * len(strips)
    body = "\n".join(_row(strip, MARGIN + pitch * number) for number, strip in enumerate(strips))
    label = f'role="img" aria-label="{escape(title)}"'
    space = 'xmlns="http://www.w3.org/2000/svg"'
    style = 'fill="currentColor" font-family="sans-serif" font-size="11"'
    return f'<svg viewBox="0 0 {width} {height}" {space} {style} {label}>\n{body}\n</svg>'


def _row(strip: Strip, top: int) -> str:
    heading = f"{strip.title}: {strip.note}"
    parts = [f'<text x="{MARGIN}" y="{top + HEAD - 6}">{escape(heading)}</text>']
    for number, picture in enumerate(strip.pictures[:COUNT]):
        parts.append(_picture(picture, MARGIN + number * (SIDE + GAP), top + HEAD))
    return "\n".join(parts)


def _picture(picture: Picture, x: int, y: int) -> str:
    place = f'x="{x}" y="{y}" width="{SIDE}" height="{SIDE}"'
    image = f'<image {place} href="{picture.uri}"/>' if picture.uri else ""
    frame = "#d33" if picture.wrong else "none" if picture.uri else "#888"
    drawn = f'<rect {place} fill="none" stroke="{frame}" stroke-width="2"/>'
    return f"<g><title>{escape(picture.text)}</title>{image}{drawn}</g>"
