"""What there is before any act: images, classes and groups."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

MISFITS = "misfits"
"""The group of what left its group."""


@dataclass(frozen=True)
class StartGroup:
    """A group as it is before any act."""

    group: str
    """Group id, ``class-3``, ``cluster-17`` or ``all``."""
    kind: str
    """``class``, ``cluster`` or ``plain``; on the board also ``split`` and ``misfits``."""
    name: str
    """Name for people."""
    images: tuple[int, ...]
    """Numbers of the images, in the order of display."""
    distribution: tuple[float, ...] | None
    """Suggested label; None without a proposal."""
    ambiguity: float
    """Mean ambiguity in [0, 1]; NaN where unknown."""
    coherence: float
    """Coherence in [0, 1]; NaN where unknown."""
    typicality: tuple[float, ...]
    """Typicality of each image in [0, 1]."""
    extreme: tuple[bool, ...]
    """The images farthest from the centre."""

    @cached_property
    def places(self) -> Mapping[int, int]:
        """The place of each image in the order of display, from 0; made when it is first asked for."""
        return {image: place for place, image in enumerate(self.images)}


@dataclass(frozen=True)
class Start:
    """What there is before any act."""

    images: tuple[str, ...]
    """Image ids; image number i is the i-th."""
    classes: tuple[str, ...]
    """Class names."""
    groups: Mapping[str, tuple[StartGroup, ...]]
    """Groups by arm; an image is in one group of an arm at most."""
    study: str | None = None
    """What ``study.yaml`` says, as JSON; None outside a study."""
    hidden: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    """By arm and image number, the class that would be proposed but is not shown: the controls of a study."""
