"""A run folder: its files, who may write into it, and what is written of a run before it starts."""

import datetime
import hashlib
import platform
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl
import torch

from s2c2 import config as configuration
from s2c2 import files
from s2c2.config import Config
from s2c2.data.dataset import Dataset
from s2c2.errors import UserError
from s2c2.experiments.setup import Setup


@dataclass(frozen=True)
class Place:
    """Where the files of a run folder lie."""

    root: Path

    @property
    def config(self) -> Path:
        """The resolved configuration."""
        return self.root / "config.yaml"

    @property
    def losses(self) -> Path:
        """One JSON object for each step."""
        return self.root / "losses.jsonl"

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.root / "checkpoints"

    @property
    def predictions(self) -> Path:
        """Predictions for every image; they are there when the run is finished."""
        return self.root / "predictions.parquet"

    @property
    def shards(self) -> Path:
        """Folder of what several processes predict, until the first one puts it together."""
        return self.root / "shards"

    @property
    def nonfinite(self) -> Path:
        """Number and losses of a step that was not finite."""
        return self.root / "nonfinite.json"

    @property
    def readout(self) -> Path:
        """What was fitted to read ambiguity and clusters, where that was asked for."""
        return self.root / "readout.npz"

    @property
    def annotations(self) -> Path:
        """The annotations of a run with answers from a log."""
        return self.root / "annotations.parquet"

    @property
    def relabeling(self) -> Path:
        """Which answers these were: digest, rows, rounds."""
        return self.root / "relabeling.json"

    @property
    def dataset(self) -> Path:
        """Name, folder, classes and training size of the dataset."""
        return self.root / "dataset.json"


def guard(place: Place, dataset: Dataset, config: Config, *, resume: bool) -> None:
    """Refuse a folder that this run must not write into.

    Raises:
        UserError: says whether to resume, to choose another folder, or what differs.
    """
    if not place.root.exists():
        return
    if not place.root.is_dir() or (any(place.root.iterdir()) and not place.config.exists()):
        raise UserError(f"{place.root} exists and is not a run folder: choose another --out")
    if not place.config.exists():
        return
    if place.predictions.exists():
        raise UserError(f"{place.root} holds a finished run: choose another --out")
    if not resume:
        raise UserError(
            f"{place.root} holds an unfinished run: add --resume to go on, or choose another --out"
        )
    old = configuration.completed(configuration.read(place.config))
    new = config.model_dump(mode="json")
    changed = sorted(differences(old, new))
    if changed:
        raise UserError(f"{place.root} was started with another configuration: {', '.join(changed)}")
    if files.read_json(place.dataset)["name"] != dataset.name:
        raise UserError(f"{place.root} was started on another dataset")
    _guard_log(place, dataset)


def _guard_log(place: Place, dataset: Dataset) -> None:
    """Refuse answers other than those that a run was started with."""
    old = files.read_json(place.relabeling) if place.relabeling.exists() else None
    new = None if dataset.relabeling is None else dict(dataset.relabeling.record)
    if old == new:
        return
    if old is None:
        raise UserError(f"{place.root} was started without an annotation log: leave out --annotations")
    if new is None:
        raise UserError(f"{place.root} was started with an annotation log: name it with --annotations")
    changed = ", ".join(sorted(differences(old, new)))
    raise UserError(f"{place.root} was started with another annotation log: {changed}")


def differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Yield each key whose value differs."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {*old, *new}:
            yield from differences(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    elif old != new:
        yield f"{path} {old} → {new}"


def describe(place: Place, dataset: Dataset, config: Config, ready: Setup, processes: int = 1) -> None:
    """Write what the run is: configuration, dataset, splits, labels, environment.

    Raises:
        UserError: when the images or splits are not those the run was started with.
    """
    digest = ready.pack.digests
    facts = {
        "name": dataset.name,
        "root": str(dataset.root.resolve()),
        "classes": list(dataset.classes),
        "size": int(ready.pack.pixels.shape[1]),
        "images": len(ready.pack.images),
        "digest": pooled(digest),
    }
    if ready.embedded is not None:
        facts["extractor"] = ready.embedded.extractor
    old = files.read_json(place.dataset) if place.dataset.exists() else facts
    if old["digest"] != facts["digest"]:
        raise UserError(f"the images of {dataset.root} are not those that {place.root} was started with")
    if old.get("extractor") != facts.get("extractor"):
        raise UserError(f"the extractor's weights are not those that {place.root} was started with")
    place.root.mkdir(parents=True, exist_ok=True)
    files.write_json(place.dataset, facts)
    if dataset.relabeling is not None:
        with files.atomic(place.annotations) as partial:
            dataset.annotations.table.write_parquet(partial)
        files.write_json(place.relabeling, dict(dataset.relabeling.record))
    splits = ready.splits.of()
    table = pl.DataFrame({"image": list(splits), "split": list(splits.values())})
    files.write_text(place.root / "splits.csv", table.write_csv())
    names = [dataset.classes[number] for number in ready.labels]
    drawn = pl.DataFrame({"image": list(ready.splits.labeled), "label": names})
    files.write_text(place.root / "labels.csv", drawn.write_csv())
    files.write_json(place.root / "environment.json", environment() | {"processes": processes})
    files.write_text(place.config, configuration.dump(config))


def accompany(place: Place, beside: Mapping[str, str]) -> None:
    """Write further files of a run.

    Raises:
        UserError: when the run was started with other ones.
    """
    for name, text in beside.items():
        path = place.root / name
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise UserError(f"{path} is not what the run would be started with now: choose another --out")
        files.write_text(path, text)


@contextmanager
def no_ruins(place: Place) -> Iterator[None]:
    """Remove a run folder again when the first files of it cannot be written."""
    existed = place.root.exists()
    try:
        yield
    except UserError:
        if not existed:
            shutil.rmtree(place.root, ignore_errors=True)
        raise


def pooled(digests: tuple[str, ...]) -> str:
    """Return one digest for all images."""
    return hashlib.blake2b("\n".join(digests).encode(), digest_size=16).hexdigest()


def environment() -> dict[str, Any]:
    """Return what the numbers of a run may depend on beside its configuration."""
    packages = ("s2c2", "torch", "numpy", "pillow", "scikit-learn", "polars")
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "packages": {name: version(name).partition("+")[0] for name in packages},
        "git": _git(),
    }


def _git() -> str | None:
    """Return the commit of the package's checkout, with ``+`` when it has changes."""
    if shutil.which("git") is None:
        return None
    here = Path(__file__).parent
    try:
        commit, changes = (
            subprocess.run(
                ["git", *command], cwd=here, capture_output=True, text=True, check=True, timeout=10
            ).stdout
            for command in (["rev-parse", "--short", "HEAD"], ["status", "--porcelain"])
        )
    except (subprocess.SubprocessError, OSError):
        return None
    return commit.strip() + ("+" if changes.strip() else "")
