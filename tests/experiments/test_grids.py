from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from s2c2 import config as configuration
from s2c2.algorithms import ALGORITHMS
from s2c2.data.dataset import Dataset
from s2c2.data.splits import divide
from s2c2.data.synthetic import synthetic
from s2c2.errors import UserError
from s2c2.experiments.arms import share_disputed
from s2c2.experiments.grids import EXPERIMENTS, Planned, Spread, plan
from s2c2.experiments.setup import sizes


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return synthetic(tmp_path_factory.mktemp("data") / "small", images=160, seed=0, size=16)


def planned(dataset: Dataset, name: str, seeds: int = 1, **base: Any) -> dict[str, Planned]:
    chosen = ("mean-teacher",)
    base = configuration.merged(configuration.preset("cpu"), base)
    return {run.entry.name: run for run in plan(name, Spread((dataset.root,), seeds, base, chosen))[1]}


def arms(runs: dict[str, Planned]) -> dict[str, Any]:
    return {run.entry.arm: run.config for run in runs.values()}


def test_table2_is_algorithms_by_arms_by_datasets_by_seeds(dataset: Dataset, tmp_path: Path) -> None:
    other = synthetic(tmp_path / "other", images=40, seed=1, size=16)
    study, runs = plan("table2", Spread((dataset.root, other.root), 3, configuration.preset("cpu")))
    assert len(runs) == len(ALGORITHMS) * 2 * 2 * 3
    assert study.entries == tuple(run.entry for run in runs)
    assert len({run.entry.name for run in runs}) == len(runs)
    for run in runs:
        entry, config = run.entry, run.config
        assert (config.algorithm.name, config.seed) == (entry.algorithm, entry.seed)
        assert config.objective.name == entry.arm
        assert config.train.threads == 1
        assert run.folder.name == entry.dataset
        partner = next((o.entry for o in runs if o.entry.name == entry.against), None)
        if entry.arm == "vanilla":
            assert partner is None
        else:
            assert partner is not None
            key = (entry.dataset, entry.algorithm, entry.seed, "vanilla")
            assert (partner.dataset, partner.algorithm, partner.seed, partner.arm) == key


def test_figure4_shares_the_runs_of_table2(dataset: Dataset) -> None:
    assert planned(dataset, "figure4", 2) == planned(dataset, "table2", 2)


def test_table4_takes_the_measured_share_as_prior(dataset: Dataset) -> None:
    found = arms(planned(dataset, "table4"))
    share = share_disputed(dataset, 0.03)
    label = dataset.annotations.soft_labels(dataset.images)
    assert share == pytest.approx((label.max(axis=1) < 0.97).mean(), abs=1e-3)
    assert found["vanilla"].objective.name == "vanilla"
    assert (found["ce-inverse"].objective.prior, found["ce-inverse"].objective.similarity) == (None, 0)
    weights = {
        name: (config.objective.prior, config.objective.separation)
        for name, config in found.items()
        if name not in ("vanilla", "ce-inverse")
    }
    assert weights == {"cc": (0.6, 0), "s2c2": (0.6, 10), "cc-share": (share, 0), "s2c2-share": (share, 10)}


def test_what_has_no_ambiguity_head_has_no_partner(dataset: Dataset) -> None:
    runs = planned(dataset, "table4")
    assert {run.entry.arm for run in runs.values() if run.entry.against is None} == {"vanilla", "ce-inverse"}


def test_table5_is_plain_and_varies_the_labels(dataset: Dataset) -> None:
    found = arms(planned(dataset, "table5"))
    data = {name: (config.data.labels, config.data.disputed) for name, config in found.items()}
    assert data == {
        "vanilla": ("drawn", "keep"),
        "majority": ("majority", "keep"),
        "soft": ("soft", "keep"),
        "undisputed": ("drawn", "remove"),
    }
    assert {config.objective.name for config in found.values()} == {"vanilla"}


def test_precision_is_plain_and_varies_what_is_faster_alone(dataset: Dataset) -> None:
    _, runs = plan("precision", Spread((dataset.root,), 1, configuration.preset("cpu")))
    found = {run.entry.arm: run.config for run in runs}
    assert {arm: (one.train.precision, one.train.passes) for arm, one in found.items()} == {
        "vanilla": ("float32", "joined"),
        "bfloat16": ("bfloat16", "joined"),
        "bfloat16-apart": ("bfloat16", "apart"),
        "bfloat16-lean": ("bfloat16", "lean"),
    }
    usual = found["vanilla"]
    for config in found.values():
        changes = {"precision": usual.train.precision, "passes": usual.train.passes}
        same = config.model_copy(update={"train": config.train.model_copy(update=changes)})
        assert same == usual
    assert (usual.algorithm.name, usual.objective.name) == ("fixmatch", "vanilla")


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if name.startswith("sweep")])
def test_a_sweep_changes_one_key_and_shares_its_usual_point(name: str, dataset: Dataset) -> None:
    runs = planned(dataset, name)
    found = arms(runs)
    usual = next(iter(planned(dataset, "table2").values())).config
    extended = arms(planned(dataset, "table2"))["s2c2"]
    assert found["s2c2"] == extended
    assert found["vanilla"] == usual
    assert len(found) >= 4
    section, key = str(EXPERIMENTS[name].variable).split(".")
    for arm, config in found.items():
        if arm not in ("vanilla", "s2c2"):
            value = getattr(getattr(config, section), key)
            assert arm == f"{key}-{value}"
            expected = configuration.merged(extended.model_dump(), {section: {key: value}})
            assert config == configuration.resolve(expected)


def test_shared_values_reach_every_run_and_the_objective_of_the_extended_ones(dataset: Dataset) -> None:
    found = arms(planned(dataset, "table4", train={"steps": 7}, objective={"evidence": "confidence"}))
    assert {config.train.steps for config in found.values()} == {7}
    assert found["s2c2-share"].objective.evidence == "confidence"
    assert found["vanilla"].objective.name == "vanilla"


def test_the_plain_partner_is_read_plainly(dataset: Dataset) -> None:
    runs = planned(dataset, "table4", predict={"ambiguity": "doubt", "clusters": "prototypes", "views": 3})
    plain = arms(runs)["vanilla"].predict
    assert (plain.ambiguity, plain.clusters, plain.views) == ("head", "head", 3)
    assert {run.entry.arm for run in runs.values() if run.entry.against is None} == {"vanilla"}
    assert arms(runs)["s2c2"].predict.ambiguity == "doubt"


def test_keys_of_the_algorithm_reach_every_run(dataset: Dataset) -> None:
    base = {"algorithm": {"threshold": 0.5}}
    _, runs = plan("table2", Spread((dataset.root,), 1, base, ("fixmatch", "uda")))
    assert {(run.config.algorithm.name, run.config.algorithm.threshold) for run in runs} == {
        ("fixmatch", 0.5),
        ("uda", 0.5),
    }


@pytest.mark.parametrize(
    ("base", "algorithms", "expected"),
    [
        ({"algorithm": {"nonsense": 3}}, ("fixmatch",), "unknown key 'algorithm.nonsense'"),
        ({"algorithm": {"nonsense": 3}}, ("fixmatch", "uda"), "unknown key 'algorithm.nonsense'"),
        (
            {"algorithm": {"threshold": 0.5}},
            ("fixmatch", "pi-model"),
            "threshold is no key of pi-model: .*match",
        ),
        ({"algorithm": {"name": "uda"}}, ("fixmatch",), "take --algorithm uda instead"),
        ({"algorithm": "uda"}, ("fixmatch",), "algorithm"),
        ({"objective": {"nonsense": 3}}, ("fixmatch",), "unknown key 'objective.nonsense'"),
    ],
)
def test_keys_that_do_not_fit_all_runs_are_refused(
    dataset: Dataset, base: dict[str, Any], algorithms: tuple[str, ...], expected: str
) -> None:
    with pytest.raises(UserError, match=expected):
        plan("table5", Spread((dataset.root,), 1, base, algorithms))


def test_mistakes_are_named(dataset: Dataset, tmp_path: Path) -> None:
    base = configuration.preset("cpu")
    with pytest.raises(UserError, match="did you mean 'table2'"):
        plan("tabel2", Spread((dataset.root,), 1, base))
    with pytest.raises(UserError, match="did you mean 'fixmatch'"):
        plan("table2", Spread((dataset.root,), 1, base, ("fixmach",)))
    with pytest.raises(UserError, match=r"train\.steps"):
        plan("table2", Spread((dataset.root,), 1, {"train": {"steps": "many"}}))
    twin = synthetic(tmp_path / "small", images=40, seed=0, size=16)
    with pytest.raises(UserError, match="same name"):
        plan("table2", Spread((dataset.root, twin.root), 1, base))


def test_arms_that_average_views_have_a_partner_that_does(dataset: Dataset) -> None:
    _, runs = plan("variants", Spread((dataset.root,), 1, {}, ("mean-teacher",)))
    partners = {run.entry.arm: run.entry.against for run in runs}
    assert partners["readout-views"] == partners["s2c2"] == "small-mean-teacher-vanilla-0"
    assert partners["readout-share-views-equal"] == "small-mean-teacher-vanilla-views-0"
    views = {run.entry.arm: run.config.predict.views for run in runs}
    assert {arm for arm, count in views.items() if count == 4} == {arm for arm in views if "views" in arm}
    values = {run.entry.arm: run.values for run in runs}
    assert values["readout-views-equal"] == values["readout-views"]


@pytest.mark.parametrize(("name", "endings"), [("attempts", ("-votes", "-soft")), ("batches", ("-batch",))])
def test_arms_with_more_votes_or_images_have_a_partner_with_as_many(
    dataset: Dataset, name: str, endings: tuple[str, ...]
) -> None:
    _, runs = plan(name, Spread((dataset.root,), 1, {"train": {"batch": 6}}))
    found = {run.entry.arm: run for run in runs}
    assert {ending for ending in endings for arm in found if arm.endswith(ending)} == set(endings)
    for arm, run in found.items():
        ending = next((one for one in endings if arm.endswith(one)), "")
        assert run.config.data.votes == (5 if ending == "-votes" else 1)
        assert run.config.data.labels == ("soft" if ending == "-soft" else "drawn")
        assert run.config.train.batch == (24 if ending == "-batch" else 6)
        judged = "vanilla" not in arm
        partner = f"small-mean-teacher-vanilla{ending}-0"
        assert run.entry.against == (partner if judged else None)
    ambiguous = found["s2c2"].values["objective"]["prior"]
    assert ambiguous == found["readout"].values["predict"]["prior"] != 0.6


def test_attempts_with_supervised_ambiguity_have_several_votes(dataset: Dataset) -> None:
    _, runs = plan("attempts", Spread((dataset.root,), 1, {}))
    found = {run.entry.arm: run for run in runs}
    assert {arm for arm, run in found.items() if run.values["objective"].get("votes")} == {
        "supervised-votes",
        "supervised-evidence-votes",
        "supervised-clusters-votes",
    }


def partners(runs: Sequence[Planned]) -> dict[str, str | None]:
    """Return the arm and seed that each arm is held against."""
    return {run.entry.arm: run.entry.against and run.entry.against.split("mean-teacher-")[1] for run in runs}


def test_probed_arms_are_held_against_the_plain_network_without_and_with_the_probe(dataset: Dataset) -> None:
    _, runs = plan("probe", Spread((dataset.root,), 1, {}))
    found = {run.entry.arm: run for run in runs}
    assert partners(runs) == {
        "vanilla": None,
        "vanilla-probe": None,
        "vanilla-votes": None,
        "vanilla-probe-votes": None,
        "s2c2": "vanilla-0",
        "readout": "vanilla-0",
        "readout-probe": "vanilla-0",
        "readout-probe-same": "vanilla-probe-0",
        "vanilla-readout-probe": "vanilla-0",
        "readout-votes": "vanilla-votes-0",
        "readout-probe-votes": "vanilla-votes-0",
        "readout-probe-votes-same": "vanilla-probe-votes-0",
        "vanilla-readout-probe-votes": "vanilla-votes-0",
    }
    for arm, run in found.items():
        config = run.config
        assert config.data.votes == (5 if "votes" in arm else 1)
        assert config.objective.name == ("vanilla" if "vanilla" in arm else "s2c2")
        assert config.predict.classes == ("probe" if "probe" in arm else "head")
        if "readout" in arm:
            assert config.predict.ambiguity == ("votes" if "probe" in arm and "votes" in arm else "doubt")
            assert config.predict.clusters == "prototypes"


def test_combined_arms_are_held_against_plain_networks_that_were_given_as_much(dataset: Dataset) -> None:
    _, runs = plan("combined", Spread((dataset.root,), 1, {}))
    found = {run.entry.arm: run.config for run in runs}
    for arm, partner in partners(runs).items():
        votes = "-votes" if "votes" in arm else ""
        if arm.endswith("-equal"):
            assert partner == f"vanilla-views{votes}-0"
        else:
            assert partner == (f"vanilla{votes}-0" if "readout" in arm else None)
    for arm, config in found.items():
        assert config.data.votes == (5 if "votes" in arm else 1)
        assert config.predict.views == (4 if "views" in arm else 1)
        assert config.objective.name == ("vanilla" if "vanilla" in arm else "s2c2")
        read = next((name for name in ("probe", "spread") if name in arm), "head")
        assert config.predict.classes == read
        assert config.predict.crossfit == ("readout" in arm and "votes" in arm)
    assert len(found) == 24


def test_arms_with_spread_labels_are_held_against_the_plain_network(dataset: Dataset) -> None:
    _, runs = plan("spread", Spread((dataset.root,), 1, {}))
    found = {run.entry.arm: run for run in runs}
    assert partners(runs) == {
        "vanilla": None,
        "vanilla-votes": None,
        "s2c2": "vanilla-0",
        "readout-probe": "vanilla-0",
        "vanilla-readout-probe": "vanilla-0",
        "readout-spread": "vanilla-0",
        "vanilla-readout-spread": "vanilla-0",
        "readout-probe-votes": "vanilla-votes-0",
        "vanilla-readout-probe-votes": "vanilla-votes-0",
        "readout-spread-votes": "vanilla-votes-0",
        "vanilla-readout-spread-votes": "vanilla-votes-0",
    }
    for arm, run in found.items():
        config = run.config
        assert config.data.votes == (5 if "votes" in arm else 1)
        assert config.objective.name == ("vanilla" if "vanilla" in arm else "s2c2")
        said = next((name for name in ("probe", "spread") if name in arm), "head")
        assert config.predict.classes == said
        if "readout" in arm:
            assert config.predict.ambiguity == ("votes" if "votes" in arm else "doubt")
            assert config.predict.clusters == "prototypes"


def test_the_weaker_arm_is_plain_and_as_weak_as_p_a_makes_the_unlabeled_loss(dataset: Dataset) -> None:
    runs = planned(dataset, "weaker")
    found = arms(runs)
    assert set(found) == {"vanilla", "vanilla-readout", "weaker-readout", "s2c2-readout"}
    names = {arm: config.objective.name for arm, config in found.items()}
    assert [arm for arm, name in names.items() if name == "s2c2"] == ["s2c2-readout"]
    assert found["weaker-readout"].algorithm.consistency == 20 == 50 * (1 - 0.6)
    assert found["s2c2-readout"].algorithm.consistency == 50
    share = share_disputed(dataset, 0.03)
    for arm, config in found.items():
        plainly = arm == "vanilla"
        expected = ("head", "head") if plainly else ("doubt", "prototypes")
        assert (config.predict.ambiguity, config.predict.clusters) == expected, arm
        assert plainly or config.predict.prior == share
    against = {run.entry.arm: run.entry.against for run in runs.values()}
    assert against["weaker-readout"] == against["s2c2-readout"] == "small-mean-teacher-vanilla-0"


def test_votes_are_read_as_they_are_and_cross_fitted(dataset: Dataset) -> None:
    runs = {run.entry.arm: run for run in planned(dataset, "crossfit").values()}
    assert len(runs) == 9
    for arm, run in runs.items():
        assert run.config.predict.classes == next(
            (name for name in ("probe", "spread") if name in arm), "head"
        )
        assert run.config.data.votes == 5
        assert run.config.objective.name == ("vanilla" if arm.startswith("vanilla") else "s2c2")
        assert run.config.predict.crossfit == ("crossfit" in arm)
        if arm != "vanilla-votes":
            assert run.entry.against == "small-mean-teacher-vanilla-votes-0"
            assert run.config.predict.ambiguity == "votes"


def test_by_weight_each_pair_has_as_much_of_the_unlabeled_loss(dataset: Dataset) -> None:
    runs = {run.entry.arm: run for run in planned(dataset, "weights").values()}
    assert len(runs) == 9
    for weight in (5, 10, 20, 50):
        plain, extended = (runs[f"{name}-weight-{weight}"] for name in ("vanilla", "s2c2"))
        assert plain.config.algorithm.consistency == weight
        assert plain.config.objective.name == "vanilla"
        assert plain.config.predict.ambiguity == "head"
        assert extended.config.algorithm.consistency * (1 - 0.6) == pytest.approx(weight)
        assert extended.config.objective.prior == 0.6
        assert extended.config.predict.ambiguity == "doubt"
        assert extended.entry.against == plain.entry.name
        assert plain.entry.against is None


def test_finetuning_asks_the_paper_and_two_weights_of_one_training(dataset: Dataset) -> None:
    runs = {run.entry.arm: run for run in planned(dataset, "finetune").values()}
    pairs = [f"{name}-weight-{weight}" for weight in (5, 20) for name in ("vanilla", "s2c2")]
    assert list(runs) == ["vanilla", "s2c2", *pairs]
    paper, again = runs["s2c2"], runs["s2c2-weight-20"]
    assert (paper.config.predict.ambiguity, again.config.predict.ambiguity) == ("head", "doubt")
    unread = {"predict": paper.config.predict}
    assert again.config.model_copy(update=unread) == paper.config
    assert paper.entry.against == runs["vanilla"].entry.name
    assert again.entry.against == runs["vanilla-weight-20"].entry.name


@pytest.mark.parametrize("name", ["weaker", "weights", "finetune"])
def test_what_has_no_weight_cannot_be_weaker(name: str, dataset: Dataset) -> None:
    spread = Spread((dataset.root,), 1, configuration.preset("cpu"), ("fixmatch",))
    with pytest.raises(UserError, match="fixmatch has no weight"):
        plan(name, spread)


def test_the_ceiling_knows_every_image_and_is_judged_on_the_same_ones(dataset: Dataset) -> None:
    _, runs = plan("ceiling", Spread((dataset.root,), 1, {}))
    found = {run.entry.arm: run for run in runs}
    assert {arm: run.entry.against for arm, run in found.items()} == {"vanilla": None} | dict.fromkeys(
        ("vanilla-readout-probe", "every-label", "every-vote"), "small-mean-teacher-vanilla-0"
    )
    divided = {}
    for arm, run in found.items():
        assert run.config.objective.name == "vanilla"
        divided[arm] = divide(dataset, sizes(run.config, len(dataset.images)), run.config.seed)
    few, every = divided["vanilla"], divided["every-vote"]
    assert every == divided["every-label"]
    assert every.validation == few.validation
    assert every.labeled == tuple(sorted((*few.labeled, *few.unlabeled)))
    assert not every.unlabeled
    assert [found[arm].config.data.labels for arm in ("every-label", "every-vote")] == ["drawn", "soft"]


def test_the_ceiling_of_a_dataset_with_split_sizes_of_its_own(dataset: Dataset) -> None:
    values = configuration.assignments(["data.labeled=20", "data.unlabeled=30", "data.validation=40"])
    _, runs = plan("ceiling", Spread((dataset.root,), 1, values))
    data = next(run.config.data for run in runs if run.entry.arm == "every-vote")
    assert (data.labeled, data.unlabeled, data.validation) == (50, 0, 40)


def test_the_ceiling_of_a_dataset_that_fixes_its_splits_is_refused(tmp_path: Path) -> None:
    folder = synthetic(tmp_path / "fixed", images=40, seed=0, size=16, classes=2)
    rows = [f"{image},{'validation' if i < 10 else 'labeled'}" for i, image in enumerate(folder.images)]
    (folder.root / "splits.csv").write_text("\n".join(["image,split", *rows]) + "\n")
    with pytest.raises(UserError, match="fixes which images are labeled"):
        plan("ceiling", Spread((folder.root,), 1, {}))


def test_depth_gives_as_many_votes_to_fewer_images(dataset: Dataset) -> None:
    values = configuration.assignments(["data.labeled=41", "data.validation=30"])
    _, runs = plan("depth", Spread((dataset.root,), 1, values))
    found = {run.entry.arm: run for run in runs}
    rest = len(dataset.images) - 71
    data = {arm: run.config.data for arm, run in found.items()}
    assert {arm: (one.labeled, one.votes, one.unlabeled) for arm, one in data.items()} == {
        "vanilla": (41, 1, None),
        "vanilla-readout-probe": (41, 1, None),
        **dict.fromkeys(("deep-2", "deep-2-doubt"), (20, 2, 21 + rest)),
        **dict.fromkeys(("deep-3", "deep-3-doubt"), (13, 3, 28 + rest)),
        **dict.fromkeys(("deep-5", "deep-5-doubt"), (8, 5, 33 + rest)),
    }
    divided = [divide(dataset, sizes(run.config, len(dataset.images)), run.config.seed) for run in runs]
    assert len({one.validation for one in divided}) == 1
    assert len({frozenset((*one.labeled, *one.unlabeled)) for one in divided}) == 1
    read = {arm: run.config.predict.ambiguity for arm, run in found.items() if arm.startswith("deep-2")}
    assert read == {"deep-2": "votes", "deep-2-doubt": "doubt"}
    assert {run.entry.against for run in runs} == {None, "small-mean-teacher-vanilla-0"}
