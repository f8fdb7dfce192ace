"""Random acts of several people: the board against one that recomputes everything from the live acts."""

from collections import Counter
from typing import Any

import polars as pl
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from s2c2.errors import UserError
from s2c2.web import log
from s2c2.web.acts import Act, Name, Recorded, decode, encode
from s2c2.web.answers import Answer
from s2c2.web.board import Board
from s2c2.web.figures import NOTHING, UNLABELED
from tests.web.naive import Naive
from tests.web.starts import act, small

SCOPES = ("shared/1/s2c2", "shared/1/none", "bo/2/s2c2")
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
people = st.sampled_from([("ann", "a1"), ("ann", "a2"), ("bo", "b"), ("cy", "c")])
scopes = st.sampled_from((*SCOPES[:1] * 4, *SCOPES))  # mostly the first one, where people meet
names: st.SearchStrategy[Name] = st.sampled_from(
    [
        "accept",
        "label",
        "ambiguous",
        "misfit",
        "split",
        "recluster",
        "merge",
        "skip",
        "flag",
        "grow",
        "finish",
        "decide",
    ]
)


class Boards(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.board = Board(small())
        self.naive = Naive(small())
        self.touched: dict[int, set[str]] = {}
        self.scope = SCOPES[0]

    @rule(data=st.data(), person=people, scope=scopes, name=names)
    def something(self, data: st.DataObject, person: tuple[str, str], scope: str, name: Name) -> None:
        self.sent(person, draw_act(data, self.naive, scope, name, person[1]))

    @rule(person=people, scope=scopes, name=st.sampled_from(["undo", "redo"]))
    def last(self, person: tuple[str, str], scope: str, name: Name) -> None:
        which = self.board.undoable if name == "undo" else self.board.redoable
        self.sent(person, act(name, scope=scope, tab=person[1], target_seq=which(scope, person[0])))

    @rule(data=st.data(), person=people, scope=scopes, name=st.sampled_from(["undo", "redo"]))
    def any_other(self, data: st.DataObject, person: tuple[str, str], scope: str, name: Name) -> None:
        seq = data.draw(st.integers(1, len(self.naive.log) + 1))
        self.sent(person, act(name, scope=scope, tab=person[1], target_seq=seq))

    def sent(self, person: tuple[str, str], act: Act) -> None:
        self.scope = act.scope
        if self.naive.refuses(person[0], act, self.touched):
            with pytest.raises(UserError):
                self.board.check(person[0], act)
            return
        self.board.check(person[0], act)
        recorded = Recorded(len(self.naive.log) + 1, person[0], "2026", act)
        self.board.apply(recorded)
        self.naive.log.append(recorded)
        self.touched[recorded.seq] = self.naive.touched(recorded)

    @invariant()
    def same(self) -> None:
        same_groups(self.board, self.naive, self.scope, self.touched)
        same_images(self.board, self.naive, self.scope)
        for person in ("ann", "bo", "cy"):
            done, undone = self.naive.history(self.scope, person)
            assert self.board.undoable(self.scope, person) == (done[-1] if done else None)
            assert self.board.redoable(self.scope, person) == (undone[-1] if undone else None)
        assert [item.image for item in self.board.disagreements()] == self.naive.disputed()
        same_work(self.board, self.naive.log)
        alive = {recorded.seq for recorded in self.naive.live()}
        undoing = {r.seq for r in self.naive.log if r.act.name in ("undo", "redo")}
        assert {seq for seq in range(len(self.naive.log) + 2) if self.board.live(seq)} == alive | undoing

    def teardown(self) -> None:
        """A server that starts again reads the log from the database and sees the same."""
        again = Board(small())
        for recorded in self.naive.log:
            same = Recorded(recorded.seq, recorded.annotator, recorded.time, decode(encode(recorded.act)))
            again.apply(same)
        for scope in SCOPES:
            same_groups(again, self.naive, scope, self.touched)
            same_images(again, self.naive, scope)
            assert [str(group) for group in again.groups(scope)] == [str(g) for g in self.board.groups(scope)]
        assert again.disagreements() == self.board.disagreements()


def draw_act(data: st.DataObject, naive: Naive, scope: str, name: Name, tab: str) -> Act:
    """Draw a well-formed act, mostly one that fits."""
    state = naive.state(scope)
    group = data.draw(st.sampled_from(sorted(state.groups)))
    needs_group = name in ("accept", "misfit", "split", "recluster", "merge", "grow", "finish")
    pool = state.members(group) if name != "grow" else sorted(set(state.place) - set(state.members(group)))
    some = st.lists(st.sampled_from(pool), min_size=1, unique=True) if pool else st.just([0])
    strange = st.lists(st.sampled_from(sorted(state.place)), min_size=1, unique=True)
    images = tuple(data.draw(st.one_of(some, some, some, strange))) if name != "finish" else ()
    fields: dict[str, Any] = {"label": None, "distribution": None}
    if name in ("accept", "label") or (name in ("grow", "decide") and data.draw(st.booleans())):
        fields["label"] = data.draw(st.integers(0, 1))
    elif name in ("ambiguous", "decide"):
        fields["distribution"] = data.draw(st.sampled_from([(0.5, 0.5), (0.25, 0.75)]))
    if name == "recluster":
        cut = data.draw(st.integers(1, len(images)))
        fields["parts"] = tuple(part for part in (images[:cut], images[cut:]) if part)
    if name == "merge":
        fields["target"] = data.draw(st.sampled_from(sorted(state.groups)))
    now = len(naive.log)
    version = data.draw(st.one_of(st.none(), st.none(), st.just(now), st.integers(max(0, now - 3), now)))
    named = group if needs_group or data.draw(st.booleans()) else None
    return act(name, images, named, scope=scope, tab=tab, version=version, **fields)


def same_groups(board: Board, naive: Naive, scope: str, touched: dict[int, set[str]]) -> None:
    state = naive.state(scope)
    mine = [seq for seq in touched if naive.log[seq - 1].act.scope == scope]
    for group in state.groups:
        members, summary = state.members(group), board.group(scope, group)
        still = [image for image in members if image not in state.answer]
        assert board.members(scope, group) == tuple(members)
        assert board.open_members(scope, group) == tuple(still)
        assert (summary.size, summary.open) == (len(members), len(still))
        assert summary.done == (not still or state.finished.get(group, False))
        version = max((seq for seq in mine if group in touched[seq]), default=0)
        assert summary.version == board.version(scope, group) == version
        before = max(0, version - 2)
        seen = [image for image in still if image in naive.seen(scope, group, before)]
        assert board.open_members(scope, group, before) == tuple(seen)
    listed = [summary.group for summary in board.groups(scope)]
    assert sorted(listed) == sorted({group for group in state.groups if state.members(group)})
    after = max(0, len(naive.log) - 2)
    changed = {group: seq for seq in sorted(mine) if seq > after for group in touched[seq]}
    assert board.changed(scope, after) == changed
    progress = board.progress(scope)
    done = [group for group in board.groups(scope) if group.done]
    answered = len(set(state.answer) & set(state.place))
    assert (progress.images, progress.answered) == (len(state.place), answered)
    assert (progress.groups, progress.done) == (len(listed), len(done))


def same_work(board: Board, acts: list[Recorded]) -> None:
    """Check answers and labels of each pass against the annotation log."""
    work, answers = board.work(), log.frame(board.start, acts).filter("live", pl.col("kind") != "flag")
    keys = answers.select("annotator", "round", "arm", "image").rows()
    mute = (answers["kind"] == "decide").to_list()
    names = [None if decided else name for name, decided in zip(answers["label"], mute, strict=True)]
    classes = {name: at for at, name in enumerate(board.start.classes)} | {None: UNLABELED}
    numbers = {name: at for at, name in enumerate(board.start.images)}
    expected = {(key[:3], numbers[key[3]]): classes[name] for key, name in zip(keys, names, strict=True)}
    said = {
        (one, image): int(work.labels[image, column])
        for column, one in enumerate(work.passes)
        for image in range(len(board.start.images))
        if work.labels[image, column] != NOTHING
    }
    assert said == expected
    workers = {one.annotator: (one.answers, one.acts) for one in work.workers}
    counts = Counter(key[0] for key in keys)
    assert workers == {name: (counts[name], n) for name, n in Counter(r.annotator for r in acts).items()}


def same_images(board: Board, naive: Naive, scope: str) -> None:
    state = naive.state(scope)
    for image in state.place:
        expected = state.answer.get(image)
        assert board.answer(scope, image) == (None if expected is None else Answer(*expected))  # type: ignore[arg-type]
        assert board.place(scope, image) == state.place[image]
        assert board.misfit(scope, image) == (state.place[image] == "misfits")
        assert board.flagged(scope, image) == (image in state.flagged)


TestBoards = Boards.TestCase
TestBoards.settings = settings(max_examples=60, stateful_step_count=40, phases=PHASES)
