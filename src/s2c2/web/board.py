"""The board: what follows from the starting groups and the acts, kept in memory."""

from collections.abc import Sequence

from s2c2.errors import UserError, chosen
from s2c2.web.acts import Act, Recorded, Scope
from s2c2.web.answers import Answer, AnswerKind, Disagreement, Progress, Said, Summary
from s2c2.web.apart import joinable, kept_apart
from s2c2.web.conflicts import Own, fits, free, since
from s2c2.web.disagreement import Disputes
from s2c2.web.figures import Work
from s2c2.web.nodes import Step, packed
from s2c2.web.remaining import Remaining, remaining
from s2c2.web.sheet import Sheet, arm
from s2c2.web.start import MISFITS, Start, StartGroup
from s2c2.web.tally import Tally
from s2c2.web.undoing import can_redo, can_undo
from s2c2.web.validity import checked

__all__ = [
    "MISFITS",
    "Answer",
    "AnswerKind",
    "Board",
    "Disagreement",
    "Progress",
    "Said",
    "Start",
    "StartGroup",
    "Summary",
]


class Board:
    """The fold of the acts of all scopes. Only :meth:`apply` changes it."""

    def __init__(self, start: Start) -> None:
        self.start = start
        """What there was before any act."""
        self._arms = {name: arm(groups, len(start.images)) for name, groups in start.groups.items()}
        self._sheets: dict[str, Sheet] = {}
        self._untouched = {name: Sheet(found) for name, found in self._arms.items()}
        self._steps: list[Step] = []
        self._dead: set[int] = set()
        self._disputes = Disputes()
        self._tally = Tally(len(start.images), len(start.classes))

    @property
    def seq(self) -> int:
        """Number of the last act applied."""
        return len(self._steps)

    def apply(self, recorded: Recorded) -> None:
        """Apply the next act of the log; whether it fits was checked when it was recorded.

        Raises:
            UserError: when it is not the next one, or no act of these images, classes and groups.
        """
        if recorded.seq != self.seq + 1:
            raise UserError(f"act {recorded.seq} follows act {self.seq}: the log has a gap")
        try:
            self._apply(packed(self._valid(recorded)))
        except (UserError, KeyError, IndexError) as error:
            raise UserError(
                f"act {recorded.seq} of the log does not fit what was before it: {error}"
            ) from error

    def check(self, annotator: str, act: Act) -> None:
        """Refuse an act that cannot be recorded now.

        Raises:
            Conflict: when somebody else changed what it was meant for.
            UserError: when it is wrong in itself; the sentence says what.
        """
        checked(act, len(self.start.images), len(self.start.classes))
        sheet = self._sheet(act.scope)
        if act.name == "undo":
            can_undo(sheet, self._steps, self._dead, annotator, act)
        elif act.name == "redo":
            can_redo(sheet, self._steps, annotator, act)
        else:
            fits(sheet, self._steps, annotator, act)
            if self.start.study is not None:
                kept_apart(sheet, act)

    def groups(self, scope: str) -> tuple[Summary, ...]:
        """Return the groups that have members: open ones first, then by size · coherence, falling."""
        return self._sheet(scope).listing.ordered

    def group(self, scope: str, group: str) -> Summary:
        """Return one group, also when it has no members.

        Raises:
            UserError: for an unknown one.
        """
        return self._sheet(scope).summary(group)

    def members(self, scope: str, group: str) -> tuple[int, ...]:
        """Return the images of a group: those that started there in their order, then those that joined.

        Raises:
            UserError: for an unknown group.
        """
        sheet = self._sheet(scope)
        sheet.entry(group)
        return sheet.members(group)

    def open_members(
        self, scope: str, group: str, version: int | None = None, own: Own | None = None
    ) -> tuple[int, ...]:
        """Return the members without an answer.

        Args:
            scope: whose board.
            group: group id.
            version: only what a person who saw this version can have meant: leave out images that joined
                later, and those that an undo or redo changed later.
            own: the person and the tab: what it did itself on the screen of this group it has seen.
        """
        nodes = self._sheet(scope).nodes
        found = [
            i for i in self.members(scope, group) if (node := nodes.get(i)) is None or node.answer is None
        ]
        if version is not None:
            unseen = self._unseen(scope, group, version, own)
            found = [i for i in found if i not in unseen]
        return tuple(found)

    def remaining(self, scope: str) -> Remaining:
        """Return all images of a scope without an answer, and the group of each."""
        return remaining(self._sheet(scope))

    def joinable(self, scope: str, group: str) -> Remaining:
        """Return the images without an answer that may join a group: those of other groups.

        In a study, images with and without a proposal stay apart.

        Raises:
            UserError: for an unknown group.
        """
        sheet = self._sheet(scope)
        sheet.entry(group)
        others = remaining(sheet).outside(group)
        return others if self.start.study is None else joinable(sheet, group, others)

    def free(self, scope: str, images: Sequence[int], version: int, own: Own) -> tuple[int, ...]:
        """Return the images that may still join: neither answered since a version nor changed by others.

        Args:
            scope: whose board.
            images: numbers of images.
            version: number of the last act that a person has seen.
            own: the person and the tab: their own acts, other than answers, change nothing.
        """
        return free(self._sheet(scope), self._steps, images, version, own)

    def place(self, scope: str, image: int) -> str | None:
        """Return the group that an image is in; None where it is in none.

        Raises:
            UserError: for an unknown image.
        """
        if not 0 <= image < len(self.start.images):
            raise UserError(f"unknown image {image}: Possible: 0 to {len(self.start.images) - 1}")
        return self._sheet(scope).place(image)

    def answer(self, scope: str, image: int) -> Answer | None:
        """Return the answer that counts: that of the last live act; who marks a misfit takes it back."""
        node = self._sheet(scope).nodes.get(image)
        return None if node is None else node.answer

    def flagged(self, scope: str, image: int) -> bool:
        """Return whether an image is marked; a flag is no answer, the image stays open."""
        node = self._sheet(scope).nodes.get(image)
        return node is not None and node.flagged

    def misfit(self, scope: str, image: int) -> bool:
        """Return whether an image is among the misfits."""
        return self.place(scope, image) == MISFITS

    def version(self, scope: str, group: str) -> int:
        """Return the number of the last act that touched a group, 0 at the start."""
        return self._sheet(scope).version(group)

    def undoable(self, scope: str, annotator: str) -> int | None:
        """Return the number of the act that ``undo`` means."""
        history = self._sheet(scope).histories.get(annotator)
        return history.done[-1] if history and history.done else None

    def redoable(self, scope: str, annotator: str) -> int | None:
        """Return the number of the act that ``redo`` means."""
        history = self._sheet(scope).histories.get(annotator)
        return history.undone[-1] if history and history.undone else None

    def live(self, seq: int) -> bool:
        """Return whether an act was applied and is not undone."""
        return 0 < seq <= self.seq and seq not in self._dead

    def step(self, seq: int) -> Step:
        """Return an act that was applied, by its number, from 1."""
        return self._steps[seq - 1]

    def changed(self, scope: str, after: int, own: Own | None = None) -> dict[str, int]:
        """Return the groups that acts after a number touched, each with the number of the last such act.

        Args:
            scope: whose board.
            after: number of the last act that is left out.
            own: whose acts are left out too; None for nobody's.
        """
        touched = self._sheet(scope).touched.items()
        last = {group: next(since(seqs, self._steps, after, own), None) for group, seqs in touched}
        return {group: step.seq for group, step in last.items() if step is not None}

    def progress(self, scope: str) -> Progress:
        """Return how far a scope is."""
        return self._sheet(scope).listing.progress

    def last(self, scope: str) -> str | None:
        """Return the server time of the last act in a scope; None without one."""
        touched = [seqs[-1] for seqs in self._sheet(scope).touched.values() if seqs]
        return self._steps[max(touched) - 1].time if touched else None

    def scopes(self) -> tuple[str, ...]:
        """Return the scopes that have acts."""
        return tuple(self._sheets)

    def disagreements(self) -> tuple[Disagreement, ...]:
        """Return the images on which annotators disagree and nobody decided."""
        return self._disputes.among(self._sheets)

    def work(self) -> Work:
        """Return what everybody did, in all scopes."""
        return self._tally.work(self._sheets)

    def _unseen(self, scope: str, group: str, version: int, own: Own | None) -> set[int]:
        sheet, unseen = self._sheet(scope), set[int]()
        for step in since(sheet.touched.get(group, ()), self._steps, version):
            meant = step if step.target_seq is None else self._steps[step.target_seq - 1]
            if step.by == own and meant.group == group:
                continue
            if meant is not step:
                unseen.update(meant.images.tolist())
            else:
                unseen.update(i for i in step.images.tolist() if sheet.joined(i) == step.seq)
        return unseen

    def _apply(self, step: Step) -> None:
        sheet = self._sheets.get(step.scope) or Sheet(self._sheet(step.scope).arm)
        meant = step if step.target_seq is None else self._steps[step.target_seq - 1]
        if step.name == "undo":
            sheet.undo(meant, step.seq)
            self._dead.add(meant.seq)
        elif step.name == "redo":
            sheet.redo(meant, step.seq)
            self._dead.discard(meant.seq)
        else:
            sheet.apply(step)
        images: list[int] = meant.images.tolist()
        self._disputes.touch(images)
        self._tally.did(step, images)
        self._sheets[step.scope] = sheet
        self._steps.append(step)

    def _valid(self, recorded: Recorded) -> Recorded:
        act = recorded.act
        checked(act, len(self.start.images), len(self.start.classes))
        if act.target_seq is not None:
            self.check(recorded.annotator, act)
        return recorded

    def _sheet(self, scope: str) -> Sheet:
        found = self._sheets.get(scope)
        if found is not None:
            return found
        return chosen("arm", Scope.parse(scope).arm, self._untouched)
