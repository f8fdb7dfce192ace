"""``s2c2 demo``: the whole way on synthetic images, in minutes."""

from pathlib import Path
from typing import Annotated

import typer

from s2c2.cli import runs, screen
from s2c2.cli.outputs import folder
from s2c2.errors import UserError, command_line


def demo(
    out: Annotated[Path, typer.Option(help="folder to write")] = Path("demo"),
    seed: Annotated[int, typer.Option(min=0, help="seed of everything random")] = 0,
) -> None:
    """Make images, train Mean-Teacher with and without S2C2, compare fairly, and write the report.

    The network of S2C2 is read twice: as in the paper, and by its doubt with prototypes for the groups.
    """
    from s2c2 import config
    from s2c2.data.synthetic import synthetic
    from s2c2.experiments.saved import reread, score
    from s2c2.report import report
    from s2c2.runs import open_run

    if folder(out).exists() and any(out.iterdir()):
        raise UserError(f"{out} is not empty: choose another --out, or remove it")
    dataset = out / "dataset"
    screen.console.print("making 2000 ambiguous images of which the truth is known")
    with screen.progress("drawing") as advance:
        synthetic(dataset, seed=seed, progress=lambda done, total: advance(done, total, ""))
    folders = {}
    for name in ("vanilla", "s2c2"):
        chosen = config.merged(config.preset("demo"), {"objective": {"name": name}, "seed": seed})
        folders[name] = out / f"mean-teacher-{name}"
        runs.train_run(dataset, config.resolve(chosen), folders[name])
    folders["readout"] = out / "mean-teacher-readout"
    screen.console.print("reading the network of S2C2 once more, by doubt and prototypes: nothing is trained")
    reread(folders["s2c2"], folders["readout"], {"ambiguity": "doubt", "clusters": "prototypes"})
    score(folders["vanilla"])
    screen.console.print("\nS2C2 as in the paper", style="bold")
    runs.show_comparison(score(folders["s2c2"], folders["vanilla"])["comparison"])
    screen.console.print("\nthe same network, read by its doubt", style="bold")
    runs.show_scores(score(folders["readout"], folders["vanilla"]))
    runs.propose(folders["readout"])
    page = report([open_run(folders[name]) for name in ("readout", "s2c2", "vanilla")], out / "report.html")
    screen.console.print(f"\nThe report is {page.resolve()}: open it in a browser.")
    judge = command_line("annotate", folders["readout"])
    screen.console.print(f"To judge its groups on a page:\n  {judge}")
    screen.console.print("With your own images:")
    screen.console.print("  s2c2 data import FOLDER DATASET --format folders")
    screen.console.print("  s2c2 train DATASET --algorithm mean-teacher --out RUN")
