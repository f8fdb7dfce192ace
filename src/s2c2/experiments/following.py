"""Training to the end: losses and checkpoints as they come, and what happens where a step fails."""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from s2c2 import checkpoint, files
from s2c2.config import Config
from s2c2.engine import NonFiniteError, Record, train
from s2c2.errors import UserError, command_line
from s2c2.experiments.fitting import too_large, too_small
from s2c2.experiments.folder import Place
from s2c2.experiments.manner import manner
from s2c2.experiments.setup import Setup
from s2c2.memory import exhausted
from s2c2.networks.manner import lone
from s2c2.ranks.dividing import add_up
from s2c2.ranks.group import ALONE, Ranks, led, only


def follow(
    place: Place,
    ready: Setup,
    config: Config,
    watch: Callable[[Record, int], None],
    stop: Callable[[], bool],
    ranks: Ranks = ALONE,
) -> None:
    """Train to the end, or until one process is asked to stop, writing losses and checkpoints.

    Raises:
        KeyboardInterrupt: when asked to stop.
        UserError: for a step that is not finite, does not fit into memory, or is of too few images.
    """
    try:
        return _follow(place, ready, config, watch, stop, ranks)
    except NonFiniteError as error:
        # A step is a function of seed, number and weights: the last checkpoint replays it.
        only(ranks, files.write_json)(place.nonfinite, {"step": error.step, "losses": error.losses})
        raise UserError(
            f"{error}. A smaller optimizer.rate or train.clip usually helps. The step is kept; to repeat it "
            f"and see its images: {command_line('replay', place.root)}"
        ) from error
    except ValueError as error:
        if not lone(error):
            raise
        raise too_small(config) from error
    except (RuntimeError, MemoryError) as error:
        if not exhausted(error):
            raise
    # Not in the handler: until it ends, the error holds what the step had allocated.
    raise too_large(ready, config) if ranks.world == 1 else too_large_for(ranks, ready)


def too_large_for(ranks: Ranks, ready: Setup) -> UserError:
    """Return the error for a step whose share did not fit; the others cannot help to find one that would."""
    return UserError(
        f"out of memory in step {ready.training.step} with train.batch={ready.batches.batch} "
        f"in {ranks.world} processes: take more, or train anew with a smaller batch into another --out"
    )


def _follow(
    place: Place,
    ready: Setup,
    config: Config,
    watch: Callable[[Record, int], None],
    stop: Callable[[], bool],
    ranks: Ranks,
) -> None:
    led(ranks, lambda: trim(place.losses, ready.training.step))
    steps = train(
        *(ready.training, ready.batches, ready.objective, ready.schedule),
        seed=config.seed,
        manner=manner(config, ready.objective, ready.training.network),
        add_up=partial(add_up, ranks=ranks),
    )
    lines: list[str] = []

    def keep() -> None:
        ranks.same("their weights", lambda: checkpoint.digest(checkpoint.state(ready.training)))
        only(ranks, save)(place, ready, config, lines)
        lines.clear()

    for record in steps:
        lines.append(line(record))
        watch(record, ready.schedule.steps)
        stopped = ranks.any(stop())
        last = record.step == ready.schedule.steps
        if stopped or last or record.step % config.train.checkpoint == 0:
            keep()
        if stopped:
            raise KeyboardInterrupt


def save(place: Place, ready: Setup, config: Config, lines: list[str]) -> None:
    """Append the losses since the last checkpoint, then write a checkpoint."""
    try:
        with place.losses.open("a", encoding="utf-8") as stream:
            stream.writelines(lines)
    except OSError as error:
        raise UserError(f"cannot write {place.losses}: {error.strerror or error}") from error
    lines.clear()
    checkpoint.write(place.checkpoints, ready.training, keep=config.train.keep)


def line(record: Record) -> str:
    """Return a record as a line of JSON."""
    values = {"step": record.step, "progress": record.progress, "rate": record.rate} | record.losses
    return json.dumps(files.finite(values)) + "\n"


def trim(path: Path, step: int) -> None:
    """Drop the losses of steps after ``step``, which a killed run may have written."""
    if not path.exists():
        return
    kept = []
    for text in path.read_text(encoding="utf-8").splitlines(keepends=True):
        with suppress(ValueError):
            if json.loads(text)["step"] <= step:
                kept.append(text)
    files.write_text(path, "".join(kept))
