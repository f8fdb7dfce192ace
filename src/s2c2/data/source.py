"""What an importer found: images that can be read one at a time, and what people said of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl


@dataclass(frozen=True)
class SourceImage:
    """One image of a source, not yet decoded."""

    name: str
    """Image id in the dataset: a relative POSIX path below ``images/``, without ``..``."""
    read: Callable[[], bytes]
    """Returns the encoded file; raises ``UserError`` or ``OSError`` when it cannot."""
    origin: str
    """Where it came from, for messages: a file, or an archive and its member."""
    fault: str | None = None
    """Why a dataset cannot hold it, where that is known before it is read."""


@dataclass(frozen=True)
class Source:
    """A dataset as an importer found it; ``dataset.create`` turns it into a dataset folder."""

    name: str
    classes: tuple[str, ...]
    images: tuple[SourceImage, ...]
    annotations: pl.DataFrame
    """Long table ``image, annotator, label[, votes, …]``; images without an annotation have no row."""
    splits: Mapping[str, str] = field(default_factory=dict)
    """Image id to split, as ``labeled`` or ``validation``; empty when the source fixes none."""
    licence: str | None = None
    citation: str | None = None
    size: int | None = None
    """Training size in pixels that suits the source."""
    notes: tuple[str, ...] = ()
    """What was not taken as it stands, a sentence each, for the person who imports."""
