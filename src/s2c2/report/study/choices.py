"""The table of what the data would choose, beside what people said."""

from collections.abc import Sequence
from typing import Any

from s2c2.report.study.sheets import Sheet, problems
from s2c2.report.study.spread import spread
from s2c2.studies import Outcome, Study


def sheets(study: Study, outcomes: Sequence[Outcome]) -> tuple[Sheet, ...]:
    """Return the tables of the experiment; those without a row are left out."""
    return tuple(sheet for sheet in (priors(outcomes), clusters(outcomes), problems(outcomes)) if sheet.rows)


def priors(outcomes: Sequence[Outcome]) -> Sheet:
    """Return p_A as people would say, and by the elbow and the best division of two scores of doubt."""
    rows = []
    for place, found in _recorded(outcomes).items():
        said = (
            spread(one[way][score] for one in found)
            for way in ("elbow", "division")
            for score in found[0][way]
        )
        rows.append((*place, len(found), spread(one["disputed"] for one in found), *said))
    ways = (f"{way}, {score}" for way in ("elbow", "division") for score in ("doubt u", "1 − max p"))
    heads = ("dataset", "algorithm", "runs", "people disagree about", *ways)
    return Sheet("priors", "p_A: share of images, mean ± standard deviation over seeds", heads, tuple(rows))


def clusters(outcomes: Sequence[Outcome]) -> Sheet:
    """Return how much clusters of two halves of the images agree, by their number for each class."""
    recorded = _recorded(outcomes)
    rows = tuple(
        (*place, len(found), *map(spread, zip(*(one["stability"] for one in found), strict=True)))
        for place, found in recorded.items()
    )
    factors: list[int] = next((found[0]["settings"]["factors"] for found in recorded.values()), [])
    heads = (f"k′ = {factor} · k" if factor > 1 else "k′ = k" for factor in factors)
    title = "k′: adjusted Rand index of clusters of two halves, mean ± standard deviation over seeds"
    return Sheet("clusters", title, ("dataset", "algorithm", "runs", *heads), rows)


def _recorded(outcomes: Sequence[Outcome]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for outcome in outcomes:
        choices = (outcome.record or {}).get("choices")
        if choices is not None:
            found.setdefault((outcome.entry.dataset, outcome.entry.algorithm), []).append(choices)
    return found
