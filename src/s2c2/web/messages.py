"""What browser and server send each other; the OpenAPI description is made of these."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

from s2c2.web.acts import Name
from s2c2.web.asking import Role

MOST_IMAGES = 1_000_000
"""Most images that one act may name."""
SLACK = 1.0
"""Seconds by which active time may exceed wall time: clocks are rounded."""

Seconds = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]
GroupId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z]+(-[0-9]+)*$")]
ScopeText = Annotated[str, Field(min_length=1, max_length=200)]


class Sent(BaseModel):
    """A request; keys that do not exist are refused."""

    model_config = ConfigDict(extra="forbid")


class ShownBody(Sent):
    """The proposal that was on the screen."""

    label: Number
    strength: Share


class SecondsBody(Sent):
    """Time since the last act."""

    active: Seconds = 0.0
    wall: Seconds = 0.0

    @model_validator(mode="after")
    def _fits(self) -> "SecondsBody":
        if self.active > self.wall + SLACK:
            raise ValueError(f"active cannot be more than wall: {self.active:.6g} of {self.wall:.6g} seconds")
        return self


class ActBody(Sent):
    """One act of a person."""

    key: UUID
    """Made by the client; the same key is the same act."""
    act: Name
    scope: ScopeText
    group: GroupId | None = None
    version: Number | None = None
    """Of the group as it was seen; of ``decide``, ``seq`` in the review; of ``grow``, of similar images."""
    images: Annotated[list[Number], Field(max_length=MOST_IMAGES)] | None = None
    """Image numbers; null for all unanswered members of the group."""
    label: Number | None = None
    distribution: Annotated[list[Share], Field(max_length=10_000)] | None = None
    target: GroupId | None = None
    """Group that ``merge`` moves to."""
    parts: Annotated[int, Field(ge=2, le=20)] | None = None
    """Number of parts of ``recluster``; 2 by default."""
    target_seq: Number | None = None
    selected: Annotated[int, Field(ge=0, le=MOST_IMAGES)] = 0
    shown: ShownBody | None = None
    seconds: SecondsBody = SecondsBody()
    at: Annotated[str, Field(max_length=40)] = ""
    """Time of the page, ISO 8601; empty where it is not known."""
    tab: UUID | None = None
    dataset: Annotated[str, Field(max_length=40)] | None = None
    """``dataset`` of the session in which the act was made; another one is refused."""
    annotator: Annotated[str, Field(max_length=200)] | None = None
    """``annotator`` of the session in which the act was made; while somebody else is logged in it is refused.

    Without it the act is that of whoever is logged in.
    """

    @field_validator("at")
    @classmethod
    def _is_a_time(cls, at: str) -> str:
        if at:
            datetime.fromisoformat(at)
        return at

    @field_validator("distribution")
    @classmethod
    def _sums_to_one(cls, shares: list[float] | None) -> list[float] | None:
        if shares is not None and not math.isclose(sum(shares), 1, abs_tol=1e-3):
            raise ValueError(f"the shares must sum to 1, not {sum(shares):.3g}")
        return shares


class LeaseBody(Sent):
    """Which group a person works on."""

    group: GroupId
    scope: ScopeText


class ReleaseBody(LeaseBody):
    """Which group a person no longer works on."""

    until: AwareDatetime | None = None
    """``until`` of the lease that is meant; null for any."""


class ClassItem(BaseModel):
    """A class and the key that gives it."""

    index: int
    name: str
    key: str


class SettingsItem(BaseModel):
    """What the page has to know of the settings."""

    idle_seconds: int


class Session(BaseModel):
    """Who is asking, and what they work on."""

    annotator: str
    role: Role
    csrf: str
    scope: str
    arm: str
    round: int
    board: bool
    """Whether there is anything to answer; false for an owner or reviewer who takes no part in a study."""
    classes: list[ClassItem]
    keys: Mapping[str, str]
    settings: SettingsItem
    mode: Literal["local", "accounts"]
    team: bool
    """Whether more than one person may log in."""
    study: Mapping[str, Any] | None
    dataset: str
    """Tells databases apart; goes into addresses of pictures (``v=``) and into acts."""
    title: str
    """What is annotated, for people."""
    images: int
    seq: int
    """Number of the last act."""


class LeaseItem(BaseModel):
    """Who holds a group, until when."""

    who: str
    until: str


class GroupItem(BaseModel):
    """A group in the queue."""

    group: str
    name: str
    kind: str
    size: int
    open: int
    done: bool
    suggestion: int | None
    """Suggested class; null where there is none or it is hidden."""
    strength: float | None
    """Share of the suggested class."""
    ambiguity: float | None
    coherence: float | None
    version: int
    lease: LeaseItem | None = None


class ProgressItem(BaseModel):
    """How far a board is."""

    images: int
    answered: int
    groups: int
    done: int


class Queue(BaseModel):
    """The groups of a board, open ones first."""

    groups: list[GroupItem]
    progress: ProgressItem
    undo: bool
    """Whether the asker has an act here to undo."""
    redo: bool
    """Whether the asker has an undone act here to do again."""
    seq: int
    """Number of the last act that is in it."""


class Suggestion(BaseModel):
    """What the network suggests for a group."""

    label: int
    strength: float
    distribution: list[float]


class AnswerItem(BaseModel):
    """What counts as the answer to an image."""

    kind: str
    label: int | None = None
    distribution: list[float] | None = None
    skip: bool = False
    annotator: str | None
    """Who gave it; null where it is somebody else and the person who asks is an annotator."""
    seq: int


class MemberItem(BaseModel):
    """An image of a group."""

    id: int
    typicality: float | None
    """In [0, 1]; null where the image joined from another group."""
    extreme: bool
    answer: AnswerItem | None
    flag: bool
    misfit: bool
    broken: bool


class GroupPage(BaseModel):
    """Some members of a group."""

    group: str
    name: str
    kind: str
    version: int
    suggestion: Suggestion | None
    total: int
    members: list[MemberItem]


class SimilarItem(BaseModel):
    """An image near a group."""

    id: int
    distance: float
    group: str


class Similar(BaseModel):
    """Remaining images by their distance from a group, the nearest first."""

    total: int
    images: list[SimilarItem]
    seq: int
    """Number of the last act when this was so; goes into ``grow`` as ``version``."""


class ActReply(BaseModel):
    """What an act led to."""

    seq: int
    group: GroupItem | None
    next: str | None
    """The next open group; null when nothing is open elsewhere."""
    at: int | None
    """Place in its group of the first image that ``undo`` or ``redo`` changed, from 0; else null."""
    undo: bool
    redo: bool
    left_out: int
    """Images of ``grow`` that did not join: they were answered meanwhile, or others changed them."""


class WorkerItem(BaseModel):
    """What one annotator did."""

    annotator: str
    answers: int
    acts: int
    minutes: float
    """Active minutes."""
    images_per_hour: float | None
    done: int | None
    """Boards of a study that are done; null outside one, and for who takes no part."""
    boards: int | None
    """Boards of a study to work through; null as ``done``."""


class AgreementItem(BaseModel):
    """How well annotators agree."""

    images: int
    kappa: float | None
    alpha: float | None


class Dashboard(BaseModel):
    """How far everything is."""

    annotators: list[WorkerItem]
    groups: list[GroupItem]
    progress: ProgressItem
    agreement: AgreementItem | None
    """Null for annotators, who do not see what others answered, and in a study for who is not done."""
    disagreements: int | None
    """Images on which annotators disagree; null as ``agreement``."""
    train: str
    """Command that trains on what was annotated."""


class SaidItem(BaseModel):
    """What one annotator said of an image."""

    annotator: str
    round: int
    arm: str
    label: int | None
    distribution: list[float] | None
    seconds: float | None
    """Active seconds of the act, over its images."""


class Disputed(BaseModel):
    """An image on which annotators disagree."""

    id: int
    answers: list[SaidItem]
    entropy: float
    """Entropy of the mean answer in bits."""
    seq: int
    """Number of the last act when this was so; goes into the decision as ``version``."""


class Review(BaseModel):
    """Images on which annotators disagree and nobody decided."""

    total: int
    """How many there are, also beyond those of this answer."""
    images: list[Disputed]
    """The most disputed first."""


class LeaseReply(BaseModel):
    """How long a group is held."""

    until: str


class Events(BaseModel):
    """What changed."""

    seq: int
    changed: list[str]
    last: int
    """Number of the last act that changed one of these groups; 0 where there is none."""
