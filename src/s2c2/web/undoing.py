"""Whether an act can be undone or done again."""

from collections.abc import Collection, Sequence

from s2c2.errors import UserError
from s2c2.web.acts import Act
from s2c2.web.conflicts import lost
from s2c2.web.nodes import Step
from s2c2.web.sheet import Sheet


def can_undo(sheet: Sheet, steps: Sequence[Step], dead: Collection[int], annotator: str, act: Act) -> None:
    """Refuse an undo that would pull the ground from under a later act.

    Raises:
        Conflict: when a later live act touched the same images, or works on a group that this one made.
        UserError: when there is no such act, or it is another's.
    """
    step = _own(steps, annotator, act)
    if step.seq in dead:
        raise UserError(f"act {step.seq} is undone already")
    _not_covered(sheet, step, annotator, act)
    for group in step.makes:
        for seq in reversed(sheet.touched[group]):
            later = steps[seq - 1]
            if seq != step.seq and seq not in dead and group in (later.group, later.target) and _does(later):
                lost(sheet, annotator, act, later, f"cannot undo act {step.seq}, {group} is in use")


def can_redo(sheet: Sheet, steps: Sequence[Step], annotator: str, act: Act) -> None:
    """Refuse a redo that would come after later acts on the same images.

    Raises:
        Conflict: when a later live act touched the same images.
        UserError: when there is no such act, it is another's, or something new was done since.
    """
    step = _own(steps, annotator, act)
    if step.seq not in sheet.histories[annotator].undone:
        raise UserError(f"act {step.seq} cannot be redone: it is not undone, or something new was done since")
    _not_covered(sheet, step, annotator, act)
    for group in (step.group, step.target):
        if group is not None:
            sheet.entry(group)


def _own(steps: Sequence[Step], annotator: str, act: Act) -> Step:
    seq = act.target_seq or 0
    if not 0 < seq <= len(steps) or steps[seq - 1].scope != act.scope or not _does(steps[seq - 1]):
        raise UserError(f"cannot {act.name} act {seq}: there is no such act here")
    step = steps[seq - 1]
    if step.annotator != annotator:
        raise UserError(f"cannot {act.name} act {seq}: only {step.annotator} can, who did it")
    return step


def _does(step: Step) -> bool:
    return step.name not in ("undo", "redo")


def _not_covered(sheet: Sheet, step: Step, annotator: str, act: Act) -> None:
    for image in step.images.tolist():
        node = sheet.nodes.get(image)
        if node is not None and node.step.seq > step.seq:
            what = f"cannot {act.name} act {step.seq}, image {image} was changed after it"
            lost(sheet, annotator, act, node.step, what)
