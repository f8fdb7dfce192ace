"""The board again, slowly: everything recomputed from the live acts, written from the rules alone."""

from dataclasses import dataclass, field

from s2c2.web.acts import Act, Recorded
from s2c2.web.start import Start

ANSWERING = ("accept", "label", "ambiguous", "skip", "decide")


@dataclass
class State:
    """One scope after some acts."""

    place: dict[int, str]
    came: dict[int, tuple[int, int]]
    answer: dict[int, tuple[int, str, str, int | None, tuple[float, ...] | None]] = field(
        default_factory=dict
    )
    flagged: set[int] = field(default_factory=set)
    finished: dict[str, bool] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    top: dict[int, Recorded] = field(default_factory=dict)

    def members(self, group: str) -> list[int]:
        return sorted((i for i, at in self.place.items() if at == group), key=self.came.__getitem__)


class Naive:
    """Keeps the log and nothing else."""

    def __init__(self, start: Start) -> None:
        self.start = start
        self.log: list[Recorded] = []
        self.known: dict[tuple[str, int], State] = {}

    def live(self, until: int | None = None) -> list[Recorded]:
        alive: dict[int, Recorded] = {}
        for recorded in self.log[:until]:
            act = recorded.act
            if act.name == "undo":
                del alive[act.target_seq or 0]
            elif act.name == "redo":
                alive[act.target_seq or 0] = self.log[(act.target_seq or 0) - 1]
            else:
                alive[recorded.seq] = recorded
        return [alive[seq] for seq in sorted(alive)]

    def state(self, scope: str, until: int | None = None) -> State:
        key = (scope, len(self.log) if until is None else until)
        if key not in self.known:
            self.known[key] = self.fold(*key)
        return self.known[key]

    def fold(self, scope: str, until: int) -> State:
        groups = self.start.groups[scope.split("/")[-1]]
        place = {image: group.group for group in groups for image in group.images}
        came = {image: (0, at) for group in groups for at, image in enumerate(group.images)}
        state = State(place, came, groups={group.group for group in groups} | {"misfits"})
        for recorded in self.live(until):
            if recorded.act.scope == scope:
                apply(state, recorded)
        return state

    def touched(self, recorded: Recorded) -> set[str]:
        act, scope = recorded.act, recorded.act.scope
        named = {act.group, act.target}
        if act.target_seq is not None:
            act = self.log[act.target_seq - 1].act
            named = {act.group, act.target}
        before, after = (self.state(scope, until).place for until in (recorded.seq - 1, recorded.seq))
        places = {where[image] for where in (before, after) for image in act.images}
        return {name for name in named | places if name is not None}

    def seen(self, scope: str, group: str, version: int) -> set[int]:
        """Return the members at a version, without those that came anew, were undone or redone since."""
        came = self.state(scope).came
        members = {i for i in self.state(scope, version).members(group) if came[i][0] <= version}
        for recorded in self.log[version:]:
            if recorded.act.scope == scope and recorded.act.target_seq is not None:
                members -= set(self.log[recorded.act.target_seq - 1].act.images)
        return members

    def disputed(self) -> list[int]:
        """Return the images whose annotators find no class likeliest together."""
        last: dict[tuple[int, str, str], Act | None] = {}
        for recorded in self.live():
            act = recorded.act
            for image in act.images if act.name not in ("flag", "split", "recluster", "merge") else ():
                if act.name != "grow" or act.label is not None:
                    last[image, act.scope, recorded.annotator] = (
                        None if act.name in ("misfit", "skip") else act
                    )
        images = range(len(self.start.images))
        return [
            n for n in images if dispute([(who, act) for (i, _, who), act in last.items() if i == n and act])
        ]

    def history(self, scope: str, annotator: str) -> tuple[list[int], list[int]]:
        done: list[int] = []
        undone: list[int] = []
        for recorded in self.log:
            act = recorded.act
            if (act.scope, recorded.annotator) != (scope, annotator):
                continue
            if act.name == "undo":
                done = [seq for seq in done if seq != act.target_seq]
                undone.append(act.target_seq or 0)
            elif act.name == "redo":
                undone = [seq for seq in undone if seq != act.target_seq]
                done = sorted([*done, act.target_seq or 0])
            else:
                done.append(recorded.seq)
                undone = []
        return done, undone

    def refuses(self, annotator: str, act: Act, touched: dict[int, set[str]]) -> bool:
        """Say whether a well-formed act must be refused; ``touched`` holds the groups of each act so far."""
        if act.name in ("undo", "redo"):
            return self.refuses_history(annotator, act)
        state = self.state(act.scope)
        if any(name is not None and name not in state.groups for name in (act.group, act.target)):
            return True
        if act.version is not None and self.stale(annotator, act, state, act.version, touched):
            return True
        if act.name == "grow":
            return any(state.place[i] == act.group or i in state.answer for i in act.images)
        inside = (
            act.group is None or act.name == "finish" or all(state.place[i] == act.group for i in act.images)
        )
        everything = act.name == "split" and len(act.images) == len(state.members(act.group or ""))
        return not inside or everything or (act.name == "merge" and act.group == act.target)

    def stale(
        self, annotator: str, act: Act, state: State, version: int, touched: dict[int, set[str]]
    ) -> bool:
        def foreign(recorded: Recorded) -> bool:
            return recorded.seq > version and (recorded.annotator, recorded.act.tab) != (annotator, act.tab)

        whole = act.group is not None and act.group.split("-")[0] in ("class", "cluster", "split")
        same_group = [r for r in self.log if r.act.scope == act.scope and act.group in touched[r.seq]]
        if whole and any(foreign(recorded) for recorded in same_group):
            return True
        if act.name == "decide" and any(foreign(r) and self.changes(r, act.images) for r in self.log):
            return True
        tops = {state.top[image].seq for image in act.images if image in state.top}
        return any(foreign(self.put(seq)) for seq in tops)

    def changes(self, recorded: Recorded, images: tuple[int, ...]) -> bool:
        """Say whether an act gives or takes back an answer to one of some images, on whatever board."""
        target = recorded.act.target_seq
        meant = recorded.act if target is None else self.log[target - 1].act
        answers = meant.name in (*ANSWERING, "misfit") or meant.label is not None
        return answers and not set(meant.images).isdisjoint(images)

    def put(self, seq: int) -> Recorded:
        """Return the last act that made an act count: the act itself, or its last redo."""
        redone = [r for r in self.log if (r.act.name, r.act.target_seq) == ("redo", seq)]
        return (redone or [self.log[seq - 1]])[-1]

    def refuses_history(self, annotator: str, act: Act) -> bool:
        target = act.target_seq or 0
        done, undone = self.history(act.scope, annotator)
        if target not in (done if act.name == "undo" else undone):
            return True
        meant = self.log[target - 1].act
        later = [r for r in self.live() if r.seq > target and r.act.scope == act.scope]
        if any(set(r.act.images) & set(meant.images) for r in later):
            return True
        if act.name == "redo":
            known = self.state(act.scope).groups
            return any(name is not None and name not in known for name in (meant.group, meant.target))
        mine = f"split-{target}-"
        return any((name or "").startswith(mine) for r in later for name in (r.act.group, r.act.target))


def dispute(said: list[tuple[str, Act]]) -> bool:
    """Say whether the answers to an image are a disagreement."""
    if len({who for who, _ in said}) < 2 or any(act.name == "decide" for _, act in said):
        return False
    likeliest = [
        {c for c in (0, 1) if act.label == c or (act.distribution or (0, 0))[c] >= 0.5} for _, act in said
    ]
    return not set.intersection(*likeliest)


def apply(state: State, recorded: Recorded) -> None:
    """Change the state by one act."""
    act, seq = recorded.act, recorded.seq
    parts = {"split": (act.images,), "recluster": act.parts or ()}.get(act.name, ())
    names = [f"split-{seq}-{n + 1}" for n in range(len(parts))]
    state.groups |= set(names)
    for name, part in zip(names, parts, strict=True):
        move(state, seq, part, name)
    target = {"misfit": "misfits", "merge": act.target, "grow": act.group}.get(act.name)
    if target is not None:
        move(state, seq, act.images, target)
    state.top |= dict.fromkeys(act.images, recorded)
    if act.name == "flag":
        state.flagged |= set(act.images)
    if act.name == "misfit":
        state.answer = {image: answer for image, answer in state.answer.items() if image not in act.images}
    if act.name in ANSWERING or act.label is not None:
        kind = "label" if act.name == "grow" else act.name
        given = (seq, recorded.annotator, kind, act.label, act.distribution)
        state.answer |= dict.fromkeys(act.images, given)
    if act.name == "finish":
        state.finished[act.group or ""] = True


def move(state: State, seq: int, images: tuple[int, ...], group: str) -> None:
    state.finished[group] = False
    for at, image in enumerate(images):
        state.place[image] = group
        state.came[image] = (seq, at)
