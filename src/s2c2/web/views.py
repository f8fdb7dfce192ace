"""The board in the words of the API."""

import math

from s2c2.web.asking import Person
from s2c2.web.board import Answer, Board, Progress, StartGroup, Summary
from s2c2.web.desk import Desk
from s2c2.web.identity.roles import may
from s2c2.web.messages import (
    AnswerItem,
    GroupItem,
    LeaseItem,
    MemberItem,
    ProgressItem,
    Suggestion,
)
from s2c2.web.participation import shuffled
from s2c2.web.settings import Assignment
from s2c2.web.store import Lease


def group_item(here: Desk, on: Assignment, summary: Summary, lease: Lease | None = None) -> GroupItem:
    """Return a group of the queue; the suggestion is left out where it is hidden."""
    label = here.label(summary, on)
    return GroupItem(
        **{name: getattr(summary, name) for name in ("group", "name", "kind", "size", "open", "done")},
        suggestion=label,
        strength=None if label is None or summary.distribution is None else summary.distribution[label],
        ambiguity=number(summary.ambiguity),
        coherence=number(summary.coherence),
        version=summary.version,
        lease=None if lease is None else lease_item(lease),
    )


def suggestion(here: Desk, on: Assignment, summary: Summary) -> Suggestion | None:
    """Return what is suggested for a group; None where there is nothing or it is hidden."""
    label = here.label(summary, on)
    if label is None or summary.distribution is None:
        return None
    shares = list(summary.distribution)
    return Suggestion(label=label, strength=shares[label], distribution=shares)


def lease_item(lease: Lease) -> LeaseItem:
    """Return who holds a group."""
    return LeaseItem(who=lease.who, until=lease.until.isoformat(timespec="milliseconds"))


def progress_item(progress: Progress) -> ProgressItem:
    """Return how far a board is."""
    return ProgressItem(**{name: getattr(progress, name) for name in ProgressItem.model_fields})


def answer_item(answer: Answer | None, asking: Person) -> AnswerItem | None:
    """Return an answer as a person may see it, who gave it for reviewers and for who did; None for none."""
    if answer is None:
        return None
    shares = answer.distribution
    named = answer.annotator == asking.annotator or may(asking.role, "see others")
    return AnswerItem(
        kind=answer.kind,
        label=answer.label,
        distribution=None if shares is None else list(shares),
        skip=answer.kind == "skip",
        annotator=answer.annotator if named else None,
        seq=answer.seq,
    )


def member_item(
    here: Desk, board: Board, scope: str, image: int, started: StartGroup | None, asking: Person
) -> MemberItem:
    """Return one image of a group, a starting group or None, as a person may see it."""
    typicality, extreme = look(started, image)
    return MemberItem(
        id=image,
        typicality=typicality,
        extreme=extreme,
        answer=answer_item(board.answer(scope, image), asking),
        flag=board.flagged(scope, image),
        misfit=board.misfit(scope, image),
        broken=here.pictures.broken(image),
    )


def members_of(here: Desk, board: Board, on: Assignment, group: str) -> tuple[int, ...]:
    """Return the images of a group in the order of display; a study shuffles those of plain groups."""
    study = here.settings.study
    images = board.members(on.scope, group)
    return images if study is None else shuffled(study, board, on, group, images)


def look(group: StartGroup | None, image: int) -> tuple[float | None, bool]:
    """Return how typical of a starting group an image is, and whether it is extreme; None where unknown."""
    if group is None or group.kind == "plain" or image not in group.places:
        return None, False
    place = group.places[image]
    return group.typicality[place], group.extreme[place]


def number(value: float) -> float | None:
    """Return a float that JSON knows; None for NaN."""
    return value if math.isfinite(value) else None
