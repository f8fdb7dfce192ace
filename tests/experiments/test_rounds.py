import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest

from s2c2 import config as configuration
from s2c2 import files
from s2c2.data import dataset as datasets
from s2c2.data.dataset import Dataset
from s2c2.data.synthetic import synthetic
from s2c2.errors import UserError
from s2c2.experiments.grids import plan
from s2c2.experiments.planned import Spread
from s2c2.experiments.run import run
from s2c2.experiments.spent import answers, f1_covered
from s2c2.metrics.classification import weighted_f1
from s2c2.predictions import Predictions
from s2c2.relabeling import ARMS, Budget, relabeled
from s2c2.report.figures import INKS
from s2c2.report.study.writing import contents
from s2c2.runs import Run
from s2c2.simulation import Costs
from tests.forked import Forked

QUICK = ("train.steps=6", "train.batch=4", "data.labeled=32", "budget.images=10", "budget.rounds=2")
Ask = Callable[..., "subprocess.CompletedProcess[str]"]
START = "small-mean-teacher-s2c2-0"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return synthetic(tmp_path_factory.mktemp("data") / "small", images=100, seed=0, size=16)


@pytest.fixture(scope="module")
def ask(s2c2: Forked, small: Dataset) -> Ask:
    """Do an experiment of one seed in a folder."""

    def experiment(out: Path, name: str, *pairs: str) -> "subprocess.CompletedProcess[str]":
        chosen = ("--dataset", small.root, "--seeds", "1", "--out", out, "--executor", "local:1")
        return s2c2("experiment", name, *chosen, *pairs)

    return experiment


@pytest.fixture(scope="module")
def spent(tmp_path_factory: pytest.TempPathFactory, ask: Ask) -> Path:
    """A finished budget experiment of one seed and two rounds."""
    out = tmp_path_factory.mktemp("grid")
    done = ask(out, "budget", *QUICK)
    assert done.returncode == 0, done.stderr + done.stdout
    return out


def test_a_plan_is_a_chain_of_rounds_for_each_arm(small: Dataset) -> None:
    spread = Spread((small.root,), 2, configuration.preset("cpu"), budget=Budget(rounds=3))
    _, runs = plan("budget", spread)
    assert len(runs) == 2 * (2 + 3 * len(ARMS))
    by_name = {run.entry.name: run for run in runs}
    assert len(by_name) == len(runs)
    for one in runs:
        if one.relabel is None:
            assert (one.entry.round, one.config.data.labels) == (0, "drawn")
            continue
        before = by_name[one.relabel.previous]
        assert one.config.data.labels == "soft"
        assert one.entry.round == before.entry.round + 1 == one.relabel.round
        assert one.config.objective.name == ARMS[one.entry.arm].learner
        assert before.entry.arm == (one.entry.arm if one.entry.round > 1 else ARMS[one.entry.arm].learner)
        assert (one.entry.seed, one.config.seed) == (before.entry.seed, before.entry.seed)


def test_the_first_runs_are_those_of_table2(small: Dataset) -> None:
    spread = Spread((small.root,), 1, configuration.preset("cpu"), ("mean-teacher",))
    start = [(run.entry, run.values) for run in plan("budget", spread)[1] if run.relabel is None]
    assert start == [(run.entry, run.values) for run in plan("table2", spread)[1]]


def test_labels_that_are_not_drawn_are_refused(small: Dataset) -> None:
    for data in ({"labels": "majority"}, {"votes": 2}):
        base = configuration.merged(configuration.preset("cpu"), {"data": data})
        with pytest.raises(UserError, match=r"leave out data\.labels"):
            plan("budget", Spread((small.root,), 1, base))


@pytest.mark.slow
def test_each_round_adds_its_answers_to_those_before(spent: Path, small: Dataset) -> None:
    start = dict(pl.read_csv(spent / "runs" / START / "labels.csv").iter_rows())
    for arm in ARMS:
        first, second = (
            answers(spent / "runs" / f"small-mean-teacher-{arm}-round{i}-0", Costs()) for i in (1, 2)
        )
        assert second[: len(first)].equals(first)
        assert dict(first.filter(pl.col("round") == 0).select("image", "label").iter_rows()) == start
        assert (len(start), len(first), len(second)) == (32, 32 + 30, 32 + 60)
        asked = [set(second.filter(pl.col("round") == number)["image"]) for number in (0, 1, 2)]
        assert [len(images) for images in asked] == [32, 10, 10]
        assert len(set.union(*asked)) == 52


@pytest.mark.slow
def test_answered_images_are_labeled_and_the_others_stay(spent: Path) -> None:
    before = Run(spent / "runs" / START).splits()
    for arm in ARMS:
        folder = spent / "runs" / f"small-mean-teacher-{arm}-round2-0"
        now, answered = Run(folder).splits(), set(answers(folder, Costs())["image"])
        assert set(now) == set(before)
        for image, split in now.items():
            assert (split == "validation") == (before[image] == "validation")
            assert (split == "labeled") == (image in answered)


@pytest.mark.slow
def test_the_order_is_that_of_the_run_before(spent: Path) -> None:
    said = Predictions.read(spent / "runs" / START / "predictions.parquet").of("unlabeled")
    assert said.ambiguity is not None
    most = sorted(zip(-said.ambiguity, range(len(said)), strict=True))[:10]
    log = answers(spent / "runs" / "small-mean-teacher-ambiguity-round1-0", Costs())
    asked = log.filter(pl.col("round") == 1)["image"].unique(maintain_order=True).to_list()
    assert asked == [said.images[i] for _, i in most]


@pytest.mark.slow
def test_a_record_holds_what_was_spent(spent: Path, small: Dataset) -> None:
    for name in (START, "small-mean-teacher-random-round2-0"):
        known = files.read_json(spent / "records" / f"{name}.json")
        log = answers(spent / "runs" / name, Costs())
        assert known["budget"]["votes"] == len(log)
        assert known["budget"]["images"] == log["image"].n_unique()
        assert known["budget"]["minutes"] == pytest.approx(sum(log["seconds"]) / 60)
        said = Predictions.read(spent / "runs" / name / "predictions.parquet").of("validation")
        target = small.annotations.majority(said.images)
        kept = np.argsort(-said.probabilities.max(axis=1), kind="stable")[: round(0.4 * len(said))]
        assert known["budget"]["f1_covered"] == pytest.approx(weighted_f1(target[kept], said.predicted[kept]))
    assert files.read_json(spent / "records" / f"{START}.json")["budget"]["minutes"] == 32 * 1.5 / 60


def test_f1_at_a_coverage_of_one_is_that_of_all_images() -> None:
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(3), 20).astype(np.float32)
    images = tuple(map(str, range(20)))
    said = Predictions(("a", "b", "c"), images, ("validation",) * 20, shares, shares)
    soft = rng.dirichlet(np.ones(3), 20)
    assert f1_covered(said, soft, 1.0) == weighted_f1(soft.argmax(axis=1), said.predicted)


def test_images_of_one_confidence_count_alike_in_any_order() -> None:
    right = np.arange(200) < 100
    said = np.where(right[:, None], [0.75, 0.25], [0.25, 0.75]).astype(np.float32)
    images, soft = tuple(map(str, range(200))), np.tile([1.0, 0.0], (200, 1))
    made = Predictions(("a", "b"), images, ("validation",) * 200, said, said)
    for order in (np.arange(200), np.arange(200)[::-1]):
        f1 = f1_covered(made.take(order), soft)
        assert f1 == pytest.approx(2 / 3, abs=0.03)  # half of those that are kept, whichever they are


def test_only_the_tie_at_the_end_is_drawn() -> None:
    sure = np.array([0.9, 0.9, 0.8, 0.8, 0.6])
    said = np.stack([sure, 1 - sure], axis=1).astype(np.float32)
    made = Predictions(("a", "b"), tuple("vwxyz"), ("validation",) * 5, said, said)
    soft = np.array([[1.0, 0], [0, 1], [1, 0], [1, 0], [0, 1]])
    assert f1_covered(made, soft, 0.4) == weighted_f1(np.array([0, 1]), np.array([0, 0]))
    assert f1_covered(made, soft, 0.6) == weighted_f1(np.array([0, 1, 0]), np.array([0, 0, 0]))


@pytest.mark.slow
def test_tables_and_figures_are_a_function_of_the_records(spent: Path) -> None:
    made = contents(spent / "budget", spent / "records")
    on_disk = {path.name: path.read_text(encoding="utf-8") for path in (spent / "budget").iterdir()}
    assert on_disk.pop("study.json")
    assert on_disk == made
    assert {"curve.csv", "votes.csv", "minutes.csv", "small-mean-teacher.svg", "table.html"} <= set(made)
    for path in (*(spent / "records").iterdir(), *(spent / "budget").iterdir()):
        assert str(spent) not in path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_more_rounds_go_on_and_another_budget_is_refused(spent: Path, ask: Ask) -> None:
    done = ask(spent, "budget", *QUICK)
    assert done.returncode == 0, done.stderr
    assert "0 runs worked on, 14 were done" in done.stdout
    done = ask(spent, "budget", *QUICK, "budget.images=11")
    assert done.returncode == 2
    assert "was relabeled in another way (budget.images 10 → 11)" in done.stderr


@pytest.mark.slow
def test_a_failed_round_is_reported_with_those_that_need_it(
    spent: Path, small: Dataset, tmp_path: Path, ask: Ask
) -> None:
    shutil.copytree(spent, tmp_path / "out")
    out, name = tmp_path / "out", "small-mean-teacher-random-round{}-0"
    for number in (1, 2):
        shutil.rmtree(out / "runs" / name.format(number))
        (out / "records" / f"{name.format(number)}.json").unlink()
    (out / "runs" / name.format(1)).write_text("in the way")
    done = ask(out, "budget", *QUICK)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert f"failed: {name.format(1)}" in done.stdout
    assert f"failed: {name.format(2)}" in done.stdout
    assert "| random | 1 | 0 of 1 |" in (out / "budget" / "table.md").read_text(encoding="utf-8")
    # With the cause gone, both rounds come to the same bits.
    (out / "runs" / name.format(1)).unlink()
    done = ask(out, "budget", *QUICK)
    assert done.returncode == 0, done.stderr + done.stdout
    for part in ("annotations.csv", "losses.jsonl", "predictions.parquet"):
        assert (out / "runs" / name.format(2) / part).read_bytes() == (
            spent / "runs" / name.format(2) / part
        ).read_bytes()


@pytest.mark.slow
def test_asking_nobody_trains_the_same_network(spent: Path, small: Dataset, tmp_path: Path) -> None:
    folder = spent / "runs" / START
    known = relabeled(datasets.read(small.root), Run(folder).splits(), answers(folder, Costs()))
    values = configuration.merged(configuration.read(folder / "config.yaml"), {"data": {"labels": "soft"}})
    said = run(known, configuration.resolve(values), tmp_path / "again")
    before = Predictions.read(folder / "predictions.parquet")
    assert said.splits == before.splits
    np.testing.assert_array_equal(said.probabilities, before.probabilities)


@pytest.mark.slow
def test_other_answers_are_refused_when_a_run_goes_on(small: Dataset, tmp_path: Path) -> None:
    values = configuration.merged(configuration.preset("demo"), {"train": {"steps": 2, "batch": 4}})
    config = configuration.resolve(values)
    with pytest.raises(KeyboardInterrupt):
        run(small, config, tmp_path / "run", stop=lambda: True, beside={"annotations.csv": "one\n"})
    with pytest.raises(UserError, match=r"annotations\.csv is not what the run would be started with"):
        run(small, config, tmp_path / "run", resume=True, beside={"annotations.csv": "two\n"})
    run(small, config, tmp_path / "run", resume=True, beside={"annotations.csv": "one\n"})


@pytest.mark.slow
def test_table3_is_what_simulate_says(
    spent: Path, small: Dataset, tmp_path: Path, ask: Ask, s2c2: Forked
) -> None:
    done = ask(spent, "table3", *QUICK[:3], "crowd.annotators=2")
    assert done.returncode == 0, done.stderr
    assert "1 runs worked on, 1 were done" in done.stdout
    known = files.read_json(spent / "records" / f"{START}.json")
    runs = spent / "runs"
    against = ("--against", runs / "small-mean-teacher-vanilla-0")
    done = s2c2("simulate", runs / START, "--annotators", "2", "--out", tmp_path, *against)
    assert done.returncode == 0, done.stderr
    said = json.loads((tmp_path / "consistency.json").read_text())
    assert known["consistency"]["arms"] == said["arms"]
    assert "budget" in known
    assert "comparison" in known
    made = contents(spent / "table3", spent / "records")
    assert "| small | mean-teacher | nobody | one by one | 1 |" in made["table.md"]
    assert (spent / "table3" / "small-mean-teacher.svg").read_text() == made["small-mean-teacher.svg"]
    # With the same crowd nothing is left to do, with another one the study is made anew.
    again = ask(spent, "table3", *QUICK[:3], "crowd.annotators=2")
    assert "0 runs worked on, 2 were done" in again.stdout
    other = ask(spent, "table3", *QUICK[:3], "crowd.offset=0")
    assert "1 runs worked on, 1 were done" in other.stdout


@pytest.mark.slow
def test_figure5_shows_images_and_is_rebuilt_without_training(spent: Path, tmp_path: Path, ask: Ask) -> None:
    done = ask(spent, "figure5", *QUICK[:3])
    assert done.returncode == 0, done.stderr
    assert "0 runs worked on, 2 were done" in done.stdout
    path = spent / "figure5" / f"{START}.svg"
    drawn = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    images = [one.get("href", "") for one in drawn.iter() if one.tag.endswith("image")]
    assert images
    assert all(uri.startswith("data:image/webp;base64,") for uri in images)
    element = path.read_text(encoding="utf-8").replace(INKS, "").strip()
    assert element in (spent / "figure5" / "images.html").read_text()
    before = path.read_bytes()
    shutil.copytree(spent, tmp_path / "out")
    path = tmp_path / "out" / "figure5" / path.name
    code = (
        "import sys; from s2c2.cli import app; app(standalone_mode=False); sys.exit('torch' in sys.modules)"
    )
    command = [
        sys.executable,
        "-c",
        code,
        "experiment",
        "figure5",
        "--rebuild",
        "--out",
        str(tmp_path / "out"),
    ]
    path.unlink()
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert path.read_bytes() == before
    # Without the run folders what was drawn stays.
    shutil.rmtree(tmp_path / "out" / "runs")
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert path.read_bytes() == before
