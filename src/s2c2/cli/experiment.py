"""``s2c2 experiment``: a grid of runs, its tables and its figure."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s2c2.cli import screen
from s2c2.cli.configs import Preset
from s2c2.cli.runs import TERMINATED, stoppable
from s2c2.errors import UserError

if TYPE_CHECKING:
    from s2c2.experiments.executors import Executor
    from s2c2.experiments.grid import State, Worked
    from s2c2.experiments.planned import Planned, Spread


TRAINING = {
    "pairs": "key=value",
    "dataset": "--dataset",
    "algorithm": "--algorithm",
    "seeds": "--seeds",
    "first": "--first-seed",
    "workers": "--workers",
    "executor": "--executor",
}
"""What says how a grid is made, as people write it."""


def experiment(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help="table2 … table5, figure4, figure5, budget, variants, sweep-prior, …")
    ],
    pairs: Annotated[list[str] | None, typer.Argument(metavar="[key=value]…")] = None,
    dataset: Annotated[list[Path] | None, typer.Option(help="dataset folder; may be repeated")] = None,
    algorithm: Annotated[list[str] | None, typer.Option(help="only this one; may be repeated")] = None,
    preset: Preset = "cpu",
    seeds: Annotated[int, typer.Option(min=1, help="number of seeds")] = 3,
    first: Annotated[int, typer.Option("--first-seed", min=0, help="the others follow it")] = 0,
    out: Annotated[Path | None, typer.Option(help="folder to write; experiments share its runs")] = None,
    workers: Annotated[int, typer.Option(min=1, help="processes, with one thread each")] = 2,
    executor: Annotated[
        str, typer.Option(metavar="NAME[:N]", help="what does the jobs: local[:N], ray[:N] or slurm[:N]")
    ] = "local",
    rebuild: Annotated[bool, typer.Option("--rebuild", help="only the tables, from the records")] = False,
) -> None:
    """Train a grid of runs, and write its tables and figure; a grid that was stopped goes on."""
    if rebuild:
        _refuse_training(context)
    folder = out or Path("runs") / preset
    worked, asked = None, list[int]()
    if not rebuild:
        from s2c2.experiments.executors import executor as chosen

        doing = chosen(executor, workers)
        spread = spread_of(pairs or [], preset, tuple(dataset or ()), seeds, tuple(algorithm or ()), first)
        worked, asked = work(planned(name, spread, folder), folder, doing)
    from s2c2.report.study.writing import write  # matplotlib: not in memory while the grid is at work

    page = write(folder / name, folder / "records")
    screen.console.print(f"tables: {page}")
    if worked is not None and worked.stopped:
        screen.console.print("stopped; the same command goes on")
        raise typer.Exit(TERMINATED) if asked[:1] == [signal.SIGTERM] else KeyboardInterrupt
    if worked is not None and worked.failed:
        raise typer.Exit(1)


def _refuse_training(context: typer.Context) -> None:
    """Refuse what says how a grid is made, where only its tables are.

    Raises:
        UserError: names what was given.
    """
    sources = {title: context.get_parameter_source(name) for name, title in TRAINING.items()}
    given = [title for title, source in sources.items() if source and source.name == "COMMANDLINE"]
    if given:
        named = ", ".join(given)
        raise UserError(
            f"--rebuild makes tables of the plan and the records that are there: leave {named} out"
        )


def spread_of(
    pairs: list[str],
    preset: str,
    datasets: tuple[Path, ...],
    seeds: int,
    algorithms: tuple[str, ...],
    first: int = 0,
) -> "Spread":
    """Return what a grid is spread over; ``crowd.`` and ``budget.`` set who annotates and how much.

    Raises:
        UserError: for a preset or a setting that does not exist.
    """
    from s2c2.config import assignments, merged
    from s2c2.config import preset as starting
    from s2c2.experiments.planned import Spread
    from s2c2.experiments.settings import settled
    from s2c2.relabeling import Budget
    from s2c2.simulation import Crowd

    values = assignments(pairs)
    crowd = settled(Crowd(), values.pop("crowd", {}), "crowd")
    budget = settled(Budget(), values.pop("budget", {}), "budget")
    return Spread(datasets, seeds, merged(starting(preset), values), algorithms, crowd, budget, first)


def planned(name: str, spread: "Spread", folder: Path) -> "tuple[Planned, ...]":
    """Return the runs of an experiment and write down its plan."""
    from s2c2.experiments.grids import plan
    from s2c2.experiments.output import Output, guard
    from s2c2.studies import write_study

    if not spread.folders:
        raise UserError("name at least one dataset: --dataset FOLDER")
    study, runs = plan(name, spread)
    guard(runs, Output(folder))
    write_study(study, folder / name)
    return runs


def work(runs: "tuple[Planned, ...]", folder: Path, executor: "Executor") -> "tuple[Worked, list[int]]":
    """Work through a grid with a progress bar, and return the signals that stopped it with checkpoints."""
    from s2c2.experiments.grid import execute
    from s2c2.experiments.output import Output

    screen.console.print(f"{len(runs)} runs → {folder}")
    with screen.progress("steps") as advance, stoppable() as asked:

        def watch(state: "State") -> None:
            advance(state.done, state.total, f"{state.failed} failed" if state.failed else "")

        worked = execute(runs, Output(folder), executor, stop=lambda: bool(asked), watch=watch)
    for name, reason in worked.failed:
        screen.console.print(f"failed: {name}: {reason}")
    begun = len(runs) - worked.skipped - worked.waiting
    waiting = f"{worked.waiting} not begun, " if worked.waiting else ""
    screen.console.print(
        f"{begun} runs worked on, {waiting}{worked.skipped} were done, {len(worked.failed)} failed"
    )
    return worked, asked
