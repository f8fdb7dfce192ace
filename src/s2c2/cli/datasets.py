"""``s2c2 data``: make, import and check dataset folders."""

from pathlib import Path
from typing import Annotated

import typer

from s2c2.cli import formats, screen
from s2c2.errors import command_line

app = typer.Typer(help="Make, import and check dataset folders.", no_args_is_help=True)


@app.command()
def synthetic(
    dest: Annotated[Path, typer.Argument(help="new dataset folder")],
    images: Annotated[int, typer.Option(help="number of images")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="the same seed makes the same images")] = 0,
    classes: Annotated[int, typer.Option(help="number of classes, 2 to 8")] = 8,
    size: Annotated[int, typer.Option(help="height and width in pixels")] = 32,
    votes: Annotated[int, typer.Option(help="annotators of each image")] = 10,
    ambiguous: Annotated[float, typer.Option(help="share of images between two classes")] = 0.35,
    imbalance: Annotated[float, typer.Option(help="largest class over smallest")] = 1.0,
) -> None:
    """Make ambiguous images with known soft labels."""
    from s2c2.data.synthetic import synthetic as make

    with screen.progress("drawing") as advance:
        made = make(
            dest,
            images=images,
            seed=seed,
            classes=classes,
            size=size,
            votes=votes,
            ambiguous=ambiguous,
            imbalance=imbalance,
            progress=lambda done, total: advance(done, total, ""),
        )
    screen.console.print(f"{dest}: {len(made.images)} images of {len(made.classes)} classes")


@app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="folder or file to import")],
    dest: Annotated[Path, typer.Argument(help="new dataset folder")],
    format: Annotated[
        str | None,
        typer.Option(help="needed: folders, table, counts, cifar10h, stl10, dc3, dcic, imagefolder"),
    ] = None,
    classes: Annotated[str | None, typer.Option(help="class names, separated by commas")] = None,
    name: Annotated[str | None, typer.Option(help="name of the dataset; by default that of DEST")] = None,
    table: Annotated[Path | None, typer.Option(help="table of 'table'")] = None,
    counts: Annotated[Path | None, typer.Option(help="counts file of 'counts' and 'cifar10h'")] = None,
    v_fold: Annotated[int, typer.Option(help="slice of 'dcic', 1 to 5")] = 1,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="leave out images that cannot be read")
    ] = False,
) -> None:
    """Import images and annotations as a dataset folder."""
    from s2c2.data.dataset import create
    from s2c2.data.formats import FORMATS, importer
    from s2c2.data.formats.labels import misspelt, tally
    from s2c2.data.formats.options import ImportOptions

    listed = tuple(part.strip() for part in classes.split(",")) if classes else None
    name = dest.absolute().name if name is None else name
    options = ImportOptions(classes=listed, name=name, table=table, counts=counts, v_fold=v_fold)
    found = importer(formats.given(format, FORMATS))(source, options)
    with screen.progress("importing") as advance:
        made = create(
            found, dest, skip_broken=skip_broken, progress=lambda done, total: advance(done, total, "")
        )
    votes = made.annotations.counts(made.images).sum(axis=0).tolist()
    given = dict(zip(made.classes, votes, strict=True))
    screen.console.print(
        f"{dest}: {len(made.images)} images, {len(made.classes)} classes, {sum(votes)} annotations"
    )
    screen.console.print(f"annotations by class: {tally(given)}")
    for note in (*found.notes, *(misspelt(given) if listed is None else ())):
        screen.console.print(note)
    if (dest / "broken.csv").is_file():
        lost = len(found.images) - len(made.images)
        screen.console.print(f"left out, as they cannot be read: {lost}, listed in {dest / 'broken.csv'}")
    screen.console.print(f"next: {command_line('data', 'check', dest)}")


@app.command()
def check(dataset: Annotated[Path, typer.Argument(help="dataset folder")]) -> None:
    """Say what is in a dataset and what is wrong with it; exit code 1 on errors."""
    from s2c2.data.check import check as examine
    from s2c2.data.dataset import read

    with screen.progress("reading") as advance:
        report = examine(read(dataset), progress=lambda done, total: advance(done, total, ""))
    screen.table("facts", ("what", "value"), report.facts)
    screen.table("classes", ("class", "images", "votes"), report.classes)
    screen.table("votes", ("votes an image", "images"), report.votes)
    for kind, findings in (("error", report.errors), ("warning", report.warnings)):
        for finding in findings:
            screen.console.print(f"{kind}: {finding.message}")
            for example in finding.examples:
                screen.console.print(f"  {example}")
    if report.errors:
        raise typer.Exit(1)
    screen.console.print("no errors")
