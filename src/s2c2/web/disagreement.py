"""Images on which annotators disagree."""

from collections.abc import Iterable, Iterator, Mapping

from s2c2.web import figures
from s2c2.web.answers import Answer, Disagreement, Said
from s2c2.web.nodes import Node
from s2c2.web.sheet import Sheet


class Disputes:
    """The images on which annotators disagree; asking again looks only at those touched since."""

    def __init__(self) -> None:
        self._found: dict[int, Disagreement] = {}
        self._touched: set[int] = set()

    def touch(self, images: Iterable[int]) -> None:
        """Note that acts touched images."""
        self._touched.update(images)

    def among(self, sheets: Mapping[str, Sheet]) -> tuple[Disagreement, ...]:
        """Return the images for which no class is the likeliest to each annotator, and that nobody decided.

        Images come in rising order. An annotator who calls an image ambiguous between classes agrees with
        one who gives either. Who changes an answer, or takes it back as a misfit, no longer says the old one.

        Args:
            sheets: all scopes, always the same ones or more.
        """
        known: dict[tuple[str, Node], tuple[Said, ...]] = {}
        for image in self._touched:
            answers = _of_all(sheets, image, known)
            if _disagree(answers):
                self._found[image] = Disagreement(image, tuple(answers))
            else:
                self._found.pop(image, None)
        self._touched.clear()
        return tuple(self._found[image] for image in sorted(self._found))


def most_disputed(found: Iterable[Disagreement], classes: int) -> list[tuple[float, Disagreement]]:
    """Return disagreements, the most disputed first, equal ones by image.

    With each comes the entropy of its mean answer in bits.

    Args:
        found: disagreements.
        classes: number of classes k.
    """
    known: dict[tuple[object, ...], float] = {}
    rated: list[tuple[float, Disagreement]] = []
    for one in found:
        answers = tuple((said.answer.label, said.answer.distribution) for said in one.said)
        if answers not in known:
            known[answers] = _entropy(one, classes)
        rated.append((known[answers], one))
    return sorted(rated, key=lambda pair: (-pair[0], pair[1].image))


def _entropy(found: Disagreement, classes: int) -> float:
    said = (one.answer for one in found.said)
    shares = [one.distribution or [float(one.label == c) for c in range(classes)] for one in said]
    return figures.entropy([sum(column) / len(shares) for column in zip(*shares, strict=True)])


def _of_all(
    sheets: Mapping[str, Sheet], image: int, known: dict[tuple[str, Node], tuple[Said, ...]]
) -> list[Said]:
    answers: list[Said] = []
    for scope, sheet in sheets.items():
        node = sheet.nodes.get(image)
        if node is None:
            continue
        if (scope, node) not in known:
            known[scope, node] = tuple(Said(scope, answer) for answer in said(node))
        answers += known[scope, node]
    return answers


def said(node: Node | None) -> Iterator[Answer]:
    """Yield the last answer of each annotator in the past of an image, the newest first; skips are none."""
    heard: set[str] = set()
    while node is not None:
        step, answer = node.step, node.step.answer
        if step.annotator not in heard and (answer is not None or step.name == "misfit"):
            heard.add(step.annotator)
            if answer is not None and answer.kind != "skip":
                yield answer
        node = node.below


def _disagree(answers: list[Said]) -> bool:
    if len({said.answer.annotator for said in answers}) < 2:
        return False
    if any(said.answer.kind == "decide" for said in answers):
        return False
    return not set.intersection(*(_likeliest(said.answer) for said in answers))


def _likeliest(answer: Answer) -> set[int]:
    if answer.distribution is None:
        return set() if answer.label is None else {answer.label}
    top = max(answer.distribution)
    return {label for label, share in enumerate(answer.distribution) if share == top}
