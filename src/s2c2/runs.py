"""Run folders, read side: what a run was, what it said and how well it did. No torch."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from s2c2 import files
from s2c2.data import dataset as datasets
from s2c2.data.annotations import Annotations
from s2c2.data.dataset import Dataset
from s2c2.data.tables import read_table
from s2c2.errors import UserError, command_line
from s2c2.predictions import Predictions

EXTENSIONS: Mapping[str, str] = {"vanilla": "", "s2c2": " + S2C2", "ce-inverse": " + CE⁻¹", "cc": " + CC"}
"""What an objective adds to the name of its algorithm."""


@dataclass(frozen=True)
class Run:
    """A run folder; each part is read when it is asked for."""

    path: Path
    """The folder that holds ``config.yaml``."""

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.path.resolve().name

    @property
    def label(self) -> str:
        """Algorithm and what it is extended by, for people: ``mean-teacher + S2C2``."""
        config = self.config
        try:
            algorithm, objective = (str(config[part]["name"]) for part in ("algorithm", "objective"))
        except (KeyError, TypeError) as error:
            raise UserError(f"{self.path / 'config.yaml'} names no algorithm and objective") from error
        return algorithm + EXTENSIONS.get(objective, f" + {objective}")

    @property
    def config(self) -> dict[str, Any]:
        """The resolved configuration.

        Raises:
            UserError: when ``config.yaml`` is absent or is not a mapping.
        """
        path = self.path / "config.yaml"
        try:
            config = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise UserError(f"cannot read {path}: {' '.join(str(error).split())}") from error
        return _mapping(config, path)

    @property
    def dataset(self) -> dict[str, Any]:
        """What it was trained on: ``name``, ``root``, ``classes``, ``size``.

        Raises:
            UserError: when ``dataset.json`` is absent or is not a mapping.
        """
        path = self.path / "dataset.json"
        return _mapping(files.read_json(path), path)

    @property
    def environment(self) -> dict[str, Any]:
        """Date, machine and versions; empty when they were not recorded."""
        return _optional(self.path / "environment.json") or {}

    def losses(self) -> list[dict[str, Any]]:
        """Return the recorded steps; a last line that is only half written is left out.

        Raises:
            UserError: for a line before the last one that is not a JSON object.
        """
        path = self.path / "losses.jsonl"
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
        return [row for i, line in enumerate(lines) if (row := _row(line, path, i, len(lines))) is not None]

    def predictions(self) -> Predictions:
        """Return what the network says of each image.

        Raises:
            UserError: when there are none yet.
        """
        return Predictions.read(self.path / "predictions.parquet")

    def annotations(self, classes: tuple[str, ...]) -> Annotations | None:
        """Return the annotations of a run that learned from answers of a log; None where the dataset's hold.

        Raises:
            UserError: when they are damaged.
        """
        path = self.path / "annotations.parquet"
        return Annotations.build(read_table(path), classes) if path.is_file() else None

    def scores(self) -> dict[str, Any] | None:
        """Return ``scores.json``: ``scores``, and ``comparison`` and ``against`` if compared; else None."""
        return _optional(self.path / "scores.json")

    def splits(self) -> dict[str, str]:
        """Return image id to split; empty when none were recorded.

        Raises:
            UserError: when ``splits.csv`` is damaged.
        """
        path = self.path / "splits.csv"
        if not path.is_file():
            return {}
        try:
            table = pl.read_csv(path, infer_schema=False, glob=False).select("image", "split")
        except (pl.exceptions.PolarsError, OSError) as error:
            raise UserError(f"cannot read {path}: {error}") from error
        return dict(table.iter_rows())


def dataset_of(run: Run, reading: Callable[[Path], Dataset] = datasets.read) -> Dataset:
    """Return the dataset that a run was trained on, as it is today, with the annotations it learned from.

    Args:
        run: the run.
        reading: reads a dataset folder; one that remembers, where many runs were trained on the same.

    Raises:
        UserError: when it is gone, or its classes are others or stand in another order.
    """
    try:
        found = reading(root_of(run))
    except UserError as error:
        facts = run.path / "dataset.json"
        raise UserError(
            f"{error}. {run.path} was trained on it; if it moved, correct root in {facts}"
        ) from error
    known = tuple(run.dataset.get("classes", ()))
    if found.classes != known:
        raise UserError(
            f"the classes of {found.root} are not those that {run.path} was trained on: "
            f"{', '.join(found.classes)} instead of {', '.join(known)}"
        )
    said = run.annotations(found.classes)
    return found if said is None else found.with_annotations(said)


def root_of(run: Run) -> Path:
    """Return the dataset folder of a run; where it is gone, what lies at the same place seen from the run."""
    facts = run.dataset
    whole, seen = Path(str(facts.get("root", ""))), facts.get("relative")
    moved = None if seen is None else run.path.resolve() / str(seen)
    gone = not (whole / "dataset.yaml").is_file()
    if moved is not None and gone and (moved / "dataset.yaml").is_file():
        return moved.resolve()
    return whole


def refuse_other_pictures(run: Run, other: Run) -> None:
    """Refuse two runs that were trained on different pictures of one name, as far as both wrote them down.

    Raises:
        UserError: how many there are, and one of them.
    """
    forms = [(one.dataset.get("size"), one.config.get("data", {}).get("fit")) for one in (run, other)]
    if forms[0] != forms[1]:
        return
    first, second = (_digests(one) for one in (run, other))
    differing = sorted(name for name in first.keys() & second.keys() if first[name] != second[name])
    if differing:
        raise UserError(
            f"{run.path} and {other.path} are not of one dataset: {len(differing)} images have the same name "
            f"and other pixels, such as '{differing[0]}'"
        )


def _digests(run: Run) -> dict[str, str]:
    path = run.path / "images.parquet"
    return dict(read_table(path).select("image", "digest").iter_rows()) if path.is_file() else {}


def open_run(path: Path) -> Run:
    """Return the run in a folder.

    Raises:
        UserError: when it is no run folder.
    """
    if (path / "config.yaml").is_file() and (path / "dataset.json").is_file():
        return Run(path)
    if not path.exists():
        made = command_line("train", "DATASET", "--out", path)
        raise UserError(f"no run folder {path}; to make one: {made}")
    if (path / "dataset.yaml").is_file():
        made = command_line("train", path, "--out", "RUN")
        raise UserError(f"{path} is a dataset, not a run; to make a run: {made}")
    inside = sorted(found.parent for found in path.glob("*/config.yaml")) if path.is_dir() else []
    hint = f"; did you mean {', '.join(map(str, inside[:5]))}?" if inside else ""
    raise UserError(f"{path} is no run folder: it lacks config.yaml or dataset.json{hint}")


def _optional(path: Path) -> dict[str, Any] | None:
    return _mapping(files.read_json(path), path) if path.is_file() else None


def _mapping(value: Any, path: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UserError(f"{path} must hold keys and values")
    return value


def _row(line: str, path: Path, index: int, lines: int) -> dict[str, Any] | None:
    """Return one step; None for a blank line and for a last line that is no JSON object."""
    try:
        row = json.loads(line) if line.strip() else None
    except ValueError:
        row = False
    if row is None or isinstance(row, dict):
        return row
    if index == lines - 1:
        return None
    raise UserError(f"{path}, line {index + 1}: no JSON object")
