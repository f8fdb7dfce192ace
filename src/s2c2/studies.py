"""Studies: which runs belong to an experiment, and what is known of each. No torch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from s2c2 import files
from s2c2.errors import UserError, meant

Record = Mapping[str, Any]
"""What is kept of a run: ``run``, ``config``, ``scores`` and more; or ``run`` and ``failed``. A scored run
has ``failed_later`` where experiments asked more of it, in vain: why, by the name of each."""


@dataclass(frozen=True)
class Entry:
    """One run of an experiment: where it stands in the table."""

    name: str
    """Name of its folder and record."""
    dataset: str
    """Name of the dataset's folder."""
    algorithm: str
    """The semi-supervised algorithm."""
    arm: str
    """What is varied, such as ``vanilla`` or ``s2c2``."""
    seed: int
    """Seed of everything random."""
    against: str | None = None
    """The plain run of the same dataset, algorithm and seed that it is held against."""
    round: int = 0
    """How often people were asked for more labels before."""


@dataclass(frozen=True)
class Study:
    """An experiment that was planned."""

    experiment: str
    """Its name."""
    title: str
    """What it asks, for people."""
    entries: tuple[Entry, ...]
    """Its runs, in the order of the table."""
    variable: str | None = None
    """Key of the configuration that a sweep varies."""


@dataclass(frozen=True)
class Outcome:
    """A planned run and what became of it."""

    entry: Entry
    record: Record | None
    """None when the run has not been made or scored."""
    experiment: str = ""
    """Name of the experiment that planned it; others may share its record."""

    @property
    def scores(self) -> Mapping[str, Any] | None:
        """Its scores on the validation split."""
        return None if self.record is None else self.record.get("scores")

    @property
    def comparison(self) -> Mapping[str, Any] | None:
        """Its comparison at equal coverage."""
        return None if self.record is None else self.record.get("comparison")

    @property
    def problem(self) -> str | None:
        """Why there are no scores, or what failed when this experiment asked more of a scored run."""
        if self.record is None:
            return "not run yet"
        if self.scores is None:
            return str(self.record.get("failed") or "no scores")
        failed = self.record.get("failed_later", {}).get(self.experiment)
        return None if failed is None else f"scored before; what was asked later failed: {failed}"

    @property
    def alarms(self) -> tuple[str, ...]:
        """Why it is degenerate or collapsed."""
        return tuple((self.scores or {}).get("reasons", ()))


def write_study(study: Study, folder: Path) -> None:
    """Write ``study.json`` into a folder."""
    files.write_json(folder / "study.json", asdict(study))


def read_study(folder: Path) -> Study:
    """Read what :func:`write_study` wrote.

    Raises:
        UserError: when it is absent or damaged.
    """
    path = folder / "study.json"
    if not path.is_file():
        near = meant(folder.name, [study.parent.name for study in sorted(folder.parent.glob("*/study.json"))])
        hint = f"did you mean '{near}'? " if near else ""
        raise UserError(f"no experiment in {folder}: {hint}'s2c2 experiment' without --rebuild makes one")
    values = files.read_json(path)
    try:
        entries = tuple(Entry(**entry) for entry in values.pop("entries"))
        return Study(entries=entries, **values)
    except (TypeError, KeyError, AttributeError) as error:
        raise UserError(f"{path} is of another version: run 's2c2 experiment' again") from error


def outcomes(study: Study, records: Iterable[Record]) -> tuple[Outcome, ...]:
    """Return each run of a study with its record."""
    known = {record["run"]: record for record in records}
    return tuple(Outcome(entry, known.get(entry.name), study.experiment) for entry in study.entries)


def study_of(records: Sequence[Record], dataset: str) -> Study:
    """Return the study that records of one dataset belong to which were made without a plan."""
    entries = [_entry(record, dataset) for record in records if "config" in record]
    order = sorted(entries, key=lambda entry: (entry.algorithm, ORDER.get(entry.arm, 9), entry.seed))
    return Study("records", "What these records say", tuple(order))


ORDER = {"vanilla": 0, "vanilla-readout": 1, "s2c2": 2, "doubt": 3, "s2c2-readout": 4}
"""The arms of records without a plan."""


def _entry(record: Record, dataset: str) -> Entry:
    config = record["config"]
    objective, evidence = config["objective"]["name"], config["objective"].get("evidence", "own")
    arm = "doubt" if evidence == "confidence" else str(objective)
    predict = config.get("predict", {})
    if (predict.get("ambiguity", "head"), predict.get("clusters", "head")) != ("head", "head"):
        arm += "-readout"
    algorithm = config["algorithm"]["name"]
    return Entry(record["run"], dataset, algorithm, arm, config["seed"], record.get("against"))


def known_outcomes(folder: Path) -> tuple[Outcome, ...]:
    """Return the runs of the study in a folder, with the records beside it.

    Raises:
        UserError: when it is absent or damaged.
    """
    study = read_study(folder)
    return outcomes(study, records_of(study, folder.parent / "records"))


def records_of(study: Study, folder: Path) -> list[Record]:
    """Read the records of a study's runs that exist in a folder."""
    paths = (folder / f"{entry.name}.json" for entry in study.entries)
    return [files.read_json(path) for path in paths if path.is_file()]
