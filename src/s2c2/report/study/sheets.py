"""The tables of a study as plain values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from s2c2.report.study import groups as of
from s2c2.report.study.groups import Group, Pair
from s2c2.report.study.names import ARMS
from s2c2.report.study.spread import Difference, difference, spread
from s2c2.studies import Outcome, Study

PLAIN = ("table5", "precision")
"""Experiments in which no arm says which images are ambiguous."""


PAPER = (" (≥ 84 %)", " (≥ +0.076)", " (≤ −0.079)", " (< 5 %)")
"""What the paper reports of S2C2 against the plain algorithm, by the columns of :func:`overall`."""


@dataclass(frozen=True)
class Sheet:
    """One table: values that know how to be shown."""

    name: str
    """Short name, for a file."""
    title: str
    """What it shows."""
    columns: tuple[str, ...]
    """Headings."""
    rows: tuple[tuple[Any, ...], ...]
    """Values: text, numbers, :class:`Spread`, :class:`Difference`, or None where there is none."""


Column = tuple[str, Callable[[Group], Any]]

KEYS: tuple[Column, ...] = (
    ("dataset", lambda group: group.dataset),
    ("algorithm", lambda group: group.algorithm),
    ("arm", lambda group: ARMS.get(group.arm, group.arm)),
)


def sheets(study: Study, outcomes: Sequence[Outcome]) -> tuple[Sheet, ...]:
    """Return the tables of a study; those without a row are left out."""
    found = of.groups(outcomes)
    main = everything(found) if study.experiment in PLAIN else scores(found)
    made = (main, gains(found), bounds(found), fair(found), overall(found), targets(found), alarms(outcomes))
    return tuple(sheet for sheet in (*made, problems(outcomes)) if sheet.rows)


def scores(found: Sequence[Group]) -> Sheet:
    """Return the paper's scores: mean ± standard deviation over seeds, and those of its best run."""
    columns = (*KEYS, _RUNS, *_named(("F1", "f1_certain"), ("d", "distance"), ("d − F1", "score")), *_REST)
    title = "Scores: mean ± standard deviation over seeds; best: the run of least d − F1"
    return _sheet("scores", title, columns, found)


def everything(found: Sequence[Group]) -> Sheet:
    """Return scores of all images, of networks that set none aside."""
    columns = (*KEYS, _RUNS, *_named(("macro F1", "macro_f1"), ("accuracy", "accuracy")), *_REST[2:])
    title = "Scores on all validation images: mean ± standard deviation over seeds"
    return _sheet("scores", title, columns, found)


def gains(found: Sequence[Group]) -> Sheet:
    """Return the paired differences to the run of the same seed that each arm is held against."""
    names = (
        ("F1", "f1_certain"),
        ("d", "distance"),
        ("(d − F1)", "score"),
        ("macro F1", "macro_f1"),
    )
    columns = (
        *KEYS,
        ("minus", lambda group: ARMS.get(group.partner, group.partner)),
        ("pairs", lambda group: group.gain("macro_f1").count),
        *((f"Δ {title}", _gain(name)) for title, name in names),
    )
    rows = [group for group in found if any(partner is not None for partner in group.plain)]
    return _sheet(
        "gains",
        "Minus the plain run of the same seed, given as much: mean [95 % interval of t over pairs]",
        columns,
        rows,
    )


def bounds(found: Sequence[Group]) -> Sheet:
    """Return S2C2 and the best plain rejection between random rejection and that by human entropy."""
    columns = [*KEYS, ("kept", _coverage)]
    sides = (("F1", of.rejection, of.floor), ("AURC", of.area, of.area_floor))
    for title, measure, ends in sides:
        columns += [(f"{title}, random", _side(ends, 0)), (title, _side(measure, 0))]
        columns += [(f"best plain {title}", _side(measure, 1)), (f"{title}, human entropy", _side(ends, 1))]
    rows = [group for group in found if any(o.comparison is not None for o in group.outcomes)]
    title = (
        "Between random rejection and that by human entropy: F1 of what is kept, and area under the "
        "risk–coverage curve (AURC, lower is better)"
    )
    return _sheet("bounds", title, tuple(columns), rows)


def fair(found: Sequence[Group]) -> Sheet:
    """Return S2C2 beside the plain network at equal coverage and equal numbers of groups."""
    measures = (("F1", of.rejection), ("d", of.macro), ("d by size", of.size), ("AUROC", of.detector))
    columns = [*KEYS, ("compared", _compared), ("kept", _coverage)]
    for title, measure in measures:
        columns += [(title, _side(measure, 0)), (f"best plain {title}", _side(measure, 1))]
    rows = [group for group in found if any(o.comparison is not None for o in group.outcomes)]
    title = "At equal coverage, on the same images with as many groups: S2C2 and the best plain partner"
    return _sheet("fair", title, tuple(columns), rows)


def overall(found: Sequence[Group]) -> Sheet:
    """Return each arm minus its partner over all datasets and seeds, with and without alarmed runs."""
    asked = any(o.comparison is not None for group in found for o in group.outcomes)
    least = PAPER if asked else ("",) * len(PAPER)
    columns = (
        "arm", "runs", "pairs of dataset and algorithm", f"of these better in d − F1{least[0]}",
        f"Δ F1{least[1]}", f"Δ d{least[2]}", "Δ (d − F1)", f"degenerate or collapsed{least[3]}",
        *(("reached",) if asked else ()),
    )  # fmt: skip
    arms = dict.fromkeys(group.arm for group in found if any(p is not None for p in group.plain))
    rows = [
        _overall(arm, [group for group in found if group.arm == arm], without)
        for arm in arms
        for without in (False, True)
    ]
    kept = tuple(row[: len(columns)] for row in rows if row)
    return Sheet("overall", "Over all datasets and algorithms", columns, kept)


def _overall(arm: str, found: Sequence[Group], without: bool) -> tuple[Any, ...]:
    """Return the row of an arm; without alarmed runs, empty where there is none, or no pair beside them."""
    scored = [outcome for group in found for outcome in group.scored]
    alarmed = sum(bool(outcome.alarms) for outcome in scored)
    if without and not alarmed:
        return ()
    kept = [_without_alarms(group) for group in found] if without else list(found)
    better = [gain.mean < 0 for group in kept if (gain := group.gain("score")).count]
    totals = [
        difference([pair for group in kept for pair in group.pairs(name)])
        for name in ("f1_certain", "distance", "score")
    ]
    if without and not any(total.count for total in totals):
        return ()
    title = ARMS.get(arm, arm) + (", without these" if without else "")
    share = None if without or not scored else f"{alarmed} of {len(scored)}"
    runs, counts = sum(len(group.scored) for group in kept), f"{sum(better)} of {len(better)}"
    reached = None if without else _reached(found, totals, better)
    return title, runs, len(better), counts, *totals, share, reached


def _reached(found: Sequence[Group], totals: Sequence[Difference], better: Sequence[bool]) -> str | None:
    """Return how many of :data:`PAPER` an arm reaches; None where it calls no image ambiguous."""
    scored = [outcome for group in found for outcome in group.scored]
    if not better or all(outcome.comparison is None for outcome in scored):
        return None
    f1, distance, _ = totals
    alarmed = sum(bool(outcome.alarms) for outcome in scored) / len(scored)
    met = [sum(better) / len(better) >= 0.84, f1.mean >= 0.076, distance.mean <= -0.079, alarmed < 0.05]
    return f"{sum(met)} of {len(met)}"


def _without_alarms(group: Group) -> Group:
    kept = [
        (one, other)
        for one, other in zip(group.outcomes, group.plain, strict=True)
        if not one.alarms and not (other is not None and other.alarms)
    ]
    return Group(
        group.dataset,
        group.algorithm,
        group.arm,
        tuple(one for one, _ in kept),
        tuple(other for _, other in kept),
    )


def targets(found: Sequence[Group]) -> Sheet:
    """Return what is asked of S2C2 at equal coverage, what was reached, and whether that is enough."""
    columns = ("arm", "runs", "F1 − best rejection (≥ +0.01)", "d / best clustering (≤ 0.9)",
               "d by size / best (≤ 0.9)", "AUROC − best detector (≥ +0.03)", "reached")  # fmt: skip
    rows = []
    for arm in dict.fromkeys(group.arm for group in found):
        chosen = [group for group in found if group.arm == arm]
        pairs = [
            [pair for group in chosen for pair in group.compared(measure)]
            for measure in (of.rejection, of.macro, of.size, of.detector)
        ]
        if pairs[0]:
            f1, auroc = difference(pairs[0]), difference(pairs[3])
            macro, size = of.ratio(pairs[1]), of.ratio(pairs[2])
            met = [f1.mean >= 0.01, macro.mean <= 0.9, size.mean <= 0.9, auroc.mean >= 0.03]
            rows.append(
                (ARMS.get(arm, arm), len(pairs[0]), f1, macro, size, auroc, f"{sum(met)} of {len(met)}")
            )
    title = "Targets at equal coverage, over all datasets, algorithms and seeds"
    return Sheet("targets", title, columns, tuple(rows))


def alarms(outcomes: Sequence[Outcome]) -> Sheet:
    """Return each degenerate or collapsed run and why; all of them are in the means above."""
    rows = tuple((o.entry.name, "; ".join(o.alarms)) for o in outcomes if o.alarms)
    return Sheet(
        "alarms", "Degenerate and collapsed runs, which are in the means above", ("run", "why"), rows
    )


def problems(outcomes: Sequence[Outcome]) -> Sheet:
    """Return each planned run without scores, or that failed when more was asked of it, and why."""
    rows = tuple((o.entry.name, o.problem) for o in outcomes if o.problem is not None)
    return Sheet("missing", "Planned runs without scores, or that failed later", ("run", "why"), rows)


def per_run(outcomes: Sequence[Outcome]) -> Sheet:
    """Return every score of every run, one row a run."""
    known = [o for o in outcomes if o.scores is not None]
    names = list(dict.fromkeys(name for o in known for name in o.scores or {} if name != "reasons"))
    rows = tuple(
        (o.entry.name, o.entry.dataset, o.entry.algorithm, o.entry.arm, o.entry.seed,
         *((o.scores or {}).get(name) for name in names))
        for o in known
    )  # fmt: skip
    columns = ("run", "dataset", "algorithm", "arm", "seed", *names)
    return Sheet("runs", "Every score of every run", columns, rows)


def runs_apart(outcomes: Sequence[Outcome]) -> Sheet:
    """Return each compared run on its own beside its best plain partners: what the means hide."""
    rows = []
    for o in outcomes:
        if o.comparison is not None:
            pairs = (of.rejection(o), of.macro(o), of.size(o), of.detector(o))
            rows.append((o.entry.name, *(value for pair in pairs for value in pair)))
    names = ("F1", "d", "d by size", "AUROC")
    heads = (head for name in names for head in (name, f"best plain {name}"))
    return Sheet("apart", "Each run at equal coverage", ("run", *heads), tuple(rows))


def _sheet(name: str, title: str, columns: Sequence[Column], rows: Sequence[Group]) -> Sheet:
    headings = tuple(heading for heading, _ in columns)
    return Sheet(name, title, headings, tuple(tuple(value(group) for _, value in columns) for group in rows))


def _named(*names: tuple[str, str]) -> tuple[Column, ...]:
    columns: list[Column] = []
    for title, name in names:
        columns += [(title, _score(name)), (f"best {title}", _best(name))]
    return tuple(columns)


def _score(name: str) -> Callable[[Group], Any]:
    return lambda group: group.score(name)


def _best(name: str) -> Callable[[Group], Any]:
    return lambda group: group.best(name)


def _gain(name: str) -> Callable[[Group], Any]:
    return lambda group: group.gain(name)


def _side(measure: Callable[[Outcome], Pair], side: int) -> Callable[[Group], Any]:
    return lambda group: spread(pair[side] for pair in group.compared(measure))


def _compared(group: Group) -> str:
    return f"{sum(o.comparison is not None for o in group.outcomes)} of {len(group.outcomes)}"


def _coverage(group: Group) -> Any:
    return spread(o.comparison["coverage"] for o in group.outcomes if o.comparison is not None)


_RUNS: Column = ("runs", lambda group: f"{len(group.scored)} of {len(group.outcomes)}")
_REST: tuple[Column, ...] = (
    ("set aside", _score("share_ambiguous")),
    ("AUROC", _score("auroc")),
    ("degenerate", lambda group: group.flagged("degenerate")),
    ("collapsed", lambda group: group.flagged("collapsed")),
)
