"""``s2c2 annotations``: what annotators said, out to other tools, in from them, and compared."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from s2c2.cli import formats, screen
from s2c2.cli.outputs import folder
from s2c2.errors import UserError, command_line, meant

if TYPE_CHECKING:
    import polars as pl

    from s2c2.data.logs import Extras, Log
    from s2c2.metrics.annotation_study import Agreement
    from s2c2.predictions import Predictions
    from s2c2.web.acts import Recorded
    from s2c2.web.start import Start

app = typer.Typer(help="Write, read and compare annotation logs.", no_args_is_help=True)
TABLES = ("csv", "parquet")
"""Formats of the acts."""
DATABASE = "annotations.sqlite"
"""The file that the annotation app keeps beside a run or in a dataset."""
FORMATS = "needed: parquet, csv, label-studio, fiftyone, imagefolder, crowd-kit, cleanlab, dcic"
ACTS = "one row for each act in the app's database, also of those that answer nothing; csv or parquet"
LogPath = Annotated[
    str, typer.Argument(metavar="LOG", help="log, annotations.sqlite, its folder, or postgresql://…")
]
DatasetOption = Annotated[Path | None, typer.Option(help="dataset folder: all images, class names")]


@app.command()
def export(
    log: LogPath,
    dest: Annotated[Path, typer.Argument(help="file or folder to write")],
    format: Annotated[str | None, typer.Option(help=FORMATS)] = None,
    dataset: DatasetOption = None,
    predictions: Annotated[Path | None, typer.Option(metavar="RUN", help="add what a run predicts")] = None,
    arm: Annotated[str | None, typer.Option(help="only this arm")] = None,
    round: Annotated[int | None, typer.Option(help="only this round")] = None,
    acts: Annotated[bool, typer.Option("--acts", help=ACTS)] = False,
) -> None:
    """Write an annotation log for another tool."""
    from s2c2.data.logs import ENDINGS, EXPORTERS, exporter
    from s2c2.data.logs.crowd_kit import last
    from s2c2.data.logs.saving import save

    format = formats.given(format, TABLES if acts else EXPORTERS)
    write = exporter(format)
    ending = ENDINGS.get(format)
    if ending is not None and dest.suffix.lower() != ending:
        raise UserError(f"{format} is one file: call it {dest.with_suffix(ending)}")
    if acts:
        export_acts(log, dest, format, arm, round)
        return
    added = extras(dataset, predictions)
    found = chosen(open_log(log, added.classes), arm, round)
    found = found if added.dataset is None else found.spelled(added.dataset.images)
    save(write(found, added), dest)
    answers = found.answers()
    written = len(last(found)) if format in ("crowd-kit", "cleanlab") else len(answers)
    said = f"{len(answers)} answers to {_images(answers)} images"
    if written < len(answers):
        said = f"{written} of {said}; {format} has the last class of each person: no rounds, arms or skips"
    screen.console.print(f"{dest}: {said}")


def export_acts(log: str, dest: Path, format: str, arm: str | None, round: int | None) -> None:
    """Write a table of the acts that the app recorded.

    Raises:
        UserError: for a format that is no table, a log without acts, and as :func:`part_of`.
    """
    from io import BytesIO

    from s2c2.data.logs.exchange import Export
    from s2c2.data.logs.saving import save
    from s2c2.web.log import table

    if format not in TABLES:
        raise UserError(f"--acts writes a table: --format csv or parquet, not {format}")
    url = database_of(log)
    if url is None:
        raise UserError(f"{log} has answers, not acts: name the {DATABASE} of the app")
    with database(url) as (_, recorded):
        found = part_of(table(recorded), arm, round)
    stream = BytesIO()
    found.write_csv(stream) if format == "csv" else found.write_parquet(stream)
    save(Export({"": stream.getvalue()}), dest)
    screen.console.print(f"{dest}: {len(found)} acts")


@app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="file or folder of another tool")],
    dest: Annotated[Path, typer.Argument(help="log to write, .parquet or .csv")],
    format: Annotated[str | None, typer.Option(help=FORMATS)] = None,
    dataset: DatasetOption = None,
) -> None:
    """Read the answers of another tool as an annotation log."""
    from s2c2.data.logs import EXPORTERS, IMPORTERS, Extras, Given, importer
    from s2c2.data.logs.saving import save

    format = formats.given(format, IMPORTERS)
    kind = {".parquet": "parquet", ".csv": "csv"}.get(dest.suffix.lower())
    if kind is None:
        raise UserError(f"{dest} must end in .parquet or .csv")
    given = Given()
    if dataset is not None:
        from s2c2.data.dataset import read

        opened = read(dataset)
        given = Given(opened.classes, opened.images)
    found = importer(format)(source, given).spelled(given.images or ())
    save(EXPORTERS[kind](found, Extras()), dest)
    people = found.table["annotator"].n_unique()
    screen.console.print(f"{dest}: {len(found)} answers of {people} annotators")
    strange = () if dataset is None else strangers(found, given.images or (), dataset)
    for note in (*found.notes, *left_out(found, source), *strange):
        screen.console.print(f"note: {note}")


def strangers(log: "Log", images: Sequence[str], dataset: Path) -> Iterator[str]:
    """Yield how many images of a log a dataset does not have, if any, and what one may be instead."""
    answered = log.table["image"].unique().sort()
    strange = answered.filter(~answered.is_in(list(images))).to_list()
    if strange:
        near = meant(strange[0], images)
        hint = f": did you mean '{near}'?" if near else ""
        yield f"{len(strange)} of {len(answered)} images are not in {dataset}, such as '{strange[0]}'{hint}"


@app.command()
def agreement(
    logs: Annotated[
        list[str],
        typer.Argument(metavar="LOG…", help="logs, annotations.sqlite, its folder, or postgresql://…"),
    ],
    truth: Annotated[Path | None, typer.Option(metavar="DATASET", help="annotations of many others")] = None,
    predictions: Annotated[
        Path | None, typer.Option(metavar="RUN", help="pool answers with what this run says of alike images")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="folder to write the report to")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="draws of a bootstrap interval")] = 1000,
) -> None:
    """Compare annotators and arms: agreement, minutes, accepted proposals, their pull, label quality."""
    from s2c2.data.dataset import read
    from s2c2.data.logs import joined
    from s2c2.metrics.annotation_study import agreement as examine
    from s2c2.report import agreement as page
    from s2c2.runs import open_run

    asked = None if truth is None else read(truth)
    others = None if asked is None else asked.annotations
    said = None if predictions is None else open_run(predictions).predictions()
    known = asked or said
    if out is not None:
        folder(out)
    opened = joined(opened_together(logs, None if known is None else known.classes))
    opened = opened if known is None else opened.spelled(known.images)
    found = examine(opened, others, repeats, said)
    for sheet in page.sheets(found):
        screen.table(sheet.title, sheet.columns, sheet.rows)
    images = tuple(opened.table["image"].unique())
    foreign = [] if asked is None else sorted(set(images).difference(asked.images))
    if foreign:
        screen.console.print(
            f"note: {len(foreign)} of {len(images)} images are not in {truth}, such as {foreign[0]}: "
            f"'s2c2 annotations import' with --dataset {quote(str(truth))} matches paths with its images",
        )
    strangers = 0 if others is None else int((others.votes(images) == 0).sum()) - len(foreign)
    if strangers:
        screen.console.print(
            f"note: of {strangers} of {len(images)} images {truth} knows no label: KL leaves them out",
        )
    for text in () if said is None else cautions(found, said):
        screen.console.print(f"note: {text}")
    if out is not None:
        compared = None if truth is None else truth.name
        page.write(found, {"log": ", ".join(map(named, logs)), "truth": compared}, out)
        screen.console.print(f"written: {out / 'agreement.html'}")


def cautions(found: "Agreement", said: "Predictions") -> Iterator[str]:
    """Yield a sentence for each reason for which pooled labels may be too sure of themselves."""
    splits = dict(zip(said.images, said.splits, strict=True))
    told = sum(splits[image] == "labeled" for image in found.images)
    if told:
        yield (
            f"the run was trained on labels of {told} of {len(found.images)} images: what it says of them "
            "holds people's answers already, and pooled labels may count these twice"
        )
    shown = sum(line.control.shown for line in found.arms)
    if shown:
        yield (
            f"{shown} answers were given to a proposal: they lean towards it, and so do pooled labels, which "
            "are surer of themselves than they should be"
        )


def opened_together(logs: Sequence[str], classes: tuple[str, ...] | None = None) -> list["Log"]:
    """Return annotation logs with the same classes: the given ones, else those of the log that names most.

    Raises:
        UserError: as :func:`open_log`, and when a log has another class.
    """
    found = [open_log(log, classes) for log in logs]
    if len({log.classes for log in found}) == 1:
        return found
    most = max((log.classes for log in found), key=len)
    return [open_log(log, most) for log in logs]


def named(log: str) -> str:
    """Return a log as a page may show it: the name of its file, or its address without a password."""
    if "://" not in log:
        return Path(log).name
    from s2c2.web.database import parsed, shown

    return shown(parsed(log))


def open_log(log: str, classes: tuple[str, ...] | None = None) -> "Log":
    """Return the annotation log in a table, a database of the app, or the folder that holds one.

    Args:
        log: what was named, a path or the address of a database.
        classes: the class names; without them, those that the log names.

    Raises:
        UserError: when there is none, it is wrong, or a network's predictions were named.
    """
    from s2c2.data.logs import Given, importer
    from s2c2.predictions import present

    url = database_of(log)
    if url is not None:
        return same_classes(stored(url), classes, named(url))
    if present(Path(log)):
        raise UserError(
            f"{log} holds predictions, not answers: 's2c2 annotations' takes it as --predictions RUN, "
            "beside a log"
        )
    found = importer("csv")(Path(log), Given(classes))
    for note in left_out(found, log):
        screen.console.print(f"note: {note}")
    return found


def left_out(log: "Log", source: str | Path) -> Iterator[str]:
    """Yield which columns of a table a log does not have, if any."""
    if log.ignored:
        yield f"columns of {source} that are ignored: {', '.join(log.ignored)}"


def database_of(log: str) -> str | None:
    """Return the address of the app's database that was named, or lies in the folder; None for a table.

    Raises:
        UserError: when there is no such file, or none in the folder.
    """
    if "://" in log:
        return log
    path = Path(log)
    if path.is_dir() and not (path / DATABASE).is_file():
        made = command_line("annotate", path)
        raise UserError(f"{path} has no {DATABASE}: name a log file, or make one with: {made}")
    file = path / DATABASE if path.is_dir() else path
    if file.suffix.lower() not in (".sqlite", ".db"):
        return None
    if not file.is_file():
        raise UserError(f"no file {file}")
    return f"sqlite:///{file.resolve()}"


def same_classes(log: "Log", classes: tuple[str, ...] | None, name: str) -> "Log":
    """Return a log whose classes are as they should be; None is any.

    Raises:
        UserError: when it has others.
    """
    if classes is not None and log.classes != classes:
        raise UserError(f"{name} was annotated with other classes: {', '.join(log.classes)}")
    return log


def stored(url: str) -> "Log":
    """Return the annotation log of the app's database.

    Raises:
        UserError: when it cannot be used, is empty or damaged.
    """
    from s2c2.data.logs import Log
    from s2c2.web.log import frame

    with database(url) as (start, acts):
        return Log.build(frame(start, acts), start.classes)


@contextmanager
def database(url: str) -> Iterator[tuple["Start", list["Recorded"]]]:
    """Yield what the app's database holds: the start, and all acts.

    Raises:
        UserError: when it cannot be used, is empty or damaged.
    """
    from s2c2.web.store import Store

    store = Store.open(url)
    try:
        start = store.start()
        if start is None:
            raise UserError(f"{store.name} is empty: nothing was annotated in it")
        yield start, store.read(0)
    finally:
        store.close()


def chosen(log: "Log", arm: str | None, round: int | None) -> "Log":
    """Return the rows of one arm and one round, where these are named.

    Raises:
        UserError: for an arm or a round that the log does not have.
    """
    return replace(log, table=part_of(log.table, arm, round))


def part_of(table: "pl.DataFrame", arm: str | None, round: int | None) -> "pl.DataFrame":
    """Return the rows of a table of answers or acts that are of one arm and one round, where these are named.

    Raises:
        UserError: for an arm or a round that the table does not have.
    """
    import polars as pl

    from s2c2.errors import unknown

    for name, value in (("arm", arm), ("round", round)):
        have = [str(one) for one in table[name].unique().sort()]
        if value is not None and str(value) not in have:
            raise unknown(name, str(value), have)
        table = table if value is None else table.filter(pl.col(name) == value)
    return table


def extras(dataset: Path | None, run: Path | None) -> "Extras":
    """Return what an export adds to the answers.

    Raises:
        UserError: when run and dataset have other classes.
    """
    from s2c2.data.dataset import read
    from s2c2.data.logs import Extras

    opened = None if dataset is None else read(dataset)
    if run is None:
        return Extras(opened, classes=None if opened is None else opened.classes)
    from s2c2 import proposals
    from s2c2.runs import open_run

    named = open_run(run)
    said = named.predictions()
    if opened is not None and opened.classes != said.classes:
        raise UserError(f"{run} predicts other classes than {dataset} has: {', '.join(said.classes)}")
    frame = said.frame()
    if (run / "proposals.parquet").is_file():
        groups = proposals.frame(proposals.read(run / "proposals.parquet")).select("image", "group")
        frame = frame.join(groups, on="image", how="left", maintain_order="left")
    return Extras(opened, frame, named.label, said.classes)


def _images(log: "Log") -> int:
    return int(log.table["image"].n_unique())
