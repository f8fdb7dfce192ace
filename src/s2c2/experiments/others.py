"""What the network of a run says of other images: of a dataset, or of any folder."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from torch import Tensor

from s2c2 import readout
from s2c2.data import dataset as datasets
from s2c2.data.cache import read_image
from s2c2.data.formats.names import hidden, unread
from s2c2.data.images import load, resize
from s2c2.data.layout import SUFFIXES, text_name
from s2c2.data.pack import pack
from s2c2.data.parallel import ordered
from s2c2.data.progress import Progress, silent
from s2c2.data.remarks import Remark, remarks
from s2c2.data.writing import first_few
from s2c2.errors import UserError
from s2c2.experiments.embedding import chosen
from s2c2.experiments.predicting import Reader, predict_images, predict_pack
from s2c2.experiments.saved import Saved
from s2c2.experiments.shards import together
from s2c2.predictions import Predictions
from s2c2.probe import apply
from s2c2.ranks.group import Ranks, first


def predict_folder(
    saved: Saved, source: Path, skipped: Callable[[str], None] | None = None, *, progress: Progress = silent
) -> Predictions:
    """Return predictions for a dataset folder or any folder of images.

    Args:
        saved: a trained network.
        source: dataset folder, or folder of images.
        skipped: called with the reason for each image that is left out because it cannot be read; None fails
            on the first such image.
        progress: called with images done and their number.

    Raises:
        UserError: when there is no image, or one cannot be read.
    """
    found = opened_folder(saved, source, skipped, progress)
    return read_as(saved, found.predict(range(found.images)))


def predict_to(out: Path, saved: Saved, source: Callable[[], "Source"], ranks: Ranks) -> Predictions:
    """Predict a share of the images in each process, write the predictions of all, and return them.

    Args:
        out: file that the leader writes; the shards lie beside it, on a disk that all processes share.
        saved: a trained network.
        source: opens the images; the leader does so first.
        ranks: the processes.

    Raises:
        UserError: when there is no image, one cannot be read, or a process was lost.
    """
    found = first(ranks, source)
    whole = together(ranks, out.with_name(f"{out.name}.shards"), found.images, found.predict)

    def write() -> Predictions:
        made = read_as(saved, whole())
        made.write(out)
        return made

    return ranks.lead(write, lambda: Predictions.read(out))


@dataclass(frozen=True)
class Source:
    """Images that a network is to read."""

    images: int
    """How many there are."""
    predict: Callable[[range], Predictions]
    """Returns what the network, and its probe, say of some of them in a row."""
    passed: tuple[str, ...] = ()
    """What lies beside them and is not read: other files, and links that were not followed."""


def opened_folder(
    saved: Saved,
    source: Path,
    skipped: Callable[[str], None] | None,
    progress: Progress,
    noted: Callable[[Iterable[Remark]], None] = lambda found: None,
) -> Source:
    """Return the images of a dataset folder or any folder of images, see :func:`predict_folder`.

    ``noted`` is called with what is odd about images that can be read.
    """
    broken = skipped or _fail
    if (source / "dataset.yaml").exists():
        fit = saved.config.data.fit
        packed = pack(datasets.read(source), saved.size, fit=fit, skip_broken=True)
        for _, reason in packed.broken:
            broken(reason)
        noted(packed.remarks)
        return Source(
            len(packed.images),
            lambda rows: probed(saved, lambda reader: predict_pack(reader, packed, progress, rows)),
            passed(source),
        )
    found, left = images_in(source)

    def predict(reader: Reader, rows: range) -> Predictions:
        images = _decoded(saved, source, found[rows.start : rows.stop], broken, noted)
        return predict_images(reader, images, len(rows), progress, rows.start)

    return Source(len(found), lambda rows: probed(saved, lambda reader: predict(reader, rows)), left)


def probed(saved: Saved, predict: Callable[[Reader], Predictions]) -> Predictions:
    """Return predictions as the probe of a run corrects them, if it has one."""
    reader, means = _averaging(saved)
    predictions = predict(reader)
    if saved.probe is None:
        return predictions
    return apply(saved.probe, predictions, means or [predictions.embeddings])


def read_as(saved: Saved, predictions: Predictions) -> Predictions:
    """Return predictions with ambiguity and clusters as the run reads them."""
    return predictions if saved.readout is None else readout.apply(saved.readout, predictions)


def _averaging(saved: Saved) -> tuple[Reader, list[Float[np.ndarray, "b e"]]]:
    """Return the reader, and a list that what a probe reads is put into while it reads.

    The list stays empty where there is no probe, or where it reads what the heads of the network read.
    """
    form, means = chosen(saved.config), list[Float[np.ndarray, "b e"]]()
    if saved.probe is None or form is None:
        return saved.reader, means

    def keep(inputs: Float[Tensor, "n e 1 1"]) -> None:
        means.append(inputs.flatten(1).cpu().numpy().astype(np.float32))

    return replace(saved.reader, aside=keep, averaged=form.weak), means


def images_in(source: Path) -> tuple[list[Path], tuple[str, ...]]:
    """Return the image files below a folder, sorted, and what of it is not read.

    Hidden files, such as thumbnails, are neither.

    Raises:
        UserError: when there is no such folder, or no image in it, and for names that are not UTF-8.
    """
    if source.is_file():
        raise UserError(f"{source} is a file: give the folder that it lies in, or another folder of images")
    if not source.is_dir():
        raise UserError(f"no folder {source}")
    files, links = _below(source)
    left, found = _told(source, files, links), sorted(path for path in files if _image(path))
    if not found:
        more = "; ".join(("", *left))
        raise UserError(f"no images in {source} (endings: {', '.join(SUFFIXES)}){more}")
    for path in found:
        text_name(path.relative_to(source).as_posix(), source)
    return found, left


def passed(source: Path) -> tuple[str, ...]:
    """Say which files of a folder are not read as images, and which links are not followed.

    Of a dataset, those in ``images/``.
    """
    folder = source / "images" if (source / "dataset.yaml").exists() else source
    return _told(folder, *_below(folder))


def _told(folder: Path, files: Iterable[Path], links: Iterable[Path]) -> tuple[str, ...]:
    lost = sorted(path.relative_to(folder).as_posix() for path in links)
    told = (f"links that lead to no file were not followed: {first_few(lost)}",) if lost else ()
    return (*unread(path.name for path in files), *told)


def _image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def _below(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the files below a folder that are not hidden in it, and links that lead to no file."""
    files, links = list[Path](), list[Path]()
    for path in _entries(folder):
        if path.is_file():
            files.append(path)
        elif path.is_symlink():
            links.append(path)
    return files, links


def _entries(folder: Path) -> Iterator[Path]:
    """Yield the files, folders and links below a folder that are not hidden in it."""
    for place, folders, names in os.walk(folder, onerror=_unreadable):
        folders[:] = [name for name in folders if not hidden(name)]
        yield from (Path(place, name) for name in (*folders, *names) if not hidden(name))


def _unreadable(error: OSError) -> None:
    raise UserError(f"cannot read the folder {error.filename}: {error.strerror}") from error


def _decoded(
    saved: Saved,
    folder: Path,
    paths: list[Path],
    broken: Callable[[str], None],
    noted: Callable[[Iterable[Remark]], None],
) -> Iterator[tuple[str, UInt8[np.ndarray, "s s 3"]]]:
    """Yield name and pixels of each image, decoded by threads as a pack decodes them."""

    def read(path: Path) -> tuple[UInt8[np.ndarray, "s s 3"], tuple[Remark, ...]] | str:
        try:
            data = read_image(path)
            pixels, _ = load(data, str(path), enough=2 * saved.size)
        except UserError as error:
            return str(error)
        row = resize(pixels, saved.size, saved.config.data.fit)
        return row, remarks(path.relative_to(folder).as_posix(), data, row)

    with closing(ordered(read, paths)) as found:
        for path, made in zip(paths, found, strict=True):
            if isinstance(made, str):
                broken(made)
            else:
                noted(made[1])
                yield path.relative_to(folder).as_posix(), made[0]


def _fail(reason: str) -> None:
    raise UserError(f"{reason} (--skip-broken leaves such images out)")
