"""Tables and figures of an experiment, from its records alone."""

from pathlib import Path

from s2c2 import files
from s2c2.report.study.plots import figures
from s2c2.report.study.rendering import as_csv, as_html, as_markdown
from s2c2.report.study.sheets import per_run, sheets
from s2c2.studies import outcomes, read_study, records_of

__all__ = ["contents", "write"]


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
    shown, drawn, runs = sheets(study, known), figures(study, known), per_run(known)
    tables = {f"{sheet.name}.csv": as_csv(sheet) for sheet in (*shown, runs) if sheet.rows}
    title = f"{study.experiment}: {study.title}"
    return (
        tables
        | {f"{name}.svg": content + "\n" for name, content in drawn.items()}
        | {
            "table.md": as_markdown(title, shown),
            "table.html": as_html(title, shown, list(drawn.values())),
        }
    )


def write(folder: Path, records: Path) -> Path:
    """Write the tables and figures of an experiment beside its plan, and return the page.

    Raises:
        UserError: as :func:`contents` does.
    """
    made = contents(folder, records)
    for path in (*folder.glob("*.csv"), *folder.glob("*.svg")):
        if path.name not in made:
            path.unlink()
    for name, content in made.items():
        files.write_text(folder / name, content)
    return folder / "table.html"
