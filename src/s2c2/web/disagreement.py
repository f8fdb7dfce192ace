"""Images on which annotators disagree."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from s2c2.web.answers import Answer, Disagreement, Said
from s2c2.web.nodes import Node
from s2c2.web.sheet import Sheet


def disagreements(sheets: Mapping[str, Sheet]) -> tuple[Disagreement, ...]:
    """Return the images for which no class is the likeliest to each annotator, and that nobody decided.

    Images come in rising order. An annotator who calls an image ambiguous between classes agrees with one
    who gives either. Who changes an answer, or takes it back as a misfit, no longer says the old one.
    """
    by_image: defaultdict[int, list[Said]] = defaultdict(list)
    for scope, sheet in sheets.items():
        known: dict[Node, tuple[Said, ...]] = {}
        for image, node in sheet.nodes.items():
            if node not in known:
                known[node] = tuple(Said(scope, answer) for answer in said(node))
            by_image[image] += known[node]
    found = sorted(image for image, answers in by_image.items() if _disagree(answers))
    return tuple(Disagreement(image, tuple(by_image[image])) for image in found)


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
