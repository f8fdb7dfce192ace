"""Writing a dataset folder: beside its place, each image checked, then renamed as a whole."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import polars as pl

from s2c2 import files
from s2c2.data.annotations import Annotations
from s2c2.data.description import Description, describe, description_text
from s2c2.data.images import decode
from s2c2.data.layout import check_name, checked_splits
from s2c2.data.parallel import ordered
from s2c2.data.progress import Progress, silent
from s2c2.data.source import Source, SourceImage
from s2c2.data.tables import refuse
from s2c2.errors import UserError
from s2c2.files import unwritable

SHOWN = 5
"""Broken images that an error names."""


def write_dataset(
    source: Source,
    dest: Path,
    *,
    skip_broken: bool = False,
    progress: Progress = silent,
    beside: Mapping[str, bytes] | None = None,
) -> None:
    """Write a source as a dataset folder, whole or not at all.

    Image files are kept as they are encoded; each one is decoded once to see that it can be.

    Args:
        source: what an importer found.
        dest: the folder to make; it must not exist.
        skip_broken: leave broken images out and list them in ``broken.csv`` instead of failing.
        progress: called with images done and their number.
        beside: further files to put into the folder, by name.

    Raises:
        UserError: for an invalid source, a ``dest`` that exists, broken images, or a full disk.
    """
    source = _checked(source)
    if dest.exists() or dest.is_symlink():
        raise UserError(f"{dest} exists already: choose another name, or remove it first")
    faults = {image.name: image.fault for image in source.images if image.fault is not None}
    if faults and not skip_broken:
        raise UserError(broken_text(faults))
    with _folder(dest) as folder:
        broken = _write_images(source.images, folder / "images", progress)
        if broken and not skip_broken:
            raise UserError(broken_text(broken))
        _write_tables(_without(source, broken), folder)
        for name, data in (beside or {}).items():
            (folder / name).write_bytes(data)
        if broken:
            frame = pl.DataFrame(list(broken.items()), schema=["image", "reason"], orient="row")
            frame.write_csv(folder / "broken.csv")


def broken_text(broken: Mapping[str, str], remedy: str = "--skip-broken") -> str:
    """Say which images are broken: the first few with their reasons, and how many there are."""
    verb = "image is" if len(broken) == 1 else "images are"
    return f"{len(broken)} {verb} broken ({remedy} leaves them out): {first_few(list(broken.values()))}"


def first_few(reasons: Sequence[str]) -> str:
    """Return the first few of some sentences, and how many more there are.

    Example:
        >>> first_few(["a is broken", "b is broken"])
        'a is broken; b is broken'
    """
    more = f"; and {len(reasons) - SHOWN} more" if len(reasons) > SHOWN else ""
    return "; ".join(reasons[:SHOWN]) + more


@contextmanager
def _folder(dest: Path) -> Iterator[Path]:
    """Yield a folder beside ``dest``; it becomes ``dest`` when the block ends without an error."""
    place = Path(os.path.abspath(dest))
    try:
        with files.atomic_folder(place) as partial:
            (partial / "images").mkdir()
            yield partial
    except Exception as error:
        reason = unwritable(error)
        if reason is None:
            raise
        raise UserError(f"cannot write {dest}: {reason}") from error


def _write_images(images: tuple[SourceImage, ...], folder: Path, progress: Progress) -> dict[str, str]:
    """Write each image that can be decoded; return the others with their reasons."""

    def write(item: tuple[SourceImage, bytes | str]) -> str | None:
        image, data = item
        return data if isinstance(data, str) else _write_image(data, image.origin, folder / image.name)

    broken: dict[str, str] = {}
    with closing(ordered(write, ((image, _read(image)) for image in images))) as reasons:
        for done, (image, reason) in enumerate(zip(images, reasons, strict=True), start=1):
            if reason is not None:
                broken[image.name] = " ".join(reason.splitlines())
            progress(done, len(images))
    return broken


def _read(image: SourceImage) -> bytes | str:
    """Return the bytes of an image, or why there are none; called by one thread only, for archives' sake."""
    if image.fault is not None:
        return image.fault
    try:
        return image.read()
    except UserError as error:
        return str(error)
    except OSError as error:
        return f"{image.origin}: {error.strerror or error}"


def _write_image(data: bytes, origin: str, path: Path) -> str | None:
    try:
        decode(data, origin)
    except UserError as error:
        return str(error)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as stream:
        stream.write(data)
    return None


def _without(source: Source, broken: Mapping[str, str]) -> Source:
    if len(broken) == len(source.images):
        raise UserError(f"none of the images can be read: {broken_text(broken)}")
    return replace(
        source,
        images=tuple(image for image in source.images if image.name not in broken),
        annotations=source.annotations.filter(~pl.col("image").is_in(list(broken))),
        splits={image: split for image, split in source.splits.items() if image not in broken},
    )


def _write_tables(source: Source, folder: Path) -> None:
    (folder / "dataset.yaml").write_text(description_text(_description(source)), encoding="utf-8")
    source.annotations.write_parquet(folder / "annotations.parquet")
    if source.splits:
        rows = sorted(source.splits.items())
        pl.DataFrame(rows, schema=["image", "split"], orient="row").write_csv(folder / "splits.csv")


def _checked(source: Source) -> Source:
    """Return the source with a validated annotation table.

    Raises:
        UserError: when it could not be read back as a dataset.
    """
    if not source.images:
        raise UserError(f"no images found in {source.name}")
    _description(source)
    names = [image.name for image in source.images]
    for image in source.images:
        if image.fault is None:
            check_name(image.name)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"two images of {source.name} would both be called '{twice}'")
    table = Annotations.build(source.annotations, source.classes).table
    refuse(table["image"], ~table["image"].is_in(names), f"is not an image of {source.name}")
    frame = pl.DataFrame(list(source.splits.items()), schema=_SPLITS, orient="row")
    return replace(source, annotations=table, splits=checked_splits(frame, frozenset(names)))


def _description(source: Source) -> Description:
    keys = ("name", "licence", "citation", "size")
    return describe({key: getattr(source, key) for key in keys} | {"classes": list(source.classes)})


_SPLITS = {"image": pl.String, "split": pl.String}
