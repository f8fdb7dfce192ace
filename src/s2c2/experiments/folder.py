"""A run folder: its files, who may write into it, and what is written of a run before it starts."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from s2c2 import config as configuration
from s2c2 import files
from s2c2.config import Config
from s2c2.data.dataset import Dataset
from s2c2.errors import UserError
from s2c2.experiments.environment import environment
from s2c2.experiments.setup import Setup
from s2c2.experiments.unchanged import (
    learned,
    pooled,
    refuse_changed,
    refuse_changed_images,
    refuse_other_votes,
    write_images,
)


@dataclass(frozen=True)
class Place:
    """Where the files of a run folder lie."""

    root: Path

    @property
    def lock(self) -> Path:
        """What a process holds that writes into it; removed at the end."""
        return self.root / ".lock"

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
    def probe(self) -> Path:
        """The probe beside the network, where one was asked for."""
        return self.root / "probe.npz"

    @property
    def annotations(self) -> Path:
        """The annotations of a run with answers from a log."""
        return self.root / "annotations.parquet"

    @property
    def relabeling(self) -> Path:
        """Which answers these were: digest, rows, rounds."""
        return self.root / "relabeling.json"

    @property
    def images(self) -> Path:
        """Digest of the pixels of each image."""
        return self.root / "images.parquet"

    @property
    def splits(self) -> Path:
        """Split of each image."""
        return self.root / "splits.csv"

    @property
    def labels(self) -> Path:
        """Label of each labeled image."""
        return self.root / "labels.csv"

    @property
    def environment(self) -> Path:
        """Date, machine and versions."""
        return self.root / "environment.json"

    @property
    def dataset(self) -> Path:
        """Name, folder, classes and training size of the dataset."""
        return self.root / "dataset.json"


def guard(place: Place, dataset: Dataset, config: Config, *, resume: bool) -> bool:
    """Refuse a folder that this run must not write into; return whether this very run has ended there.

    Raises:
        UserError: says whether to resume, to choose another folder, or what differs.
    """
    if not place.root.exists():
        return False
    if not place.root.is_dir() or not (place.config.exists() or _begun(place)):
        raise UserError(f"{place.root} exists and is not a run folder: choose another --out")
    if not place.config.exists():
        return False
    ended = place.predictions.exists()
    if ended and not resume:
        raise UserError(f"{place.root} holds a finished run: choose another --out")
    if not resume:
        raise UserError(
            f"{place.root} holds an unfinished run: add --resume to go on, or choose another --out"
        )
    try:
        _guard_settings(place, dataset, config)
    except UserError as error:
        if not ended:
            raise
        raise UserError(f"{place.root} holds a finished run: choose another --out ({error})") from error
    return ended


def _guard_settings(place: Place, dataset: Dataset, config: Config) -> None:
    """Refuse settings, a dataset or answers other than those that a run was started with."""
    old = configuration.completed(configuration.read(place.config))
    new = config.model_dump(mode="json")
    changed = sorted(differences(old, new))
    if changed:
        raise UserError(f"{place.root} was started with another configuration: {', '.join(changed)}")
    if files.read_json(place.dataset)["name"] != dataset.name:
        raise UserError(f"{place.root} was started on another dataset")
    _guard_log(place, dataset)


def _begun(place: Place) -> bool:
    """Return whether a folder is empty or all it holds is what a run writes before its configuration."""
    first = (place.dataset, place.images, place.splits, place.labels, place.annotations, place.relabeling)
    known = {path.name for path in (*first, place.environment, place.lock)}
    return all(path.name in known or path.name.endswith(files.STALE) for path in place.root.iterdir())


def _guard_log(place: Place, dataset: Dataset) -> None:
    """Refuse answers other than those that a run was started with."""
    old = files.read_json(place.relabeling) if place.relabeling.exists() else None
    new = None if dataset.relabeling is None else dict(dataset.relabeling.record)
    if old is not None and new is not None:
        new = {name: value for name, value in new.items() if name in old}  # an older version wrote fewer
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
        UserError: when images, classes, labels or splits are not those the run was started with; says which.
    """
    found = origin(place, dataset, ready)
    if place.config.exists():
        refuse_other(place, dataset, ready, found)
    else:
        write_images(place.images, ready.pack)
    files.write_json(place.dataset, found.facts)
    if dataset.relabeling is not None:
        with files.atomic(place.annotations) as partial:
            dataset.annotations.table.write_parquet(partial)
        files.write_json(place.relabeling, dict(dataset.relabeling.record))
    files.write_text(place.splits, found.splits.write_csv())
    files.write_text(place.labels, found.labels.write_csv())
    files.write_json(place.environment, environment() | {"processes": processes})
    files.write_text(place.config, configuration.dump(config))


@dataclass(frozen=True)
class Origin:
    """What a run learns from, as its folder tells it."""

    facts: dict[str, Any]
    """What ``dataset.json`` holds."""
    splits: pl.DataFrame
    """Split of each image."""
    labels: pl.DataFrame
    """Label of each labeled image."""


def origin(place: Place, dataset: Dataset, ready: Setup) -> Origin:
    """Return what a run learns from."""
    splits = ready.splits.of()
    names = [dataset.classes[number] for number in ready.labels]
    return Origin(
        _facts(place, dataset, ready),
        pl.DataFrame({"image": list(splits), "split": list(splits.values())}),
        pl.DataFrame({"image": list(ready.splits.labeled), "label": names}),
    )


def _facts(place: Place, dataset: Dataset, ready: Setup) -> dict[str, Any]:
    facts = {
        "name": dataset.name,
        "root": str(dataset.root.resolve()),
        "relative": os.path.relpath(dataset.root.resolve(), place.root.resolve()),
        "classes": list(dataset.classes),
        "size": int(ready.pack.pixels.shape[1]),
        "images": len(ready.pack.images),
        "digest": pooled(ready.pack.digests),
        "labels": learned(ready.batches.labels, ready.batches.dissent),
    }
    if ready.embedded is not None:
        facts["extractor"] = ready.embedded.extractor
    return facts


def refuse_other(place: Place, dataset: Dataset, ready: Setup, now: Origin) -> None:
    """Refuse to go on with another dataset than a run was started on.

    Raises:
        UserError: says what has changed.
    """
    old, facts = files.read_json(place.dataset), now.facts
    if old["digest"] != facts["digest"]:
        refuse_changed_images(place.images, ready.pack, dataset.root, place.root)
    for key, what in (("classes", "the classes"), ("extractor", "the extractor's weights")):
        if old.get(key) != facts.get(key):
            raise UserError(f"{what} of {dataset.root} are not those that {place.root} was started with")
    refuse_changed(place.splits, now.splits, f"the splits of {dataset.root}", place.root)
    refuse_changed(place.labels, now.labels, f"the labels of {dataset.root}", place.root)
    refuse_other_votes(old.get("labels"), facts["labels"], dataset.root, place.root)


def accompany(place: Place, beside: Mapping[str, str]) -> None:
    """Write further files of a run.

    Raises:
        UserError: when the run was started with other ones.
    """
    for name, text in beside.items():
        refuse_beside(place, name, text)
        files.write_text(place.root / name, text)


def refuse_beside(place: Place, name: str, text: str) -> None:
    """Refuse a further file of a run, where it has one of that name that holds something else.

    Raises:
        UserError: names it.
    """
    path = place.root / name
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise UserError(f"{path} is not what the run would be started with now: choose another --out")


@contextmanager
def no_ruins(place: Place) -> Iterator[None]:
    """Remove a run folder again when the first files of it cannot be written."""
    existed = place.root.is_dir() and any(path != place.lock for path in place.root.iterdir())
    try:
        yield
    except UserError:
        if not existed:
            shutil.rmtree(place.root, ignore_errors=True)
        raise
