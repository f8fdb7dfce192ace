"""``s2c2 simulate``: would proposals make labels more consistent, faster, and right?"""

from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from s2c2.cli import screen
from s2c2.cli.outputs import folder
from s2c2.errors import UserError, unknown

if TYPE_CHECKING:
    from s2c2.simulation import Costs


def simulate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="run folder with S2C2")],
    against: Annotated[Path, typer.Option(metavar="VANILLA_RUN", help="run for plain class proposals")],
    annotators: Annotated[int, typer.Option(min=1, help="simulated people")] = 3,
    offset: Annotated[float, typer.Option(help="acceptance offset δ: pull of a proposal, 0 to 0.98")] = 0.2,
    seed: Annotated[int, typer.Option(min=0, help="seed of all answers")] = 0,
    split: Annotated[str, typer.Option(help="images to annotate: validation, unlabeled, …")] = "validation",
    cost: Annotated[list[str] | None, typer.Option(metavar="NAME=SECONDS", help="may be repeated")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="folder to write the table to")] = None,
) -> None:
    """Simulate annotators with no, plain and S2C2 proposals; compare agreement, time and label quality."""
    from s2c2 import simulation
    from s2c2.metrics.consistency import study
    from s2c2.report import consistency
    from s2c2.runs import dataset_of, open_run, refuse_other_pictures

    if out is not None:
        folder(out)
    crowd = simulation.Crowd(annotators, offset=offset, costs=costs(cost or []))
    runs = open_run(run), open_run(against)
    refuse_other_pictures(*runs)
    truth = dataset_of(runs[0]).annotations
    whole = [opened.predictions() for opened in runs]
    if split not in (have := sorted({*whole[0].splits} - {""})):
        raise unknown("split", split, have)
    said = [predictions.of(split) for predictions in whole]
    log = simulation.answered((said[0], said[1]), truth, crowd, seed)
    images = log["image"].n_unique()
    if not images:
        raise UserError(f"{run} has no annotated images in the split '{split}'")
    if not (truth.votes(said[0].images) > 1).any():
        screen.console.print(
            "note: no image has two votes, so the simulated annotators all know its one label: "
            "they agree more than people would"
        )
    found = study(log, truth)
    rows = consistency.sheet(found)
    screen.table(
        f"{images} images, {annotators} simulated annotators, δ = {offset:g}", rows.columns, rows.rows
    )
    if sentence := consistency.verdict(found):
        screen.console.print(sentence)
    if out is not None:
        named = {"s2c2": runs[0].label, "vanilla": runs[1].label, "split": split, "images": images}
        consistency.write(found, named | {"seed": seed} | asdict(crowd), out)
        screen.console.print(f"written: {out}")


def costs(assignments: list[str]) -> "Costs":
    """Return the cost model with some seconds replaced.

    Raises:
        UserError: for a name that does not exist, or seconds that are no number ≥ 0.
    """
    from s2c2.simulation import Costs

    names = [field.name for field in fields(Costs)]
    given: dict[str, Any] = {}
    for assignment in assignments:
        name, _, text = assignment.partition("=")
        if name not in names:
            raise unknown("cost", name, names)
        try:
            given[name] = float(text)
        except ValueError:
            given[name] = -1.0
        if not 0 <= given[name] < float("inf"):
            raise UserError(f"cost {assignment}: give seconds, as in {name}=1.5")
    return replace(Costs(), **given)
