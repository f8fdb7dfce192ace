from dataclasses import replace

import numpy as np
import pytest

from s2c2.metrics.bootstrap import Interval
from s2c2.metrics.comparison import CLUSTERINGS, Comparison, Distance, Row, verdict

NAN = float("nan")


def within(interval: Interval, usual: float) -> float:
    """A difference that an interval holds: the usual one if it can be."""
    held = not (usual < interval.low or usual > interval.high)
    return usual if held else (interval.low + interval.high) / 2


def comparison(f1: Interval, distance: Interval, rejected: int = 40) -> Comparison:
    kept = {
        "s2c2": 0.85 + within(f1, 0.05),
        "s2c2 max-softmax": 0.88,
        "max-softmax": 0.8,
        "entropy": 0.85,
        "margin": 0.7,
    }
    four = {"s2c2": 0.6, "max-softmax": 0.7, "entropy": 0.71, "margin": 0.72}
    return Comparison(
        images=100,
        left_out=3,
        rejected=rejected,
        f1=kept | {"random": 0.6, "oracle": 0.95},
        f1_same={"s2c2": 0.9, "vanilla": 0.87},
        f1_all={"s2c2": 0.75, "vanilla": 0.74},
        distance={
            "s2c2": Distance(12, 0.55 + within(distance, -0.05), 0.52),
            "k-means": Distance(11, 0.55, 0.56),
            "classes": Distance(4, 0.65, 0.66),
            "random": Distance(12, 0.7, 0.8),
        },
        auroc=four,
        aurc=four | {"random": 0.3, "oracle": 0.1},
        intervals={"F1 / vanilla, entropy rejection": f1} | {f"d / {name}": distance for name in CLUSTERINGS},
    )


UP, DOWN, AROUND = Interval(0.01, 0.2), Interval(-0.2, -0.01), Interval(-0.1, 0.1)


@pytest.mark.parametrize(
    ("f1", "distance", "headline"),
    [
        (UP, DOWN, "Better at equal coverage"),
        (UP, AROUND, "Better in F1 only at equal coverage"),
        (AROUND, DOWN, "Better in d only at equal coverage"),
        (UP, UP, "Mixed at equal coverage"),
        (DOWN, DOWN, "Mixed at equal coverage"),
        (AROUND, AROUND, "No clear difference at equal coverage"),
        (DOWN, AROUND, "Worse in F1 only at equal coverage"),
        (AROUND, UP, "Worse in d only at equal coverage"),
        (DOWN, UP, "Worse at equal coverage"),
        (Interval(NAN, NAN), Interval(NAN, NAN), "No clear difference at equal coverage"),
    ],
)
def test_the_verdict_follows_the_intervals(f1: Interval, distance: Interval, headline: str) -> None:
    line = verdict(comparison(f1, distance))
    assert line.startswith(f"{headline} (60% of 100 images kept): ")
    assert "\n" not in line


def test_the_verdict_says_against_what() -> None:
    assert verdict(comparison(UP, UP)) == (
        "Mixed at equal coverage (60% of 100 images kept): "
        "F1 0.900 against 0.850 for vanilla with entropy rejection (better); "
        "d 0.655 against 0.550 for k-means on the same 40 images, by size 0.520 against 0.560 for k-means "
        "(worse). One pair of runs."
    )


def test_the_verdict_holds_d_against_the_best_clustering() -> None:
    base = comparison(UP, DOWN)
    line = verdict(replace(base, distance=dict(base.distance) | {"hdbscan": Distance(12, 0.45, 0.9)}))
    assert "d 0.500 against 0.450 for hdbscan on the same 40 images" in line
    assert "by size 0.520 against 0.560 for k-means (" in line


def test_small_groups_alone_do_not_make_clusters_better() -> None:
    made = comparison(AROUND, DOWN)
    larger = replace(made, distance={**made.distance, "s2c2": Distance(12, 0.5, 0.57)})
    line = verdict(larger)
    assert line.startswith("No clear difference at equal coverage")
    assert "(better in small groups only)" in line


def test_d_by_size_counts_against_s2c2_only_above_its_partner_and_where_d_is_better() -> None:
    equal, clear = comparison(AROUND, DOWN), comparison(AROUND, AROUND)
    equal = replace(equal, distance={**equal.distance, "s2c2": Distance(12, 0.5, 0.56)})
    assert verdict(equal).startswith("Better in d only")
    larger = replace(clear, distance={**clear.distance, "s2c2": Distance(12, 0.5, 0.57)})
    assert "small groups" not in verdict(larger)


def test_without_intervals_no_difference_is_clear() -> None:
    line = verdict(replace(comparison(UP, DOWN), intervals={}))
    assert line.startswith("No clear difference at equal coverage")
    assert line.count("(no clear difference)") == 2


@pytest.mark.parametrize(("rejected", "word"), [(0, "certain"), (100, "ambiguous")])
def test_nothing_to_compare(rejected: int, word: str) -> None:
    assert verdict(comparison(UP, DOWN, rejected)) == f"Nothing to compare: S2C2 calls all 100 images {word}."


def test_rows_hold_each_score_beside_its_partner() -> None:
    rows = {row.name: row for row in comparison(UP, DOWN).rows()}
    assert len(rows) == len(comparison(UP, DOWN).rows()), "names are not unique"
    row = rows["F1 / vanilla, entropy rejection"]
    assert (row.s2c2, row.baseline, row.better) == (0.9, 0.85, "higher")
    assert row.difference == pytest.approx(0.05)
    assert "40 images" in row.caption
    assert (rows["F1, same images"].baseline, rows["F1, all images"].s2c2) == (0.87, 0.75)
    row = rows["d / k-means"]
    assert (row.s2c2, row.baseline, row.better) == (0.5, 0.55, "lower")
    assert "11 groups; S2C2 uses 12" in row.caption
    assert rows["d by size / random"].baseline == 0.8
    assert rows["AUROC / margin"].baseline == 0.72
    assert rows["AURC / oracle"].baseline == 0.1
    assert "by p_a, vanilla by margin" in rows["AURC / margin"].caption
    assert not any("{" in row.caption for row in rows.values())


def test_each_row_of_the_table_by_hand() -> None:
    """Every score another number, so that none can stand in another's place."""
    groups = ("s2c2", *CLUSTERINGS, "classes", "random")
    plain = ("s2c2", "max-softmax", "entropy", "margin")

    def numbered(first: int, *names: str) -> dict[str, float]:
        return {name: float(first + i) for i, name in enumerate(names)}

    macro, size = numbered(20, *groups), numbered(30, *groups)
    found = Comparison(
        images=100,
        left_out=0,
        rejected=40,
        f1=numbered(1, *plain, "random", "oracle", "s2c2 max-softmax"),
        f1_same=numbered(8, "s2c2", "vanilla"),
        f1_all=numbered(10, "s2c2", "vanilla"),
        distance={name: Distance(2, macro[name], size[name]) for name in groups},
        auroc=numbered(40, *plain),
        aurc=numbered(50, *plain, "random", "oracle"),
        intervals={},
    )
    assert [(row.name, row.s2c2, row.baseline, row.better) for row in found.rows()] == [
        ("F1 / vanilla, max-softmax rejection", 1, 2, "higher"),
        ("F1 / vanilla, entropy rejection", 1, 3, "higher"),
        ("F1 / vanilla, margin rejection", 1, 4, "higher"),
        ("F1 / vanilla, random rejection", 1, 5, "higher"),
        ("F1 / vanilla, oracle rejection", 1, 6, "higher"),
        ("F1 / S2C2, max-softmax rejection", 1, 7, "higher"),
        ("F1, same images", 8, 9, "higher"),
        ("F1, all images", 10, 11, "higher"),
        ("d / k-means", 20, 21, "lower"),
        ("d by size / k-means", 30, 31, "lower"),
        ("d / k-means unit", 20, 22, "lower"),
        ("d by size / k-means unit", 30, 32, "lower"),
        ("d / gaussian mixture", 20, 23, "lower"),
        ("d by size / gaussian mixture", 30, 33, "lower"),
        ("d / hdbscan", 20, 24, "lower"),
        ("d by size / hdbscan", 30, 34, "lower"),
        ("d / k-means probabilities", 20, 25, "lower"),
        ("d by size / k-means probabilities", 30, 35, "lower"),
        ("d / classes", 20, 26, "lower"),
        ("d by size / classes", 30, 36, "lower"),
        ("d / random", 20, 27, "lower"),
        ("d by size / random", 30, 37, "lower"),
        ("AUROC / max-softmax", 40, 41, "higher"),
        ("AUROC / entropy", 40, 42, "higher"),
        ("AUROC / margin", 40, 43, "higher"),
        ("AURC / max-softmax", 50, 51, "lower"),
        ("AURC / entropy", 50, 52, "lower"),
        ("AURC / margin", 50, 53, "lower"),
        ("AURC / random", 50, 54, "lower"),
        ("AURC / oracle", 50, 55, "lower"),
    ]


@pytest.mark.parametrize(
    ("low", "high", "state"),
    [
        (0.25, 0.5, "better"),
        (0.125, 0.25, "better"),
        (0.25, 0.25, "better"),
        (0.0, 0.25, "no clear difference"),
        (0.3, 0.5, "no clear difference"),
        (0.1, 0.2, "no clear difference"),
    ],
)
def test_the_ends_of_an_interval_belong_to_it(low: float, high: float, state: str) -> None:
    row = Row("", 0.75, 0.5, "higher", "", Interval(low, high))
    assert (row.difference, row.state) == (0.25, state)
    turned = Row("", 0.5, 0.75, "lower", "", Interval(-high, -low))
    assert (turned.difference, turned.state) == (-0.25, state)


@pytest.mark.parametrize(
    ("interval", "f1", "d"),
    [
        (UP, "better", "worse"),
        (DOWN, "worse", "better"),
        (AROUND, "no clear difference", "no clear difference"),
        (Interval(0.0, 0.2), "no clear difference", "no clear difference"),
        (Interval(NAN, NAN), "no clear difference", "no clear difference"),
    ],
)
def test_rows_say_what_their_interval_says(interval: Interval, f1: str, d: str) -> None:
    found = comparison(interval, interval)
    rows = {row.name: row for row in found.rows()}
    assert rows["F1 / vanilla, entropy rejection"].state == f1
    assert rows["d / k-means"].state == d
    assert rows["F1 / vanilla, margin rejection"].state is None, "its interval was not asked"


def test_an_interval_beside_the_difference_shows_nothing() -> None:
    found = comparison(AROUND, DOWN)
    found = replace(found, intervals=dict.fromkeys(found.intervals, Interval(-0.04, -0.01)))
    row = next(row for row in found.rows() if row.name == "d / k-means")
    assert row.difference == pytest.approx(-0.05)
    assert row.state == "no clear difference"
    assert verdict(found).startswith("No clear difference")


def test_the_strongest_partner_of_each_kind() -> None:
    names = comparison(UP, DOWN).strongest
    assert names == (
        "F1 / vanilla, entropy rejection",
        "F1, same images",
        "F1, all images",
        "d / k-means",
        "d by size / k-means",
        "AUROC / margin",
        "AURC / max-softmax",
    )
    assert set(names) <= {row.name for row in comparison(UP, DOWN).rows()}


def test_values_by_name() -> None:
    values = comparison(UP, DOWN).as_dict()
    assert values["coverage"] == pytest.approx(0.6)
    assert (values["rejection"], values["detector"]) == ("entropy", "margin")
    assert values["verdict"] == verdict(comparison(UP, DOWN))
    assert values["distance"]["k-means"] == {"clusters": 11, "macro": 0.55, "size": 0.56}
    assert values["intervals"]["F1 / vanilla, entropy rejection"] == {"low": 0.01, "high": 0.2}
    assert np.isfinite(values["f1_all"]["vanilla"])


def test_the_best_clustering_is_chosen_by_each_d() -> None:
    base = comparison(UP, DOWN)
    more = {"k-means unit": Distance(12, 0.6, 0.5), "hdbscan": Distance(12, 0.45, 0.9)}
    found = replace(base, distance=dict(base.distance) | more)
    assert (base.grouping("macro"), base.grouping("size")) == ("k-means", "k-means")
    assert (found.grouping("macro"), found.grouping("size")) == ("hdbscan", "k-means unit")
    values = found.as_dict()
    assert values["grouping"] == {"macro": "hdbscan", "size": "k-means unit"}
    assert values["distance_ratio"] == {"macro": pytest.approx(0.5 / 0.45), "size": pytest.approx(1.04)}
    assert {"d / hdbscan", "d by size / k-means unit"} <= {row.name for row in found.rows()}


def test_classes_and_random_groups_are_no_clustering_to_beat() -> None:
    base = comparison(UP, DOWN)
    found = replace(base, distance=dict(base.distance) | {"classes": Distance(4, 0.1, 0.1)})
    assert found.grouping("macro") == "k-means"


def test_the_ratio_to_a_distance_of_zero_is_undefined() -> None:
    base = comparison(UP, DOWN)
    found = replace(base, distance=dict(base.distance) | {"k-means": Distance(40, 0.0, 0.0)})
    assert np.isnan(found.ratio("macro"))
