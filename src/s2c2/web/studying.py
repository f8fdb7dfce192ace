"""What a study starts from: its images in groups, some of them without their proposals."""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace

from s2c2.errors import UserError
from s2c2.web.start import Start, StartGroup
from s2c2.web.starting import plain_group
from s2c2.web.study import Study, chosen, controls, described, ordered_images


def study_start(start: Start, study: Study, splits: Sequence[str] | None) -> Start:
    """Return the start of a study: only its arms and images, controls in plain groups.

    Args:
        start: all images, and the groups of all arms that there are.
        study: the study.
        splits: the split of each image; None where there is none.

    Raises:
        UserError: for an arm that is not there, and for images that do not exist.
    """
    for arm in study.arms:
        if arm not in start.groups:
            raise UserError(f"the study has the arm {arm}: {_MISSING[arm]}")
    images = chosen(study, start.images, splits)
    hidden: dict[str, frozenset[int]] = {arm: controls(study, arm, images) for arm in study.arms}
    groups: dict[str, tuple[StartGroup, ...]] = {
        arm: _groups(start.groups[arm], study, arm, images, hidden[arm]) for arm in study.arms
    }
    secret: dict[str, dict[int, int]] = {
        arm: _proposed(start.groups[arm], hidden[arm]) for arm in study.arms if hidden[arm]
    }
    return replace(start, groups=groups, study=plan(study), hidden=secret)


def plan(study: Study) -> str:
    """Return a study as JSON, by which a database knows it."""
    return json.dumps(study.model_dump(mode="json"), sort_keys=True)


def check_study(kept: str | None, study: Study | None, database: str) -> None:
    """Check that a database belongs to a study.

    Raises:
        UserError: when it belongs to another one or to none, or no study was named.
    """
    advice = "name another database with --database"
    if kept == (None if study is None else plan(study)):
        return
    if kept is None:
        raise UserError(f"{database} belongs to no study: {advice}")
    old = described(json.loads(kept))
    if study is None:
        raise UserError(f"{database} belongs to the study {old.name}: add --study with its file, or {advice}")
    other = [key for key in Study.model_fields if getattr(old, key) != getattr(study, key)]
    raise UserError(f"{database} belongs to another study ({', '.join(other)} differ): {advice}")


def _groups(
    groups: Sequence[StartGroup], study: Study, arm: str, images: Sequence[int], hidden: Collection[int]
) -> tuple[StartGroup, ...]:
    plain = set(images) if arm == "none" else set(hidden)
    proposed = [_only(group, set(images) - plain) for group in groups] if arm != "none" else []
    mixed = ordered_images(study, arm, [image for image in images if image in plain])
    parts = [mixed[at : at + study.group] for at in range(0, len(mixed), study.group)]
    made = [_plain(part, number) for number, part in enumerate(parts, start=1)]
    return (*(group for group in proposed if group.images), *made)


def _only(group: StartGroup, images: Collection[int]) -> StartGroup:
    kept = [at for at, image in enumerate(group.images) if image in images]
    return replace(
        group,
        images=tuple(group.images[at] for at in kept),
        typicality=tuple(group.typicality[at] for at in kept),
        extreme=tuple(group.extreme[at] for at in kept),
    )


def _plain(images: Sequence[int], number: int) -> StartGroup:
    group = plain_group(len(images))
    return replace(group, group=f"plain-{number}", name=f"images, part {number}", images=tuple(images))


def _proposed(groups: Sequence[StartGroup], images: Collection[int]) -> dict[int, int]:
    found = {}
    for group in groups:
        if group.distribution is not None:
            label = max(range(len(group.distribution)), key=group.distribution.__getitem__)
            found.update({image: label for image in group.images if image in images})
    return found


_MISSING = {
    "none": "it is always there",
    "ssl": "name the plain run after --against",
    "s2c2": "annotate a run with S2C2",
}
