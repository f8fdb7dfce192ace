"""One scope of the board: where its images are, what is answered, who touched which group."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Int32

from s2c2.errors import UserError
from s2c2.web.answers import Summary
from s2c2.web.history import History
from s2c2.web.listing import Listing, Place
from s2c2.web.nodes import Node, Step, after
from s2c2.web.start import MISFITS, StartGroup


@dataclass(frozen=True)
class Arm:
    """The starting groups of an arm, shared by its scopes."""

    groups: Mapping[str, StartGroup]
    """Groups by id."""
    home: tuple[str | None, ...]
    """The starting group of each image; None where it has none."""

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The place of each group, from 0."""
        return {group: at for at, group in enumerate(self.groups)}

    @cached_property
    def homes(self) -> Int32[np.ndarray, " n"]:
        """The place of the starting group of each image; -1 where it has none."""
        found = np.full(len(self.home), -1, dtype=np.int32)
        for at, group in enumerate(self.groups.values()):
            found[list(group.images)] = at
        return found

    @cached_property
    def proposed(self) -> Bool[np.ndarray, " n"]:
        """Whether each image started in a group with a proposal."""
        found = np.zeros(len(self.home), dtype=bool)
        for group in self.groups.values():
            found[list(group.images)] = group.distribution is not None
        return found


def arm(groups: tuple[StartGroup, ...], images: int) -> Arm:
    """Return the groups of an arm over all images.

    Raises:
        UserError: when an image is in two groups, or a group has a name twice.
    """
    home: list[str | None] = [None] * images
    for group in groups:
        for image in group.images:
            if home[image] is not None:
                raise UserError(f"image {image} is in two groups, {home[image]} and {group.group}")
            home[image] = group.group
    named = {group.group: group for group in groups}
    if len(named) < len(groups) or MISFITS in named:
        raise UserError(f"two groups have the same id, or one is called {MISFITS}")
    return Arm(named, tuple(home))


class Sheet:
    """The fold of the acts of one scope. Only the methods ``apply``, ``undo`` and ``redo`` change it."""

    def __init__(self, arm: Arm) -> None:
        self.arm = arm
        self.nodes: dict[int, Node] = {}
        """State of each image that a live act touched."""
        self.size: defaultdict[str | None, int] = defaultdict(int)
        self.size.update({name: len(group.images) for name, group in arm.groups.items()})
        self.open: defaultdict[str | None, int] = defaultdict(int, self.size)
        self.made: dict[str, StartGroup] = {}
        """Groups made by live acts."""
        self.touched: defaultdict[str, list[int]] = defaultdict(list)
        """By group, the numbers of all acts that touched it, undo and redo among them."""
        self.arrivals: defaultdict[str, dict[int, Step]] = defaultdict(dict)
        """By group, the live acts that brought it images or finished it, by their numbers, rising."""
        self.histories: defaultdict[str, History] = defaultdict(History)
        self._summaries: dict[str, Summary] = {}
        """Groups as they are, until an act touches them."""
        self._listed: dict[str, tuple[int, ...]] = {}
        """Members of groups, until an act moves images there or away."""
        self._listing: Listing | None = None
        self._stale: set[str] = set()
        """Groups that acts touched since the listing was asked for."""

    def apply(self, step: Step) -> None:
        """Apply a new act."""
        self._put(step, step.seq)
        self.histories[step.annotator].did(step.seq)

    def redo(self, step: Step, seq: int) -> None:
        """Let an undone act count again; ``seq`` is the number of the redo."""
        self._put(step, seq)
        self.histories[step.annotator].redo(step.seq)

    def undo(self, step: Step, seq: int) -> None:
        """Let an act count no more; ``seq`` is the number of the undo."""
        touched = {step.group, step.target}
        for image in step.images.tolist():
            node = self.nodes[image]
            touched |= {self._switch(image, node, node.below), self.place(image)}
        for group in _marked(step):
            del self.arrivals[group][step.seq]
        for group in step.makes:
            del self.made[group]
        self._touch(touched, seq, step)
        self.histories[step.annotator].undo(step.seq)

    def place(self, image: int) -> str | None:
        """Return the group that an image is in."""
        node = self.nodes.get(image)
        return self.arm.home[image] if node is None or node.group is None else node.group

    def joined(self, image: int) -> int:
        """Return the number of the act that moved an image to where it is; 0 where it started."""
        node = self.nodes.get(image)
        return 0 if node is None else node.joined

    def members(self, group: str) -> tuple[int, ...]:
        """Return the images of a group: those that started there, then those that joined, in that order."""
        found = self._listed.get(group)
        if found is None:
            found = self._listed[group] = tuple(self._members(group))
        return found

    def _members(self, group: str) -> Iterator[int]:
        nodes = self.nodes
        for image in self.arm.groups[group].images if group in self.arm.groups else ():
            node = nodes.get(image)
            if node is None or node.group is None:
                yield image
        for seq, step in self.arrivals.get(group, {}).items():
            for destination, images in step.moves if step.name != "finish" else ():
                if destination == group:
                    yield from (i for i in images if (node := nodes[i]).joined == seq and node.group == group)

    def entry(self, group: str) -> StartGroup:
        """Return what a group is.

        Raises:
            UserError: for an unknown one.
        """
        found = self.arm.groups.get(group) or self.made.get(group) or _SPECIAL.get(group)
        if found is None:
            close = get_close_matches(group[:80], self.ids(), n=1)
            hint = f", did you mean '{close[0]}'?" if close else ""
            raise UserError(f"unknown group '{group[:80]}'{hint}")
        return found

    def ids(self) -> tuple[str, ...]:
        """Return the ids of all groups, misfits last."""
        return (*self.arm.groups, *sorted(self.made, key=_made_order), MISFITS)

    def version(self, group: str) -> int:
        """Return the number of the last act that touched a group."""
        return self.touched[group][-1] if group in self.touched else 0

    def summary(self, group: str) -> Summary:
        """Return a group as it is now."""
        found = self._summaries.get(group)
        if found is None:
            found = self._summaries[group] = self._summary(group)
        return found

    @property
    def listing(self) -> Listing:
        """The groups in the order of work; asking again looks only at those touched since."""
        if self._listing is None:
            groups = [group for group in self.ids() if self.size.get(group)]
            self._listing = Listing((self.summary(group), self._place(group)) for group in groups)
        for group in self._stale:
            if self.size.get(group):
                self._listing.put(self.summary(group), self._place(group))
            else:
                self._listing.drop(group)
        self._stale.clear()
        return self._listing

    def _place(self, group: str) -> Place:
        if group == MISFITS:
            return 2, 0, 0
        at = self.arm.places.get(group)
        return (1, *_made_order(group)) if at is None else (0, at, 0)

    def _summary(self, group: str) -> Summary:
        entry, arrivals = self.entry(group), self.arrivals.get(group)
        finished = bool(arrivals and next(reversed(arrivals.values())).name == "finish")
        size, open_ = self.size.get(group, 0), self.open.get(group, 0)
        return Summary(
            group=group,
            name=entry.name,
            kind=entry.kind,
            size=size,
            open=open_,
            done=open_ == 0 or finished,
            distribution=entry.distribution,
            ambiguity=entry.ambiguity,
            coherence=entry.coherence,
            version=self.version(group),
        )

    def _put(self, step: Step, seq: int) -> None:
        origin = self.entry(step.group) if step.makes and step.group else None
        touched = {step.group, step.target}
        for destination, images in step.moves:
            touched |= self._move(step, seq, destination, images)
        for group in _marked(step):
            self._mark(group, step)
        for number, group in enumerate(step.makes, start=1):
            assert origin is not None
            self.made[group] = _part(origin, group, f"{step.seq}.{number}")
        self._touch(touched, seq, step)

    def _move(self, step: Step, seq: int, destination: str | None, images: list[int]) -> set[str | None]:
        made: dict[Node | None, Node] = {}
        for image in images:
            below = self.nodes.get(image)
            if below not in made:
                made[below] = after(below, step, destination, seq)
        touched = {destination}
        for image in images:
            below = self.nodes.get(image)
            touched.add(self._switch(image, below, made[below]))
        return touched

    def _switch(self, image: int, old: Node | None, new: Node | None) -> str | None:
        """Set the state of an image, keep the counts, return the group that it was in."""
        home = self.arm.home[image]
        source = home if old is None or old.group is None else old.group
        place = home if new is None or new.group is None else new.group
        self.size[source] -= 1
        self.size[place] += 1
        self.open[source] -= old is None or old.answer is None
        self.open[place] += new is None or new.answer is None
        if new is None:
            del self.nodes[image]
        else:
            self.nodes[image] = new
        return source

    def _mark(self, group: str, step: Step) -> None:
        arrivals = self.arrivals[group]
        late = bool(arrivals) and next(reversed(arrivals)) > step.seq
        arrivals[step.seq] = step
        if late:  # a redo comes back to its old place
            self.arrivals[group] = dict(sorted(arrivals.items()))

    def _touch(self, groups: set[str | None], seq: int, step: Step) -> None:
        moved = any(destination is not None for destination, _ in step.moves)
        for group in groups:
            if group is not None:
                self.touched[group].append(seq)
                self._summaries.pop(group, None)
                self._stale.add(group)
                if moved:
                    self._listed.pop(group, None)


_NAN = float("nan")
_PART = " · part "
_SPECIAL = {MISFITS: StartGroup(MISFITS, "misfits", "left over", (), None, _NAN, _NAN, (), ())}


def _marked(step: Step) -> list[str]:
    """Return the groups that an act brings images to or finishes."""
    if step.name == "finish":
        return [step.group] if step.group is not None else []
    return [destination for destination, _ in step.moves if destination is not None]


def _part(origin: StartGroup, group: str, number: str) -> StartGroup:
    root = origin.name.rpartition(_PART)[0] if origin.kind == "split" else origin.name
    name = f"{root}{_PART}{number}"
    return StartGroup(group, "split", name, (), None, origin.ambiguity, origin.coherence, (), ())


def _made_order(group: str) -> tuple[int, int]:
    _, seq, number = group.split("-")
    return int(seq), int(number)
