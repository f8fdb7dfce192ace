"""What a person may say when importing, and what an importer is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from s2c2.data.source import Source
from s2c2.errors import UserError

FOLDS = range(1, 6)
"""Values of ``v_fold``: the five folds of DCIC."""


@dataclass(frozen=True)
class ImportOptions:
    """Answers to what a source does not say itself; each importer uses those that concern it."""

    classes: tuple[str, ...] | None = None
    """Class names in their order; without them they come from the source, sorted."""
    name: str | None = None
    """Name of the dataset; without it the name of the source folder or file."""
    table: Path | None = None
    """The CSV or Parquet file of ``table``, where it is not the only one in the source."""
    counts: Path | None = None
    """The counts file of ``counts`` and ``cifar10h``, where it lies elsewhere."""
    v_fold: int = 1
    """Which of the five slices of ``dcic``, 1 … 5."""

    def __post_init__(self) -> None:
        classes = self.classes or ()
        twice = sorted({name for name in classes if classes.count(name) > 1})
        if twice:
            raise UserError(f"the class '{twice[0]}' is given twice")
        if any(not name.strip() for name in classes):
            raise UserError("a class name is empty")
        if self.v_fold not in FOLDS:
            raise UserError(f"v_fold is {self.v_fold}: it must be 1, 2, 3, 4 or 5")

    def title(self, source: Path) -> str:
        """Return the name of the dataset."""
        if self.name is not None:
            return self.name
        name = source.resolve().name
        return (name if source.is_dir() else name.split(".")[0]) or "dataset"


Importer = Callable[[Path, ImportOptions], Source]
"""Reads a source folder or file; raises ``UserError`` for whatever is wrong with it."""
