"""What everybody said and how long it took, kept up with the acts: the dashboard reads no log."""

from collections.abc import Iterable, Mapping

import numpy as np
from jaxtyping import Int16

from s2c2.web.acts import Scope
from s2c2.web.answers import Answer
from s2c2.web.figures import NOTHING, UNLABELED, Pass, Work
from s2c2.web.nodes import Node, Step
from s2c2.web.sheet import Sheet


class Tally:
    """The last word of each pass on each image; asking again looks only at the images touched since."""

    def __init__(self, images: int, classes: int) -> None:
        self._classes = classes
        self._labels: Int16[np.ndarray, "n p"] = np.full((images, 0), NOTHING, dtype=np.int16)
        self._passes: dict[Pass, int] = {}
        self._acts: dict[str, int] = {}
        self._active: dict[str, float] = {}
        self._touched: set[int] = set()
        self._work: Work | None = None

    def did(self, step: Step, images: Iterable[int]) -> None:
        """Note an act and the images that it touched."""
        self._acts[step.annotator] = self._acts.get(step.annotator, 0) + 1
        self._active[step.annotator] = self._active.get(step.annotator, 0.0) + step.active
        self._touched.update(images)
        self._work = None

    def work(self, sheets: Mapping[str, Sheet]) -> Work:
        """Return what was done so far: the same value until the next act.

        Args:
            sheets: all scopes, always the same ones or more.
        """
        if self._work is None:
            scopes = [(Scope.parse(name), sheet) for name, sheet in sheets.items()]
            for image in self._touched:
                self._look(image, scopes)
            self._touched.clear()
            said = tuple(self._passes), self._labels.copy(), self._classes
            self._work = Work(*said, dict(self._acts), dict(self._active))
        return self._work

    def _look(self, image: int, scopes: Iterable[tuple[Scope, Sheet]]) -> None:
        found = last_words(image, scopes)
        columns = [self._column(key) for key in found]
        self._labels[image] = NOTHING
        for column, step in zip(columns, found.values(), strict=True):
            self._labels[image, column] = NOTHING if step.answer is None else label(step.answer)

    def _column(self, key: Pass) -> int:
        if key not in self._passes:
            self._passes[key] = len(self._passes)
            more = np.full((len(self._labels), 1), NOTHING, dtype=np.int16)
            self._labels = np.hstack([self._labels, more])
        return self._passes[key]


def last_words(image: int, scopes: Iterable[tuple[Scope, Sheet]]) -> dict[Pass, Step]:
    """Return the last act of each pass that answered an image, or took its answer back as a misfit."""
    found: dict[Pass, Step] = {}
    for scope, sheet in scopes:
        node: Node | None = sheet.nodes.get(image)
        while node is not None:
            step, key = node.step, (node.step.annotator, scope.round, scope.arm)
            says = step.answer is not None or step.name == "misfit"
            if says and (key not in found or found[key].seq < step.seq):
                found[key] = step
            node = node.below
    return found


def label(answer: Answer) -> int:
    """Return the class of an answer as the annotation log has it, ``UNLABELED`` for one that names none.

    A distribution names the class with more than half of it; a decision is not the word of an annotator.
    """
    if answer.kind == "decide":
        return UNLABELED
    if answer.distribution is not None:
        most = max(answer.distribution)
        return answer.distribution.index(most) if most > 0.5 else UNLABELED
    return UNLABELED if answer.label is None else answer.label
