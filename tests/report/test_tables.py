from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix

from s2c2.report import tables
from s2c2.report.subject import subjects


def test_confusion_is_that_of_scikit_learn(made: Any) -> None:
    subject = subjects([made.run("extended")])[0]
    rated = subject.judged
    found = tables.confused(subject)
    assert rated is not None
    assert found is not None
    expected = confusion_matrix(rated.target, rated.predictions.predicted, labels=range(3))
    assert np.array(found.counts).tolist() == expected.tolist()
    assert np.allclose(np.array(found.shares).sum(axis=1), 1)


def test_split_sizes_are_in_the_order_of_the_paper(made: Any) -> None:
    subject = subjects([made.run("extended")])[0]
    assert list(tables.split_sizes(subject).items()) == [
        ("labeled", 30),
        ("unlabeled", 30),
        ("validation", 60),
    ]


def test_facts_name_the_training(made: Any) -> None:
    found = tables.facts(subjects([made.run("extended", seed=7)])[0])
    assert found["steps"] == "60 of 60"
    assert found["seed"] == "7"
    assert found["network"] == "wide-resnet, depth 10, width 1 at 16 px"
    assert found["date"] == "2024-05-06 07:08 UTC"


def test_no_best_is_marked_where_runs_do_not_compare(pair: Any) -> None:
    headline, others = tables.score_rows(subjects(pair))
    marked = {row.caption.name: any(row.best) for row in headline + others}
    assert not marked["d"]
    assert not marked["F1 certain"]
    assert marked["F1 all"]
    row = next(row for row in headline if row.caption.name == "F1 all")
    assert max(row.values) == row.values[row.best.index(True)]


def test_the_comparison_is_read_back_whole(pair: Any) -> None:
    shown = subjects(pair)
    found = tables.compared(shown[0], shown)
    recorded = pair[0].scores()["comparison"]
    assert found is not None
    assert found.against == shown[1].title
    assert found.verdict == recorded["verdict"]
    assert len(found.rows) == 7
    lines = {row.name: row for row in found.rows + found.others}
    best = max(recorded["f1"][name] for name in ("max-softmax", "entropy", "margin"))
    assert max(row.baseline for row in found.rows if "rejection" in row.name) == best
    assert lines["d / k-means"].baseline == recorded["distance"]["k-means"]["macro"]
    assert tables.compared(shown[1], shown) is None
