"""The groups that annotation starts from: the proposals of a run, or all images as one."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int64

from s2c2 import proposals
from s2c2.errors import UserError
from s2c2.proposals import Proposal
from s2c2.runs import Run
from s2c2.web.board import StartGroup

EVERY = 6
"""Near the front every sixth image is an extreme one, so that a mixed group is seen at once."""


def plain_group(images: int) -> StartGroup:
    """Return one group of all images, in their order."""
    return StartGroup(
        group="all",
        kind="plain",
        name="all images",
        images=tuple(range(images)),
        distribution=None,
        ambiguity=float("nan"),
        coherence=0.0,
        typicality=(1.0,) * images,
        extreme=(False,) * images,
    )


def proposed_groups(run: Run, images: Sequence[str]) -> tuple[StartGroup, ...]:
    """Return the proposals of a run: those that ``s2c2 propose`` wrote, else made now.

    Raises:
        UserError: when there are neither proposals nor predictions, or they are of other images.
    """
    path = run.path / "proposals.parquet"
    found = proposals.read(path) if path.is_file() else proposals.propose(run.predictions())
    try:
        return _start_groups(found, images)
    except KeyError as error:
        raise UserError(
            f"{path} names the image {error}, which the predictions have not: run 's2c2 propose' again"
        ) from error


def regrouped(run: Run, images: Sequence[str]) -> tuple[StartGroup, ...]:
    """Return the proposals of a run for some of its images, made now.

    Raises:
        UserError: when there are no predictions.
    """
    return _start_groups(proposals.propose(run.predictions().named(images)), images)


def display_order(extreme: Bool[np.ndarray, " n"], every: int = EVERY) -> Int64[np.ndarray, " n"]:
    """Return the order of display of images given typical first: extremes interleaved near the front.

    Args:
        extreme: which images are extreme; the last one is the most extreme.
        every: at each ``every``-th place stands an extreme image, the most extreme first.

    Example:
        >>> display_order(np.array([False, False, False, False, True, True]), every=3).tolist()
        [0, 1, 5, 2, 3, 4]
    """
    typical, extremes = np.flatnonzero(~extreme), np.flatnonzero(extreme)[::-1]
    places = every - 1 + every * np.arange(len(extremes))
    order = np.full(len(extreme), -1, dtype=np.int64)
    inside = places[places < len(extreme)]
    order[inside] = extremes[: len(inside)]
    rest = np.concatenate([typical, extremes[len(inside) :]])
    order[order < 0] = rest
    return order


def _start_groups(found: Sequence[Proposal], images: Sequence[str]) -> tuple[StartGroup, ...]:
    number = {image: i for i, image in enumerate(images)}
    return tuple(_start_group(proposal, number) for proposal in found)


def _start_group(proposal: Proposal, number: dict[str, int]) -> StartGroup:
    order = display_order(np.asarray(proposal.extreme, dtype=bool))
    return StartGroup(
        group=proposal.group,
        kind=proposal.kind,
        name=proposal.name,
        images=tuple(number[proposal.images[i]] for i in order),
        distribution=tuple(float(share) for share in proposal.distribution),
        ambiguity=float(proposal.ambiguity),
        coherence=float(proposal.coherence),
        typicality=tuple(proposal.typicality[order].tolist()),
        extreme=tuple(np.asarray(proposal.extreme)[order].tolist()),
    )
