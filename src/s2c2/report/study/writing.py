"""Tables and figures of an experiment, from its records alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from s2c2 import files
from s2c2.report.figures import standalone
from s2c2.report.study import budget, budget_plot, choices, curves, plots, table3
from s2c2.report.study import sheets as tables
from s2c2.report.study.mosaic import mosaics
from s2c2.report.study.rendering import as_csv, as_html, as_markdown
from s2c2.report.study.sheets import Sheet, per_run
from s2c2.studies import Outcome, Study, outcomes, read_study, records_of


@dataclass(frozen=True)
class Kind:
    """How the runs of an experiment are shown."""

    sheets: Callable[[Study, Sequence[Outcome]], tuple[Sheet, ...]]
    """Its tables."""
    figures: Callable[[Study, Sequence[Outcome]], dict[str, str]]
    """Its figures as SVG by name."""


USUAL = Kind(tables.sheets, plots.figures)
KINDS: Mapping[str, Kind] = {
    "table3": Kind(table3.sheets, table3.figures),
    "proposals": Kind(table3.sheets, table3.figures),
    "curves": Kind(curves.sheets, curves.figures),
    "choices": Kind(choices.sheets, lambda study, outcomes: {}),
    "budget": Kind(budget.sheets, budget_plot.figures),
}
"""Experiments that are not shown as the others are."""


def contents(folder: Path, records: Path) -> dict[str, str]:
    """Return the files of an experiment by name: a pure function of its plan and its records.

    Args:
        folder: holds ``study.json``.
        records: folder of the records.

    Raises:
        UserError: when the plan or a record is absent or damaged.
    """
    study = read_study(folder)
    known = outcomes(study, records_of(study, records))
    kind = KINDS.get(study.experiment, USUAL)
    shown, drawn, runs = kind.sheets(study, known), kind.figures(study, known), per_run(known)
    tables = {f"{sheet.name}.csv": as_csv(sheet) for sheet in (*shown, runs) if sheet.rows}
    title = f"{study.experiment}: {study.title}"
    return (
        tables
        | {f"{name}.svg": standalone(content) for name, content in drawn.items()}
        | {
            "table.md": as_markdown(title, shown),
            "table.html": as_html(title, shown, list(drawn.values())),
        }
    )


PICTURED = "figure5"
"""The experiment whose figures show images, which are in the run folders and not in the records."""


def pictured(folder: Path) -> dict[str, str]:
    """Return the files with images by name, from the run folders beside the experiment.

    Where these are gone, the files that are there stay as they are.
    """
    study = read_study(folder)
    if study.experiment != PICTURED:
        return {}
    drawn = mosaics(study, folder.parent / "runs")
    if not drawn:
        old = [*folder.glob("*-s2c2-*.svg"), *folder.glob("images.html")]
        return {path.name: path.read_text(encoding="utf-8") for path in old}
    shown = [f"<h2>{escape(name)}</h2>\n{svg}" for name, svg in drawn.items()]
    page = as_html(f"{study.experiment}: {study.title}", (), shown)
    return {f"{name}.svg": standalone(svg) for name, svg in drawn.items()} | {"images.html": page}


def write(folder: Path, records: Path) -> Path:
    """Write the tables and figures of an experiment beside its plan, and return the page.

    Raises:
        UserError: as :func:`contents` does.
    """
    made = contents(folder, records) | pictured(folder)
    for path in (*folder.glob("*.csv"), *folder.glob("*.svg")):
        if path.name not in made:
            path.unlink()
    for name, content in made.items():
        files.write_text(folder / name, content)
    return folder / "table.html"
