"""One fuzzed import: bytes decide which importer reads what, and how that is damaged."""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from s2c2.data.dataset import create
from s2c2.data.formats import FORMATS, ImportOptions
from s2c2.data.logs import EXPORTERS, IMPORTERS, Extras, Given
from s2c2.data.logs.saving import save
from s2c2.errors import UserError
from tests.data.formats.test_fuzz import CLASSES, VALID, image
from tests.data.logs.test_fuzz import CLASSES as LOG_CLASSES
from tests.data.logs.test_fuzz import example

Import = Callable[[Path, Path], None]
"""Imports from a source to a target."""


def dataset_import(name: str) -> Import:
    """Return the whole import of a dataset format."""

    def run(source: Path, dest: Path) -> None:
        create(FORMATS[name](source, ImportOptions(classes=CLASSES.get(name))), dest / "dataset")

    return run


def log_import(name: str) -> Import:
    """Return the whole import of an annotation log."""

    def run(source: Path, dest: Path) -> None:
        file = next((source / file for file in sorted(LOG_FILES[name]) if not file.startswith("a/")), source)
        # Of a cleanlab log the classes stand in a file.
        classes = None if name == "cleanlab" else LOG_CLASSES
        log = IMPORTERS[name](
            file if len(LOG_FILES[name]) == 1 else source, Given(classes, ("a.png", "b.png"))
        )
        save(EXPORTERS["parquet"](log, Extras()), dest / "log.parquet")

    return run


LOGS = ("parquet", "csv", "label-studio", "fiftyone", "imagefolder", "crowd-kit", "dcic")


def log_files(name: str) -> dict[str, bytes]:
    """Return a small log as a format writes it."""
    alone = {"parquet": "log.parquet", "csv": "log.csv", "crowd-kit": "log.csv"}
    files = EXPORTERS[name](example(), Extras()).files
    return {file or alone[name]: data for file, data in files.items()}


LOG_FILES = {name: log_files(name) for name in LOGS} | {
    "cleanlab": {"labels.csv": b"image,ann,bob\na.png,0,1\nb.png,1,\n", "classes.txt": b"cat\ndog\n"}
}
NAMES = "names"
"""In place of a file: the names of the images are damaged, which is all that some formats read."""
TREES = {"folders": b"a/1.png\nb/2.png\nc.png", "dc3": b"train/a/1.png\ntrain/b/2.png\nval/a/3.png"}
"""Names of images, one a line."""
CASES: list[tuple[Import, dict[str, bytes], str]] = [
    *((dataset_import(name), files, damaged) for name, files, damaged in VALID.values()),
    *((log_import(name), files, file) for name, files in LOG_FILES.items() for file in files),
    *((dataset_import(name), {NAMES: names}, NAMES) for name, names in TREES.items()),
]
"""For each case the import, a valid source, and which of its files is damaged."""


def tree(names: bytes) -> dict[str, bytes]:
    """Return an image for each line that names a path below a folder, whatever its letters."""
    lines = [line.split(b"/") for line in names.replace(b"\0", b"").split(b"\n")]
    paths = [b"/".join(part[:80] for part in line if part not in (b"", b".", b"..")) for line in lines]
    return {os.fsdecode(path): image() for path in paths if path}


def write(source: Path, files: dict[str, bytes]) -> dict[str, bytes]:
    """Write files below a folder and return those that could be: a file cannot be a folder too."""
    written = {}
    for file, whole in files.items():
        with suppress(FileExistsError, NotADirectoryError, IsADirectoryError):
            (source / file).parent.mkdir(parents=True, exist_ok=True)
            (source / file).write_bytes(whole)
            written[file] = whole
    return written


def damaged(data: bytes, edits: bytes) -> bytes:
    """Return bytes with some of them replaced, inserted or cut, three bytes of ``edits`` for each change."""
    for start in range(0, len(edits) - 3, 4):
        kind, high, low, value = edits[start : start + 4]
        place = ((high << 8) | low) % (len(data) + 1)
        if kind < 120:
            data = data[:place] + bytes([value]) + data[place + 1 :]
        elif kind < 180:
            data = data[:place] + bytes([value]) * (1 + kind % 8) + data[place:]
        elif kind < 240:
            data = data[:place] + data[place + 1 + value :]
        else:
            data = data[:place]
    return data


def one(data: bytes) -> str:
    """Import a source that the bytes describe; return what was said, empty when the import went well.

    Raises:
        AssertionError: when a file outside of the target was written, changed or removed.
        Exception: anything but a ``UserError`` is a finding.
    """
    if len(data) < 2:
        return ""
    run, files, name = CASES[data[0] % len(CASES)]
    content = data[2:] if data[1] & 1 else damaged(files[name], data[2:])
    with tempfile.TemporaryDirectory() as folder:
        source, dest = Path(folder) / "source", Path(folder) / "dest"
        dest.mkdir()
        source.mkdir()
        written = write(source, tree(content) if name == NAMES else files | {name: content})
        try:
            run(source, dest)
            said = ""
        except UserError as error:
            said = str(error) or "nothing was said"
        unchanged(Path(folder), written)
        return said


def unchanged(folder: Path, files: dict[str, bytes]) -> None:
    """Assert that a source holds what it held, and that nothing but the target was written."""
    assert sorted(path.name for path in folder.iterdir()) == ["dest", "source"]
    assert {path.name for path in (folder / "dest").iterdir()} <= {"dataset", "log.parquet"}
    left = {path for path in (folder / "source").rglob("*") if path.is_file()}
    assert {path.relative_to(folder / "source").as_posix(): path.read_bytes() for path in left} == files
