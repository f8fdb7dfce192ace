"""What a run was started on, held against what it would go on with: images, classes, labels, splits."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import torch
from jaxtyping import Float
from torch import Tensor

from s2c2 import files
from s2c2.data.pack import Pack
from s2c2.data.tables import read_table
from s2c2.errors import UserError

SHOWN = 3
"""Names of each kind that an error shows."""


def pooled(digests: tuple[str, ...]) -> str:
    """Return one digest for all images."""
    return hashlib.blake2b("\n".join(digests).encode(), digest_size=16).hexdigest()


def learned(labels: Float[Tensor, "l k"], dissent: Float[Tensor, " l"] | None) -> str:
    """Return a digest of what is learned from the labeled images: their labels, and whether votes differ."""
    tensors = [tensor for tensor in (labels, dissent) if tensor is not None]
    return pooled(tuple(_text(tensor) for tensor in tensors))


def _text(tensor: Tensor) -> str:
    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes().hex()


def refuse_other_votes(recorded: str | None, now: str, dataset: Path, root: Path) -> None:
    """Refuse votes that are not those of the start, as far as these were written down (:func:`learned`).

    Raises:
        UserError: when they differ.
    """
    if recorded not in (None, now):
        raise UserError(f"the votes of {dataset} are not those that {root} was started with")


def write_images(path: Path, packed: Pack) -> None:
    """Write the digest of each image: it tells later which images have changed."""
    with files.atomic(path) as partial:
        _images(packed).write_parquet(partial)


def _images(packed: Pack) -> pl.DataFrame:
    return pl.DataFrame({"image": packed.images, "digest": packed.digests}, schema_overrides=_TEXTS)


_TEXTS = {"image": pl.String, "digest": pl.String}


def refuse_changed(table: Path, now: pl.DataFrame, what: str, root: Path) -> None:
    """Refuse a table that differs from the written one.

    Args:
        table: the written one, of two columns; where there is none, as in runs of older versions, nothing is
            refused.
        now: the same of today.
        what: what it holds, for people.
        root: the run folder.

    Raises:
        UserError: how many entries changed, are new and are gone, and some of them.
    """
    if not table.exists():
        return
    said = ", ".join(changes(dict(read_table(table).iter_rows()), dict(now.iter_rows())))
    if said:
        raise UserError(f"{what} are not those that {root} was started with: {said}")


def changes(old: dict[str, str], new: dict[str, str]) -> Iterator[str]:
    """Yield what differs between two tables.

    Example:
        >>> list(changes({"a": "1", "b": "2"}, {"a": "3", "c": "4"}))
        ['1 changed (a)', '1 new (c)', '1 gone (b)']
    """
    kinds = {
        "changed": [name for name in old if name in new and old[name] != new[name]],
        "new": [name for name in new if name not in old],
        "gone": [name for name in old if name not in new],
    }
    for kind, names in kinds.items():
        if names:
            yield f"{len(names)} {kind} ({_some(names)})"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def refuse_other_images(table: Path, packed: Pack, dataset: Path, root: Path) -> None:
    """Refuse images that are not those of the start, as far as these were written down.

    Raises:
        UserError: which they are.
    """
    refuse_changed(table, _images(packed), f"the images of {dataset}", root)


def refuse_changed_images(table: Path, packed: Pack, dataset: Path, root: Path) -> None:
    """Refuse images whose pixels are not those of the start.

    Raises:
        UserError: which they are, as far as that was written down.
    """
    refuse_other_images(table, packed, dataset, root)
    raise UserError(f"the images of {dataset} are not those that {root} was started with")
