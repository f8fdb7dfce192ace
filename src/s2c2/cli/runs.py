"""``s2c2 train``, ``predict``, ``evaluate``, ``propose`` and ``report``."""

import math
import os
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from s2c2.cli import screen
from s2c2.cli.configs import Preset
from s2c2.cli.outputs import checked
from s2c2.errors import UserError, command_line

if TYPE_CHECKING:
    from s2c2.config import Config
    from s2c2.data.dataset import Dataset
    from s2c2.data.progress import Progress
    from s2c2.engine import Record
    from s2c2.experiments.others import Source
    from s2c2.predictions import Predictions
    from s2c2.ranks.group import Ranks

TERMINATED = 75
"""Exit code after SIGTERM, "try again": the same command with ``--resume`` goes on."""

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="run folder")]


def train(
    dataset: Annotated[Path, typer.Argument(help="dataset folder")],
    pairs: Annotated[list[str] | None, typer.Argument(metavar="[key=value]…")] = None,
    out: Annotated[Path | None, typer.Option(help="run folder to write")] = None,
    algorithm: Annotated[str | None, typer.Option(help="semi-supervised algorithm")] = None,
    vanilla: Annotated[bool, typer.Option("--vanilla", help="without S2C2")] = False,
    conf: Annotated[Path | None, typer.Option("-c", "--config", help="YAML file")] = None,
    preset: Preset = "cpu",
    seed: Annotated[int | None, typer.Option(help="seed of everything random")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="go on from the newest checkpoint")] = False,
    annotations: Annotated[
        list[str] | None, typer.Option(metavar="LOG", help="learn from these answers, too; may be repeated")
    ] = None,
    instead: Annotated[
        bool, typer.Option("--replace-annotations", help="of answered images, drop the dataset's annotations")
    ] = False,
) -> None:
    """Train an algorithm, extended by S2C2 unless --vanilla."""
    from s2c2 import config

    values = config.merged(config.preset(preset), config.read(conf) if conf else {})
    given: dict[str, Any] = {"algorithm": {"name": algorithm}} if algorithm else {}
    given |= {"objective": {"name": "vanilla"}} if vanilla else {}
    given |= {} if seed is None else {"seed": seed}
    asked = config.agreed(given, config.assignments(pairs or []))
    resolved = config.resolve(config.merged(values, asked))
    folder = out or Path("runs") / f"{resolved.algorithm.name}-{resolved.objective.name}-{resolved.seed}"
    if instead and not annotations:
        raise UserError("--replace-annotations needs --annotations LOG")
    predictions = train_run(
        *(dataset, resolved, folder),
        resume=resume,
        logs=annotations or [],
        instead=instead,
        command=resuming(sys.argv),
    )
    step = "evaluate" if "validation" in predictions.splits else "propose"
    screen.console.print(f"next: s2c2 {step} {folder}")


def train_run(
    dataset: Path,
    config: "Config",
    out: Path,
    *,
    resume: bool = False,
    logs: Sequence[str] = (),
    instead: bool = False,
    command: str = "the same command with --resume",
) -> "Predictions":
    """Train one run with progress bars and return what it predicts; Ctrl-C and SIGTERM leave a checkpoint.

    Answers of annotation logs join the annotations of the dataset, or with ``instead`` replace them for the
    images that they answer. ``command`` is what a person is told to go on with.

    Raises:
        KeyboardInterrupt: after Ctrl-C.
        typer.Exit: after SIGTERM, with exit code 75.
    """
    from s2c2.data.dataset import read
    from s2c2.experiments.callbacks import Callbacks
    from s2c2.experiments.device import within
    from s2c2.experiments.run import run
    from s2c2.ranks.joining import opened

    found = read(dataset)
    if logs:
        found = _relabeled(found, logs, instead)
    with screen.phases() as phase, stoppable() as asked, opened() as ranks, within():
        announce(config, found, out, ranks.world)
        training = phase("training")

        def step(record: "Record", steps: int) -> None:
            training(record.step, steps, f"loss {record.losses['total']:.3f}")

        callbacks = Callbacks(
            step=step,
            reading=obeying(asked, phase("reading images")),
            predicting=obeying(asked, phase("predicting")),
            say=screen.console.print,
        )
        try:
            return run(
                found,
                config,
                out,
                resume=resume,
                stop=lambda: bool(asked),
                callbacks=callbacks,
                ranks=ranks,
            )
        except KeyboardInterrupt:
            screen.console.print(stopped(out, command))
            if asked[:1] == [signal.SIGTERM]:
                raise typer.Exit(TERMINATED) from None
            raise


def _relabeled(dataset: "Dataset", logs: Sequence[str], instead: bool) -> "Dataset":
    from s2c2.cli.annotations import open_log
    from s2c2.data.logs import joined
    from s2c2.data.logs.relabeling import relabeled

    log = joined([open_log(path, dataset.classes) for path in logs])
    return relabeled(dataset, log, instead=instead)


def announce(config: "Config", dataset: "Dataset", out: Path, processes: int = 1) -> None:
    """Say what is trained on what, where, and with what."""
    import torch

    from s2c2.experiments.device import present
    from s2c2.experiments.precision import bfloat16
    from s2c2.experiments.size import training_size
    from s2c2.experiments.threads import threads

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    count = threads(config)
    size, said = training_size(dataset, config, out), config.data.size or dataset.size
    computing = f"{screen.threads(count, os.environ)}{in_each_of(processes)}"
    pixels = f"{size} px" if said else f"{size} px (data.size=… for another size)"
    facts = [
        f"{config.algorithm.name}, {config.objective.name}, seed {config.seed} → {out}",
        *([] if dataset.relabeling is None else [_answers(dataset.relabeling.record)]),
        f"{len(dataset.images)} images of {dataset.name} at {pixels}, {config.train.steps} steps; {device}, "
        f"{computing}, {'bfloat16' if bfloat16(config, present()) else 'float32'}",
    ]
    for fact in facts:
        screen.console.print(fact)


def in_each_of(processes: int) -> str:
    """Return how to go on after what each process has; nothing for one process."""
    return "" if processes == 1 else f" in each of {processes} processes"


def _answers(record: Mapping[str, Any]) -> str:
    unnamed, images = record.get("unnamed", 0), record["images"]
    who = people(record["annotators"] - (unnamed > 0), unnamed)
    return f"with {record['answers']} answers of {who} to {images} images"


def people(named: int, unnamed: int) -> str:
    """Return who answered.

    Example:
        >>> people(2, 0), people(1, 5), people(0, 5)
        ('2 annotators', '1 annotator and 5 of unnamed people', 'unnamed people')
    """
    told = f"{named} annotator{'' if named == 1 else 's'}"
    if not unnamed:
        return told
    return f"{told} and {unnamed} of unnamed people" if named else "unnamed people"


def obeying(asked: list[int], advance: screen.Advance) -> "Progress":
    """Return a progress that passes on what it is told, and stops the work once that was asked for."""

    def progress(done: int, total: int) -> None:
        advance(done, total, "")
        if asked:
            raise KeyboardInterrupt

    return progress


def resuming(argv: Sequence[str]) -> str:
    """Return the command that goes on with a run, from the one that was given.

    Example:
        >>> resuming(["/venv/bin/s2c2", "train", "my images", "--out", "run"])
        "s2c2 train 'my images' --out run --resume"
    """
    given = [word for word in argv[1:] if word != "--resume"]
    return shlex.join(["s2c2", *given, "--resume"])


def stopped(out: Path, command: str) -> str:
    """Say what a stopped run left behind and how to go on."""
    from s2c2.checkpoint import listed
    from s2c2.experiments.folder import Place

    kept = listed(Place(out).checkpoints)
    if not kept:
        return f"stopped before the first checkpoint; to start anew: {command}"
    return f"stopped with a checkpoint of step {int(kept[-1].stem)}; to go on: {command}"


@contextmanager
def stoppable() -> Iterator[list[int]]:
    """Yield a list that is no longer empty once Ctrl-C or SIGTERM came; a second one stops at once.

    Not so where ``torchrun`` started several: it passes on a signal that may have reached them before.
    """
    asked: list[int] = []

    def ask(number: int, frame: object) -> None:
        asked.append(number)
        if len(asked) > 1 and not screen.several(os.environ):
            raise KeyboardInterrupt

    old = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def predict(
    run: RunFolder,
    source: Annotated[Path | None, typer.Argument(metavar="[IMAGES_OR_DATASET]")] = None,
    out: Annotated[Path | None, typer.Option(help="file to write, .parquet or .csv")] = None,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="leave out images that cannot be read")
    ] = False,
    anew: Annotated[Path | None, typer.Option("--as", metavar="RUN", help="new run, same network")] = None,
    pairs: Annotated[list[str] | None, typer.Option("--set", metavar="key=value", help="with --as")] = None,
) -> None:
    """Predict class, ambiguity and cluster of every image."""
    from s2c2.predictions import present
    from s2c2.ranks.group import only
    from s2c2.ranks.joining import opened
    from s2c2.runs import open_run

    _refuse_unread(source, skip_broken, anew, pairs)
    found = open_run(run)
    if out is not None:
        checked(out, (".parquet", ".csv"), present, "predictions")
    kept = out or (anew or run) / "predictions.parquet"
    with opened() as ranks:
        if anew is not None:
            predictions = ranks.lead(
                lambda: _reread(run, anew, pairs or []), lambda: open_run(anew).predictions()
            )
        elif source is None:
            predictions = found.predictions()
        else:
            kept = out or Path(f"{source.resolve().name}-predictions.parquet")
            predictions = _predict_folder(run, source, kept, skip_broken, ranks)
        if out is not None and (anew is not None or source is None):
            only(ranks, predictions.write)(out)
    ambiguous = int(predictions.ambiguous.sum())
    screen.console.print(f"{kept}: {len(predictions)} images")
    screen.console.print(f"{len(predictions) - ambiguous} certain, {ambiguous} ambiguous")


def _refuse_unread(
    source: Path | None, skip_broken: bool, anew: Path | None, pairs: list[str] | None
) -> None:
    """Refuse what a prediction would not heed.

    Raises:
        UserError: says what goes together.
    """
    if pairs and anew is None:
        raise UserError("--set needs --as RUN: the new run that is read so")
    if source is not None and anew is not None:
        raise UserError(
            f"--as reads the images of the run anew, not {source}: leave one out, or make the new run "
            f"first, then: {command_line('predict', anew, source)}"
        )
    if skip_broken and source is None:
        raise UserError("--skip-broken needs images to read: name a folder of them or a dataset after RUN")


def _predict_folder(run: Path, source: Path, out: Path, skip_broken: bool, ranks: "Ranks") -> "Predictions":
    """Write and return predictions for other images, with a progress bar, naming what is left out."""
    from s2c2.data.remarks import Remark, sentences
    from s2c2.data.writing import first_few
    from s2c2.experiments.others import opened_folder, predict_to
    from s2c2.experiments.predicting import NothingReadError
    from s2c2.experiments.saved import load_run

    saved, left_out, odd = load_run(run), list[str](), list[Remark]()
    skipped, found = left_out.append if skip_broken else None, list["Source"]()
    with screen.progress("predicting") as advance:

        def source_of() -> "Source":
            found.append(
                opened_folder(
                    saved, source, skipped, lambda done, total: advance(done, total, ""), odd.extend
                )
            )
            return found[0]

        try:
            predictions = predict_to(out, saved, source_of, ranks)
        except NothingReadError as error:
            raise UserError(": ".join((str(error), first_few(left_out)))) from error
    for text in (*saved.problems, *found[0].passed):
        screen.console.print(text)
    # Of a dataset each process knows all broken images, of a folder those of its share.
    say = screen.console if (source / "dataset.yaml").exists() else screen.everyone
    for text in (*(f"left out: {reason}" for reason in left_out), *sentences(odd)):
        say.print(text)
    return predictions


def _reread(run: Path, anew: Path, pairs: list[str]) -> "Predictions":
    from s2c2 import config
    from s2c2.experiments.saved import reread

    values = config.assignments(pairs)
    if set(values) - {"predict"}:
        raise UserError(
            "--set changes how a network is read: only keys of 'predict', such as predict.views=8"
        )
    return reread(run, anew, values.get("predict", {}))


def evaluate(
    run: RunFolder,
    against: Annotated[Path | None, typer.Option(metavar="VANILLA_RUN", help="run to compare with")] = None,
) -> None:
    """Score a run on its validation split, also at equal coverage with a vanilla run."""
    from s2c2.experiments.saved import score
    from s2c2.runs import open_run

    opened = [open_run(folder) for folder in (run, against) if folder is not None]
    show_scores(score(run, against))
    if against is not None and opened[-1].config.get("objective", {}).get("name") != "vanilla":
        screen.console.print(
            f"note: {against} is {opened[-1].label}, not a plain run; what is called vanilla above is its "
            "class head alone",
        )
    told = command_line("propose", run)
    screen.console.print(f"written: {run / 'scores.json'}; next: {told}")


def show_scores(result: dict[str, Any]) -> None:
    """Print scores and comparison as tables."""
    from s2c2.metrics.captions import CAPTIONS

    rows = [
        (CAPTIONS[name].name, value, CAPTIONS[name].text)
        for name, value in result["scores"].items()
        if name in CAPTIONS
    ]
    screen.table("validation", ("score", "value", "what it says"), rows)
    for reason in result["scores"]["reasons"]:
        screen.console.print(f"alarm: {reason}")
    if result["scores"]["images"] and not result["scores"]["share_disputed"]:
        screen.console.print(
            "note: people disagree about none of these images, so whether the ambiguous ones were found is "
            "not known; several opinions an image would show it"
        )
    if "comparison" in result:
        show_comparison(result["comparison"])


def show_comparison(comparison: dict[str, Any]) -> None:
    """Print S2C2 beside the vanilla network on the same images or the same number of them."""
    f1, distance, auroc = comparison["f1"], comparison["distance"], comparison["auroc"]
    best, alike, detector = comparison["rejection"], comparison["grouping"]["macro"], comparison["detector"]
    lines = [
        ("F1 on the images kept", f1["s2c2"], f1[best], f"F1 / vanilla, {best} rejection"),
        ("d of the same images", distance["s2c2"]["macro"], distance[alike]["macro"], f"d / {alike}"),
        ("AUROC of ambiguity", auroc["s2c2"], auroc[detector], f"AUROC / {detector}"),
    ]
    which = (f"vanilla, rejected by {best}", f"{alike}, same k", f"vanilla {detector}")
    intervals = (comparison["intervals"][name] for *_, name in lines)
    rows = [
        (score, ours, plain, difference(ours - plain, ends), partner)
        for (score, ours, plain, _), ends, partner in zip(lines, intervals, which, strict=True)
    ]
    screen.table("at equal coverage", ("score", "S2C2", "baseline", "difference [95 %]", "which"), rows)
    screen.console.print(comparison["verdict"])


def difference(value: float, ends: Mapping[str, float]) -> str:
    """Return a difference with its interval; a dash for what is not known.

    Example:
        >>> difference(0.25, {"low": 0.125, "high": 0.5})
        '+0.250 [+0.125, +0.500]'
        >>> unknown = {"low": math.nan, "high": math.nan}
        >>> difference(0.25, unknown), difference(math.nan, unknown)
        ('+0.250', '–')
    """
    if math.isnan(value):
        return "–"
    low, high = ends["low"], ends["high"]
    return f"{value:+.3f}" + ("" if math.isnan(low + high) else f" [{low:+.3f}, {high:+.3f}]")


def propose(run: RunFolder) -> None:
    """Group all images for relabeling: certain ones by class, ambiguous ones by cluster."""
    from s2c2 import proposals
    from s2c2.runs import open_run

    made = proposals.propose(open_run(run).predictions())
    proposals.write(made, run / "proposals.parquet")
    kinds = {kind: sum(group.kind == kind for group in made) for kind in ("class", "cluster")}
    screen.console.print(
        f"{run / 'proposals.parquet'}: groups of alike images, {kinds['class']} by class and "
        f"{kinds['cluster']} by cluster",
    )
    annotating, reporting = command_line("annotate", run), command_line("report", run)
    screen.console.print(f"next: {annotating}, or {reporting}")


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN…", help="run folders")],
    out: Annotated[Path | None, typer.Option(help="page to write")] = None,
    before: Annotated[
        Path | None, typer.Option(metavar="RUN", help="run before relabeling, held against the first one")
    ] = None,
) -> None:
    """Write one self-contained page about one or more runs."""
    from s2c2.report import own
    from s2c2.report import report as write
    from s2c2.runs import open_run

    if not runs:
        raise UserError("name at least one run folder")
    if out is not None:
        checked(out, (".html", ".htm"), own, "report of s2c2")
    earlier = None if before is None else open_run(before)
    page = write([open_run(path) for path in runs], out or runs[0] / "report.html", earlier)
    screen.console.print(f"report: {page}")
