"""``s2c2 bench``: what steps, views, packs and predictions cost on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from s2c2.cli import screen

if TYPE_CHECKING:
    from s2c2.benchmarks.cases import Asked

Many = list[str]


def bench(
    sections: Annotated[
        Many | None,
        typer.Argument(
            metavar="[SECTION]…",
            help="ceiling, step, views, predict, pack, start; by default all; or scale",
        ),
    ] = None,
    algorithm: Annotated[Many, typer.Option(help="may be repeated")] = ["fixmatch", "mean-teacher"],  # noqa: B006
    objective: Annotated[Many, typer.Option(help="vanilla, s2c2")] = ["vanilla", "s2c2"],  # noqa: B006
    precision: Annotated[Many, typer.Option(help="bfloat16, float32")] = ["bfloat16"],  # noqa: B006
    layout: Annotated[Many, typer.Option(help="channels_last, nchw")] = ["channels_last"],  # noqa: B006
    passes: Annotated[Many, typer.Option(help="joined, lean, apart")] = ["joined", "lean"],  # noqa: B006
    network: Annotated[str, typer.Option(help="wrn-28-2, wrn-16-2, wrn-10-1")] = "wrn-28-2",
    batch: Annotated[int, typer.Option(help="labeled images in a step")] = 16,
    size: Annotated[int, typer.Option(help="pixels")] = 32,
    rounds: Annotated[int, typer.Option(help="samples of each")] = 3,
    threads: Annotated[int, typer.Option(help="threads that compute")] = 1,
    compiled: Annotated[
        Many, typer.Option("--compile", help="no, default, reduce-overhead (CUDA graphs); takes minutes")
    ] = ["no"],  # noqa: B006
    device: Annotated[str, typer.Option(help="cpu, cuda")] = "cpu",
    out: Annotated[Path, typer.Option(help="folder of history, table and plot")] = Path("bench"),
) -> None:
    """Measure what steps, views, packs and predictions cost, and add it to a history.

    Works are measured in turn, each in a process of its own. Times are processor seconds, which hold on a
    busy machine, with quartiles; the load average stands beside them. ``scale`` goes up to a million images.
    """
    from s2c2.benchmarks.cases import Asked
    from s2c2.benchmarks.sections import SECTIONS, SHORT
    from s2c2.errors import chosen

    asked = Asked(
        algorithm,
        objective,
        precision,
        layout,
        passes,
        network,
        batch,
        size,
        rounds,
        threads,
        compiled,
        device,
    )
    asked.check()
    wanted = {name: chosen("section", name, SECTIONS) for name in sections or SHORT}
    for name, rows in wanted.items():
        screen.console.print(f"measuring: {name}")
        keep(name, rows(asked), asked, out)
    screen.console.print(f"written: {out / 'history.jsonl'}, {out / 'summary.md'}, {out / 'summary.svg'}")


def keep(section: str, rows: list[dict[str, Any]], asked: "Asked", out: Path) -> None:
    """Show the rows of a section, add them to the history, and write table and plot anew."""
    import datetime
    from dataclasses import asdict

    from s2c2 import files
    from s2c2.benchmarks import history
    from s2c2.benchmarks.machine import card, machine
    from s2c2.benchmarks.plot import plot

    names, shown = history.short(rows)
    screen.table(section, names, shown)
    described = machine(asked.threads) | ({"card": card()} if asked.device != "cpu" else {})
    entry = {
        "section": section,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": described,
        "options": asdict(asked),
        "rows": rows,
    }
    history.append(out / "history.jsonl", entry)
    entries = history.read(out / "history.jsonl")
    files.write_text(out / "summary.md", history.summary(entries))
    plot(entries, out / "summary.svg")
