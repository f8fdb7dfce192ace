"""The annotation log: one row for each answer of an annotator to an image, from the acts alone."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from s2c2.data.answers import PASS, SCHEMA
from s2c2.web.acts import Act, Recorded, Scope
from s2c2.web.nodes import ANSWERS
from s2c2.web.start import MISFITS, Start

ACTS: Mapping[str, pl.DataType] = {
    "annotator": pl.String(),
    "round": pl.Int64(),
    "arm": pl.String(),
    "act": pl.String(),
    "group": pl.String(),
    "images": pl.Int64(),
    "selected": pl.Int64(),
    "active": pl.Float64(),
    "wall": pl.Float64(),
    "client_time": pl.String(),
    "server_time": pl.String(),
    "key": pl.String(),
    "live": pl.Boolean(),
}
"""Columns of the table of acts; times in seconds."""
REFUSING = ("misfit", "split", "recluster", "merge")
"""Acts that take images away from what was proposed for their group, without an answer."""
_ROWS = {**SCHEMA, "image": pl.List(pl.Int64()), "seq": pl.Int64()}


def frame(start: Start, acts: Iterable[Recorded], dead: bool = True) -> pl.DataFrame:
    """Return one row for each answer, in the order of the log; columns as in ``SCHEMA``.

    Args:
        start: images, classes and groups.
        acts: the whole log, in its order.
        dead: keep the answers that do not count (``live`` false); without them there is one row for each
            image, annotator, round and arm, and one more where it was flagged.
    """
    log = list(acts)
    kinds = {arm: {group.group: group.kind for group in groups} for arm, groups in start.groups.items()}
    alive = live(log)
    rows = [
        _row(start, kinds, recorded, recorded.seq in alive) for recorded in carried(log) if _counts(recorded)
    ]
    table = _with_refused(pl.DataFrame(rows, schema=_ROWS, orient="row").explode("image"))
    table = table.filter(~pl.col("kind").is_in(REFUSING) | (pl.col("kind") == "misfit"))
    same = [*PASS, pl.col("kind") == "flag"]
    last = pl.col("seq").filter("live").max().over(same)
    table = table.with_columns(live=(pl.col("live") & (pl.col("seq") == last)).fill_null(False))
    table = table.filter(pl.col("kind") != "misfit")
    names = pl.Series(start.images, dtype=pl.String)
    table = table.with_columns(image=names.gather(table["image"]), hidden=_hidden(start, table))
    table = table.select(*SCHEMA)
    return table if dead else table.filter("live")


def table(acts: Iterable[Recorded]) -> pl.DataFrame:
    """Return one row for each act, also for those that answer nothing: where all time went.

    Columns as in ``ACTS``; ``live`` is false for what was undone.
    """
    log = list(acts)
    alive = live(log)
    rows = [_act_row(recorded, recorded.seq in alive) for recorded in log]
    return pl.DataFrame(rows, schema=ACTS, orient="row")


def carried(acts: Iterable[Recorded]) -> list[Recorded]:
    """Return the acts with the time of those that answer nothing added to the sender's next answer.

    Looking for misfits, splitting and taking back are work for the answers that follow on the same board:
    left out, arms in which groups are put in order first would look faster than they are.
    """
    waiting: dict[tuple[str, str], tuple[float, float]] = {}
    found = []
    for recorded in acts:
        act, who = recorded.act, (recorded.annotator, recorded.act.scope)
        active, wall = waiting.pop(who, (0.0, 0.0))
        active, wall = act.active + active, act.wall + wall
        if _answers(act) or act.name == "flag":
            found.append(replace(recorded, act=replace(act, active=active, wall=wall)))
        else:
            waiting[who] = active, wall
            found.append(recorded)
    return found


def live(acts: Iterable[Recorded]) -> set[int]:
    """Return the numbers of the acts that are not undone."""
    found: set[int] = set()
    for recorded in acts:
        found.add(recorded.seq)
        target = recorded.act.target_seq
        if target is not None and recorded.act.name == "undo":
            found.discard(target)
        elif target is not None:
            found.add(target)
    return found


def _hidden(start: Start, answers: pl.DataFrame) -> pl.Series:
    """Return the class that was not shown with each answer; null for none."""
    pairs = answers.select("arm", "image").rows()
    classes = (start.hidden.get(arm, {}).get(image) for arm, image in pairs)
    names = (None if one is None else start.classes[one] for one in classes)
    return pl.Series("hidden", list(names), dtype=pl.String)


def _counts(recorded: Recorded) -> bool:
    return _answers(recorded.act) or recorded.act.name in ("flag", *REFUSING)


def _answers(act: Act) -> bool:
    return act.name in ANSWERS and (act.name != "grow" or act.label is not None)


def _with_refused(table: pl.DataFrame) -> pl.DataFrame:
    """Return the rows where an answer outside its first group carries the proposal that was seen there.

    Whichever key took an image out of a group, its proposal had been on the screen: without it, who splits
    would seem to accept more than who marks misfits.
    """
    same, refused = [*PASS], pl.col("kind").is_in(REFUSING) & pl.col("live")
    seen = {
        name: pl.when(refused).then(pl.col(name)).forward_fill().over(same)
        for name in ("proposal", "strength")
    }
    fill = pl.col("group_kind").is_in([MISFITS, "split"]) & pl.col("proposal").is_null()
    filled = [pl.when(fill).then(value).otherwise(pl.col(name)).alias(name) for name, value in seen.items()]
    return table.with_columns(filled).with_columns(shown=pl.col("proposal").is_not_null())


def _row(
    start: Start, kinds: Mapping[str, Mapping[str, str]], recorded: Recorded, live: bool
) -> tuple[Any, ...]:
    act, scope = recorded.act, Scope.parse(recorded.act.scope)
    shown = act.shown
    return (
        list(act.images),
        recorded.annotator,
        scope.round,
        scope.arm,
        _label(start, recorded),
        "label" if act.name == "grow" else act.name,
        None if act.distribution is None else list(act.distribution),
        None if shown is None else start.classes[shown.label],
        None if shown is None else shown.strength,
        shown is not None,
        None,
        act.group,
        _kind(kinds.get(scope.arm, {}), act.group),
        act.selected,
        act.active / len(act.images),
        act.wall / len(act.images),
        act.at,
        recorded.time,
        act.key,
        live,
        recorded.seq,
    )


def _label(start: Start, recorded: Recorded) -> str | None:
    act = recorded.act
    if act.distribution is not None:
        most = max(act.distribution)
        return start.classes[act.distribution.index(most)] if most > 0.5 else None
    return None if act.label is None else start.classes[act.label]


def _kind(kinds: Mapping[str, str], group: str | None) -> str | None:
    if group is None or group in kinds:
        return None if group is None else kinds[group]
    return MISFITS if group == MISFITS else "split"


def _act_row(recorded: Recorded, live: bool) -> tuple[Any, ...]:
    act, scope = recorded.act, Scope.parse(recorded.act.scope)
    return (
        recorded.annotator,
        scope.round,
        scope.arm,
        act.name,
        act.group,
        len(act.images),
        act.selected,
        act.active,
        act.wall,
        act.at,
        recorded.time,
        act.key,
        live,
    )
