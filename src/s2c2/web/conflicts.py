"""Whether an act still fits what it was meant for, or somebody else was faster."""

from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

import numpy as np

from s2c2.errors import UserError
from s2c2.web.acts import Act, Conflict
from s2c2.web.nodes import Step
from s2c2.web.sheet import Sheet

WHOLE = frozenset({"class", "cluster", "split"})
"""Kinds of groups that are judged as a whole: any change by another makes them stale.

In the others, ``plain`` and ``misfits``, many people work at once, and only changes of the same images count.
"""
Own = tuple[str, str]
"""An annotator and a tab: what that tab did it has seen."""
INSIDE = frozenset(
    {"accept", "label", "ambiguous", "misfit", "split", "recluster", "merge", "skip", "flag", "decide"}
)
"""Acts on members of the group on the screen."""
PAST = {
    "accept": "accepted",
    "label": "labeled",
    "ambiguous": "called ambiguous",
    "misfit": "marked as misfits",
    "split": "split off",
    "recluster": "reclustered",
    "merge": "merged",
    "skip": "skipped",
    "flag": "flagged",
    "grow": "added",
    "finish": "finished",
    "decide": "decided on",
    "undo": "took back what was done to",
    "redo": "did again what was undone to",
}


def fits(sheet: Sheet, steps: Sequence[Step], annotator: str, act: Act) -> None:
    """Refuse an act whose group or images are not as the person saw them.

    Args:
        sheet: the scope of the act.
        steps: all acts; number n is at n − 1.
        annotator: who wants it.
        act: neither undo nor redo.

    Raises:
        Conflict: when another person or another tab changed the group or the images.
        UserError: for an unknown group, or images that never were in it.
    """
    for group in (act.group, act.target):
        if group is not None:
            sheet.entry(group)
    if act.version is not None:
        _fresh(sheet, steps, annotator, act, act.version)
    if act.name == "grow":
        _can_join(sheet, steps, annotator, act)
    elif act.group is not None and act.name in INSIDE:
        _inside(sheet, steps, annotator, act, act.group)
    if act.name == "merge" and act.group == act.target:
        raise UserError(f"cannot merge {act.group} into itself")
    if act.name == "split" and act.group is not None and len(act.images) == sheet.size[act.group]:
        raise UserError(f"cannot split off all of {act.group}: nothing would be left in it")


def _fresh(sheet: Sheet, steps: Sequence[Step], annotator: str, act: Act, version: int) -> None:
    if version > len(steps):
        raise UserError(f"version {version} is not known: the last act is number {len(steps)}")
    own = annotator, act.tab

    def foreign(step: Step) -> bool:
        return step.seq > version and step.by != own

    if act.group is not None and sheet.entry(act.group).kind in WHOLE:
        for step in since(sheet.touched.get(act.group, []), steps, version, own):
            lost(sheet, annotator, act, step, f"{act.group} has changed")
    _same_images(sheet, steps, annotator, act, foreign)
    if act.name == "decide":
        _same_answers(sheet, steps, annotator, act, version, foreign)


def since(
    touched: Sequence[int], steps: Sequence[Step], version: int, own: Own | None = None
) -> Iterator[Step]:
    """Yield the acts after a version, the newest first.

    Args:
        touched: numbers of the acts that touched a group, rising.
        steps: all acts; number n is at n − 1.
        version: number of the last act that is left out.
        own: whose acts are left out too; None for nobody's.
    """
    for seq in reversed(touched):
        if seq <= version:
            return
        step = steps[seq - 1]
        if step.by != own:
            yield step


def free(
    sheet: Sheet, steps: Sequence[Step], images: Sequence[int], version: int, own: Own
) -> tuple[int, ...]:
    """Return the images that may still join: neither answered since a version nor changed by others.

    Args:
        sheet: the scope.
        steps: all acts; number n is at n − 1.
        images: numbers of images; one that is unknown is left to the check.
        version: number of the last act that was seen.
        own: whose acts, other than answers, change nothing.
    """

    def taken(image: int) -> bool:
        node = sheet.nodes.get(image)
        if node is None or node.put <= version:
            return False
        return node.answer is not None or steps[node.put - 1].by != own

    return tuple(image for image in images if not taken(image))


def _same_images(
    sheet: Sheet, steps: Sequence[Step], annotator: str, act: Act, foreign: Callable[[Step], bool]
) -> None:
    for image in act.images:
        node = sheet.nodes.get(image)
        if node is not None and foreign(steps[node.put - 1]):
            lost(sheet, annotator, act, steps[node.put - 1], f"image {image} has changed")


def _same_answers(
    sheet: Sheet,
    steps: Sequence[Step],
    annotator: str,
    act: Act,
    version: int,
    foreign: Callable[[Step], bool],
) -> None:
    """Refuse a decision on answers that changed since, on whatever board they were given."""
    for step in reversed(steps[version:]):
        meant = step if step.target_seq is None else steps[step.target_seq - 1]
        if foreign(step) and (meant.answer is not None or meant.name == "misfit"):
            found = np.intersect1d(meant.images, act.images)
            if len(found):
                lost(sheet, annotator, act, step, f"image {found[0]} has changed")


def _can_join(sheet: Sheet, steps: Sequence[Step], annotator: str, act: Act) -> None:
    for image in act.images:
        if sheet.place(image) == act.group:
            raise UserError(f"image {image} is in {act.group} already")
        node = sheet.nodes.get(image)
        if node is not None and node.answer is not None:
            lost(sheet, annotator, act, steps[node.answer.seq - 1], f"image {image} has an answer")


def _inside(sheet: Sheet, steps: Sequence[Step], annotator: str, act: Act, group: str) -> None:
    for image in act.images:
        if sheet.place(image) == group:
            continue
        node = sheet.nodes.get(image)
        if node is None or not node.joined:
            raise UserError(f"image {image} is not in {group}")
        lost(sheet, annotator, act, steps[node.joined - 1], f"image {image} has left {group}")


def lost(sheet: Sheet, annotator: str, act: Act, other: Step, what: str) -> NoReturn:
    """Raise the conflict that names the other act."""
    version = sheet.version(act.group) if act.group is not None else None
    raise Conflict(f"{what}: {told(other, annotator)}", other.annotator, other.name, other.time, version)


def told(step: Step, annotator: str) -> str:
    """Return a sentence for an annotator: who did what, when."""
    who = "you" if step.annotator == annotator else step.annotator
    number = len(step.images)
    what = f"{number} image{'s' * (number != 1)}" if number else "it"
    where = f" of {step.group}" if number and step.group else ""
    if step.name == "finish":
        what, where = str(step.group), ""
    return f"{who} {PAST[step.name]} {what}{where} at {step.time}"
