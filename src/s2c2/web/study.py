"""Studies: which images are answered in which arms, in which rounds, and in which order. Pure and seeded."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from s2c2.errors import UserError, meant, unknown
from s2c2.web.acts import Scope

StudyArm = Literal["none", "ssl", "s2c2"]
T = TypeVar("T")
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^/]+$")]


class Study(BaseModel):
    """What ``study.yaml`` says."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Name
    """Name for people."""
    seed: int = Field(0, ge=0, lt=2**32)
    """Seed of every draw: which images, which are controls, all orders."""
    arms: list[StudyArm] = Field(["none", "ssl", "s2c2"], min_length=1)
    """What is shown: nothing, class proposals of the plain run, proposals of the run."""
    rounds: int = Field(2, ge=1, le=20)
    """Times that each annotator answers everything; rounds are blind to each other."""
    images: Annotated[int, Field(ge=1)] | list[str] | str = "all"
    """How many images, drawn at random; or their ids; or a split of the run; ``all`` for all."""
    control: float = Field(0.1, ge=0, le=0.9)
    """Share of the images of an arm with proposals that are shown without theirs, in plain groups."""
    washout_days: float = Field(0.0, ge=0, le=3650)
    """Days that must pass between two rounds of an annotator."""
    group: int = Field(50, ge=1, le=2000)
    """Most images in a plain group."""
    annotators: list[Name] | None = None
    """Who takes part; everybody where it is left out."""

    @model_validator(mode="after")
    def _no_twins(self) -> "Study":
        for key in ("arms", "annotators", "images"):
            given = getattr(self, key)
            twice = [item for item in given if given.count(item) > 1] if isinstance(given, list) else []
            if twice:
                raise ValueError(f"'{twice[0]}' is listed twice under {key}")
        if self.images == []:
            raise ValueError("no images are listed under images")
        return self


def read_study(path: Path) -> Study:
    """Read ``study.yaml``.

    Raises:
        UserError: when it is absent or no YAML, and for all its mistakes at once.
    """
    try:
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, OSError, ValueError) as error:
        raise UserError(f"cannot read {path}: {' '.join(str(error).split())}") from error
    try:
        return described(fields)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def described(fields: Any) -> Study:
    """Return the study that fields of ``study.yaml`` describe.

    Raises:
        UserError: names all mistakes at once.

    Example:
        >>> described({"name": "pilot", "rounds": 1}).arms
        ['none', 'ssl', 's2c2']
    """
    if not isinstance(fields, dict):
        raise UserError("must hold keys and values, such as 'name: pilot'")
    try:
        return Study.model_validate({str(key): value for key, value in fields.items()})
    except ValidationError as error:
        sentences = dict.fromkeys(_sentence(problem) for problem in error.errors())
        raise UserError("; ".join(sentences)) from error


def sequence(study: Study, annotator: str) -> tuple[Scope, ...]:
    """Return the boards of an annotator in the order of work: each round goes through all arms.

    Listed annotators get the rows of a Latin square in turn: over each block of as many annotators as arms,
    each arm stands once in each place. For others the row is drawn by name. Rounds start one arm further.
    """
    found = []
    for turn in range(study.rounds):
        row = rotated(study, _place(study, annotator) + turn)
        found += [Scope(annotator, turn + 1, arm) for arm in row]
    return tuple(found)


def rotated(study: Study, row: int) -> tuple[str, ...]:
    """Return a row of the Latin square of the arms, whose first row is drawn by the seed."""
    first = np.random.default_rng([study.seed, 1]).permutation(len(study.arms))
    shift = row % len(study.arms)
    return tuple(study.arms[i] for i in np.roll(first, -shift))


def ordered(study: Study, scope: Scope, what: str, items: Sequence[T]) -> tuple[T, ...]:
    """Return items in the order that an annotator sees in a round and arm.

    Args:
        study: the study.
        scope: who, which round, which arm.
        what: what the items are, such as a group id; other things are drawn apart.
        items: the items, in an order of their own that is always the same.
    """
    order = _generator(study, str(scope), what).permutation(len(items))
    return tuple(items[i] for i in order)


def starts(study: Study, scope: Scope, last: datetime | None, now: datetime) -> str | None:
    """Return why a round cannot start yet; None when it can.

    Args:
        study: the study.
        scope: board that would be next.
        last: server time of the annotator's last act in the round before; None without one.
        now: server time.
    """
    if scope.round == 1 or last is None or not study.washout_days:
        return None
    begin = last + timedelta(days=study.washout_days)
    if now >= begin:
        return None
    return (
        f"round {scope.round} starts {study.washout_days:g} days after round {scope.round - 1}, "
        f"on {begin:%Y-%m-%d at %H:%M} UTC"
    )


def takes_part(study: Study, annotator: str, advice: str | None = None) -> None:
    """Check that somebody is in the study.

    Args:
        study: the study.
        annotator: their name.
        advice: what to do where no listed name is near.

    Raises:
        UserError: when annotators are listed and this is none of them.
    """
    listed = study.annotators
    if listed is None or annotator in listed:
        return
    near = meant(annotator, listed)
    hint = advice if near is None else f"did you mean '{near}'?"
    sentence = f"the study {study.name} lists {', '.join(listed)}, not '{annotator}'"
    raise UserError(sentence if hint is None else f"{sentence}: {hint}")


def chosen(study: Study, images: Sequence[str], splits: Sequence[str] | None) -> tuple[int, ...]:
    """Return the numbers of the images of a study, rising.

    Args:
        study: the study.
        images: all image ids.
        splits: the split of each image; None where there is none.

    Raises:
        UserError: for an image or a split that does not exist, or more images than there are.
    """
    want = study.images
    if isinstance(want, int):
        if want > len(images):
            raise UserError(f"images = {want}: there are only {len(images)}")
        drawn = np.random.default_rng([study.seed, 2]).permutation(len(images))[:want]
        return tuple(sorted(drawn.tolist()))
    if isinstance(want, list):
        return _listed(want, images)
    if want == "all":
        return tuple(range(len(images)))
    if splits is None or want not in splits:
        raise unknown("split", want, ("all", *sorted(set(splits or ()))))
    return tuple(i for i, split in enumerate(splits) if split == want)


def controls(study: Study, arm: str, images: Sequence[int]) -> frozenset[int]:
    """Return the images whose proposals are hidden in an arm: a share, rounded, the same for everybody.

    Other arms hide other images.
    """
    if arm == "none":
        return frozenset()
    order = _generator(study, "control", arm).permutation(len(images))
    return frozenset(images[i] for i in order[: round(study.control * len(images))])


def ordered_images(study: Study, arm: str, images: Sequence[int]) -> tuple[int, ...]:
    """Return images in the order in which the plain groups of an arm are filled."""
    order = _generator(study, "plain", arm).permutation(len(images))
    return tuple(images[i] for i in order)


def _listed(want: Sequence[str], images: Sequence[str]) -> tuple[int, ...]:
    number = {image: i for i, image in enumerate(images)}
    missing = [image for image in want if image not in number]
    if missing:
        raise UserError(f"images of the study that do not exist: {len(missing)}, such as '{missing[0]}'")
    return tuple(sorted(number[image] for image in want))


def _place(study: Study, annotator: str) -> int:
    if study.annotators is not None and annotator in study.annotators:
        return study.annotators.index(annotator)
    return int(_generator(study, "place", annotator).integers(2**31))


def _generator(study: Study, *words: str) -> np.random.Generator:
    digest = hashlib.blake2b("\0".join(words).encode(), digest_size=16).digest()
    return np.random.default_rng([study.seed, int.from_bytes(digest)])


def _sentence(problem: Any) -> str:
    key = str(problem["loc"][0]) if problem["loc"] else ""
    if problem["type"] == "extra_forbidden":
        return str(unknown("key", key, Study.model_fields))
    if problem["type"] == "missing":
        return f"{key} is missing"
    if problem["type"] == "value_error":
        return str(problem["ctx"]["error"])
    if key == "images":
        return f"images must be a number ≥ 1, a list of image ids, or a split, not {_short(problem['input'])}"
    if key == "arms" and problem["type"] == "literal_error":
        return str(unknown("arm", str(problem["input"]), ("none", "ssl", "s2c2")))
    place = ".".join(str(part) for part in problem["loc"])
    return f"{place} = {_short(problem['input'])}: {problem['msg'].removeprefix('Input ').rstrip('.')}"


def _short(value: Any) -> str:
    return repr(value)[:80]
