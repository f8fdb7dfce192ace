"""The log of a study: all time counts, refused proposals count, and it says what a simulated log says."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from s2c2.data.annotations import Annotations
from s2c2.data.logs import Log
from s2c2.metrics.annotation_study import agreement
from s2c2.metrics.consistency import study
from s2c2.simulation import Crowd, Shown, simulate
from s2c2.web import acts, log
from s2c2.web.acts import Act, Recorded
from s2c2.web.board import Board
from s2c2.web.start import Start
from s2c2.web.store import Store
from tests.web.starts import act, does, group, small

TIME = "2026-01-01T00:00:00+00:00"
CAT = acts.Shown(0, 0.75)


def recorded(*said: Act, who: str = "ann") -> list[Recorded]:
    return [Recorded(seq, who, TIME, one) for seq, one in enumerate(said, start=1)]


def misfit_then_label() -> list[Act]:
    """Return the acts on class-0: image 1 is a misfit and becomes a dog, the others are cats."""
    return [
        act("misfit", (1,), "class-0", key="a", shown=CAT, active=3.0, wall=4.0),
        act("accept", (0, 2, 3), "class-0", key="b", label=0, shown=CAT, active=3.0, wall=5.0),
        act("finish", (), "class-0", key="c", active=0.5, wall=0.5),
        act("label", (1,), "misfits", key="d", label=1, active=1.5, wall=1.5),
    ]


def test_the_time_of_all_acts_counts() -> None:
    said = misfit_then_label()
    found = log.frame(small(), recorded(*said)).sort("image")
    assert found["seconds"].to_list() == [2.0, 2.0, 2.0, 2.0]  # (3 + 3) / 3, and 0.5 + 1.5
    assert found["wall"].sum() == pytest.approx(sum(one.wall for one in said))


def test_time_stays_with_the_board_and_the_person() -> None:
    mine = act("misfit", (1,), "class-0", key="a", active=3.0)
    theirs = act("label", (4,), "cluster-1", key="b", label=0, active=1.0)
    other = act("label", (4,), "all", key="c", label=0, active=1.0, scope="ann/1/none")
    acts = [Recorded(1, "ann", TIME, mine), Recorded(2, "bob", TIME, theirs), Recorded(3, "ann", TIME, other)]
    assert log.frame(small(), acts)["seconds"].to_list() == [1.0, 1.0]


def test_a_flag_keeps_its_time() -> None:
    said = [
        act("flag", (1,), "class-0", key="a", active=3.0),
        act("label", (1,), "class-0", key="b", label=0, active=1.0),
    ]
    assert log.frame(small(), recorded(*said))["seconds"].to_list() == [3.0, 1.0]


def test_a_misfit_is_a_refused_proposal() -> None:
    found = log.frame(small(), recorded(*misfit_then_label())).sort("image")
    assert found["proposal"].to_list() == ["cat"] * 4
    assert found["label"].to_list() == ["cat", "dog", "cat", "cat"]
    assert found["shown"].all()


TAKEN_OUT: dict[str, list[Act]] = {
    "split": [
        act("split", (1,), "class-0", key="a", shown=CAT),
        act("accept", (0, 2, 3), "class-0", key="b", label=0, shown=CAT),
        act("label", (1,), "split-1-1", key="c", label=1),
    ],
    "split twice": [
        act("split", (1, 2), "class-0", key="a", shown=CAT),
        act("split", (1,), "split-1-1", key="b"),
        act("accept", (0, 3), "class-0", key="c", label=0, shown=CAT),
        act("label", (2,), "split-1-1", key="d", label=0),
        act("label", (1,), "split-2-1", key="e", label=1),
    ],
    "recluster": [
        act("recluster", (2, 3, 0, 1), "class-0", key="a", shown=CAT, parts=((2, 3, 0), (1,))),
        act("label", (2, 3, 0), "split-1-1", key="b", label=0),
        act("label", (1,), "split-1-2", key="c", label=1),
    ],
    "merge": [
        act("split", (0,), "class-0", key="a", shown=CAT),
        act("merge", (1, 2, 3), "class-0", key="b", shown=CAT, target="split-1-1"),
        act("label", (0, 2, 3), "split-1-1", key="c", label=0),
        act("label", (1,), "split-1-1", key="d", label=1),
    ],
}
"""Other ways to the answers of ``misfit_then_label``."""


@pytest.mark.parametrize("said", TAKEN_OUT.values(), ids=TAKEN_OUT)
def test_acceptance_does_not_depend_on_the_key(said: list[Act]) -> None:
    board = Board(small())
    one_way = log.frame(small(), recorded(*misfit_then_label())).sort("image")
    other = log.frame(small(), [does(board, "ann", one) for one in said]).sort("image")
    same = "image", "label", "proposal", "strength", "shown", "live"
    assert other.select(same).rows() == one_way.select(same).rows()


def test_an_answer_that_was_there_before_a_split_stays() -> None:
    said = [
        act("label", (0, 1), "class-0", key="a", label=1, shown=CAT),
        act("split", (1,), "class-0", key="b", shown=CAT),
    ]
    found = log.frame(small(), recorded(*said))
    assert found.select("key", "proposal", "live").rows() == [("a", "cat", True)] * 2


def test_who_did_not_split_has_seen_no_proposal() -> None:
    split = act("split", (1,), "class-0", key="a", shown=CAT)
    theirs = act("label", (1,), "split-1-1", key="b", label=1)
    found = log.frame(small(), [Recorded(1, "ann", TIME, split), Recorded(2, "bo", TIME, theirs)])
    assert found["proposal"].to_list() == [None]


def test_an_undone_split_refuses_nothing() -> None:
    said = [
        act("split", (1,), "class-0", key="a", shown=CAT),
        act("undo", (), None, key="b", target_seq=1),
        act("split", (1,), "class-0", key="c"),
        act("label", (1,), "split-3-1", key="d", label=1),
    ]
    assert log.frame(small(), recorded(*said))["proposal"].to_list() == [None]


def test_an_undone_misfit_refuses_nothing() -> None:
    first, *_, last = misfit_then_label()
    undo = act("undo", (), None, key="u", target_seq=1)
    found = log.frame(small(), recorded(first, undo, last))
    assert found["proposal"].to_list() == [None]


def test_the_same_answers_give_the_same_numbers(tmp_path: Path) -> None:
    n, classes = 40, ("cat", "dog")
    images = tuple(f"i{i:02}.png" for i in range(n))
    rng = np.random.default_rng(0)
    votes = [(image, f"p{v}", classes[rng.integers(0, 2)]) for image in images for v in range(5)]
    truth = Annotations.build(
        pl.DataFrame(votes, schema=["image", "annotator", "label"], orient="row"), classes
    )
    proposed = rng.integers(0, 2, n)
    nothing = np.full(n, -1, dtype=np.int64)
    arms = {"none": Shown(nothing, nothing), "ssl": Shown(proposed, nothing)}
    simulated = simulate(truth, images, arms, Crowd(2, 2), seed=1)
    everything = (group("all", tuple(range(n))),)
    store = Store.open(f"sqlite:///{tmp_path / 'a.sqlite'}")
    start = store.begin(Start(images, classes, {"none": everything, "ssl": everything}))
    for number, row in enumerate(simulated.rows(named=True)):
        scope = f"{row['annotator']}/{row['round']}/{row['arm']}"
        shown = None if row["proposal"] is None else acts.Shown(classes.index(row["proposal"]), 0.9)
        image, label = images.index(row["image"]), classes.index(row["label"])
        said = act("label", (image,), "all", key=str(number), scope=scope, label=label, shown=shown)
        timed = Act(**{**vars(said), "active": row["seconds"], "wall": row["seconds"]})
        store.append(row["annotator"], timed, lambda read: None, TIME)
    kept = log.frame(start, store.read())
    store.close()
    ours, theirs = study(kept, truth, 50), study(simulated, truth, 50)
    assert str(ours) == str(theirs)  # NaN is in some places
    lines = agreement(Log.build(kept, classes), truth, 50).arms
    assert str([line.arm for line in lines]) == str(list(theirs))
