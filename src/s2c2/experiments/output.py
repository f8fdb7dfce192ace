"""Where the files of a grid lie, and what is there of a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s2c2 import config as configuration
from s2c2 import files
from s2c2.errors import UserError
from s2c2.experiments import rounds
from s2c2.experiments.folder import Place, differences
from s2c2.experiments.planned import Fact, Planned
from s2c2.studies import Record


@dataclass(frozen=True)
class Output:
    """Where the files of a grid lie."""

    root: Path

    @property
    def lock(self) -> Path:
        """What the process of a grid holds; removed at the end."""
        return self.root / ".lock"

    @property
    def records(self) -> Path:
        """One small JSON file for each run, without a path in it."""
        return self.root / "records"

    def run(self, name: str) -> Path:
        """Return the run folder of a run."""
        return self.root / "runs" / name

    def record(self, name: str) -> Path:
        """Return the record of a run."""
        return self.records / f"{name}.json"

    def error(self, name: str) -> Path:
        """Return where the traceback of a run goes that met a defect."""
        return self.root / "errors" / f"{name}.txt"


def guard(runs: Sequence[Planned], out: Output) -> None:
    """Refuse a folder with a run of the same name but another configuration.

    Raises:
        UserError: says what differs.
    """
    for planned in runs:
        name = planned.entry.name
        place, record = Place(out.run(name)), out.record(name)
        found = place.config if place.config.exists() else record
        changed = sorted(differences(old, planned.values)) if (old := made(found)) else []
        if changed:
            raise UserError(
                f"{found if found == record else place.root} was made with another configuration "
                f"({', '.join(changed)}): choose another --out"
            )
        rounds.guard(planned, place.root)


def made(path: Path) -> dict[str, Any] | None:
    """Return the configuration of a run folder or a record; None where there is none."""
    if not path.exists():
        return None
    values = files.read_json(path).get("config") if path.suffix == ".json" else configuration.read(path)
    return None if values is None else configuration.completed(values)


def trained(out: Output, name: str) -> bool:
    """Return whether a run is trained to its end."""
    return Place(out.run(name)).predictions.exists()


def known(planned: Planned, out: Output) -> bool:
    """Return whether nothing of a run is missing; its record is enough where no folder is asked for."""
    return recorded(planned, out) and (not planned.shown or trained(out, planned.entry.name))


def recorded(planned: Planned, out: Output) -> bool:
    """Return whether a record has scores and facts, and a comparison, unless that waits for the partner."""
    entry, path = planned.entry, out.record(planned.entry.name)
    if not path.exists():
        return False
    found = files.read_json(path)
    alone = entry.against is None or (trained(out, entry.name) and not trained(out, entry.against))
    compared = alone or "comparison" in found
    return "scores" in found and compared and all(_noted(fact, found) for fact in planned.facts)


def _noted(fact: Fact, known: Record) -> bool:
    """Return whether a record holds what an experiment wants to know, with the same settings."""
    return bool(files.finite(fact.settings) == known.get(fact.name, {}).get("settings"))
