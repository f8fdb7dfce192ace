"""``s2c2 experiment``: a grid of runs, its tables and its figure."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s2c2.cli import screen
from s2c2.cli.runs import TERMINATED, stoppable
from s2c2.errors import UserError

if TYPE_CHECKING:
    from s2c2.experiments.grid import State, Worked
    from s2c2.experiments.grids import Planned, Spread


def experiment(
    name: Annotated[str, typer.Argument(help="table2, table4, table5, figure4, variants, sweep-prior, …")],
    pairs: Annotated[list[str] | None, typer.Argument(metavar="[key=value]…")] = None,
    dataset: Annotated[list[Path] | None, typer.Option(help="dataset folder; may be repeated")] = None,
    algorithm: Annotated[list[str] | None, typer.Option(help="only this one; may be repeated")] = None,
    preset: Annotated[str, typer.Option(help="starting point: cpu, demo, paper")] = "cpu",
    seeds: Annotated[int, typer.Option(min=1, help="number of seeds")] = 3,
    out: Annotated[Path | None, typer.Option(help="folder to write; experiments share its runs")] = None,
    workers: Annotated[int, typer.Option(min=1, help="processes, with one thread each")] = 2,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="only the tables, from the records")] = False,
) -> None:
    """Train a grid of runs, and write its tables and figure; a grid that was stopped goes on."""
    from s2c2.report.study import write

    folder = out or Path("runs") / preset
    worked, asked = None, list[int]()
    if not rebuild:
        from s2c2.config import assignments, merged
        from s2c2.config import preset as starting
        from s2c2.experiments.grids import Spread

        base = merged(starting(preset), assignments(pairs or []))
        spread = Spread(tuple(dataset or ()), seeds, base, tuple(algorithm or ()))
        worked, asked = work(planned(name, spread, folder), folder, workers)
    page = write(folder / name, folder / "records")
    screen.console.print(f"tables: {page}")
    if worked is not None and worked.stopped:
        screen.console.print("stopped; the same command goes on")
        raise typer.Exit(TERMINATED) if asked[:1] == [signal.SIGTERM] else KeyboardInterrupt
    if worked is not None and worked.failed:
        raise typer.Exit(1)


def planned(name: str, spread: "Spread", folder: Path) -> "tuple[Planned, ...]":
    """Return the runs of an experiment and write down its plan."""
    from s2c2.experiments.grid import Output, guard
    from s2c2.experiments.grids import plan
    from s2c2.studies import write_study

    if not spread.folders:
        raise UserError("name at least one dataset: --dataset FOLDER")
    study, runs = plan(name, spread)
    guard(runs, Output(folder))
    write_study(study, folder / name)
    return runs


def work(runs: "tuple[Planned, ...]", folder: Path, workers: int) -> "tuple[Worked, list[int]]":
    """Work through a grid with a progress bar, and return the signals that stopped it with checkpoints."""
    from s2c2.experiments.grid import Output, execute

    screen.console.print(f"{len(runs)} runs, {workers} at a time → {folder}")
    with screen.progress("steps") as advance, stoppable() as asked:

        def watch(state: "State") -> None:
            advance(state.done, state.total, f"{state.failed} failed" if state.failed else "")

        worked = execute(runs, Output(folder), workers, stop=lambda: bool(asked), watch=watch)
    for name, reason in worked.failed:
        screen.console.print(f"failed: {name}: {reason}", markup=False)
    done = len(runs) - worked.skipped
    screen.console.print(f"{done} runs worked on, {worked.skipped} were done, {len(worked.failed)} failed")
    return worked, asked
