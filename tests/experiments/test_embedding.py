from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from scipy.special import softmax

from s2c2 import config as configuration
from s2c2 import spreading
from s2c2.algorithms import ALGORITHMS
from s2c2.data.dataset import Dataset
from s2c2.data.synthetic import synthetic
from s2c2.engine import train
from s2c2.errors import UserError
from s2c2.experiments.others import predict_folder
from s2c2.experiments.run import known, run
from s2c2.experiments.saved import load_run, reread
from s2c2.experiments.setup import Setup, setup
from s2c2.networks.features import Trunk
from s2c2.networks.manner import Manner
from s2c2.networks.wide_resnet import WideResNet
from s2c2.probe import Probe

DEVICE = torch.device("cpu")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return synthetic(tmp_path_factory.mktemp("data") / "small", images=160, seed=0, size=16)


def weights(path: Path, seed: int = 0) -> str:
    """Write the weights of a small random network."""
    torch.manual_seed(seed)
    save_file(WideResNet(depth=10, width=0.5).build(16).state_dict(), path)
    return str(path)


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("weights") / "w.safetensors"
    return {"name": "features", "extractor": "wide-resnet/10-0.5", "weights": weights(path), "hidden": 8}


def config(backbone: dict[str, Any], **values: Any) -> configuration.Config:
    chosen = {
        "network": {"backbone": backbone},
        "train": {"steps": 6, "batch": 8, "checkpoint": 3, "threads": 1},
        "data": {"labeled": 48},
    }
    values = configuration.merged(chosen, values)
    return configuration.resolve(configuration.merged(configuration.preset("features"), values))


def losses(ready: Setup, autocast: bool = False) -> list[dict[str, float]]:
    steps = train(ready.training, ready.batches, ready.objective, ready.schedule, manner=Manner(autocast))
    return [record.losses for record in steps]


@pytest.mark.parametrize("objective", ["vanilla", "s2c2"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_trains_on_embeddings(
    algorithm: str, objective: str, dataset: Dataset, backbone: dict[str, Any]
) -> None:
    chosen = config(backbone, algorithm={"name": algorithm}, objective={"name": objective})
    ready = setup(dataset, chosen, DEVICE)
    before = {name: value.clone() for name, value in ready.training.network.state_dict().items()}
    assert np.isfinite([step["total"] for step in losses(ready)]).all()
    after = ready.training.network.state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert {"backbone.layers.1.weight", "heads.classes.weight"} <= moved
    assert not moved & {"backbone.mean", "backbone.deviation", "backbone.layers.0.seed"}


def test_features_are_standardised_by_the_training_images(dataset: Dataset, backbone: dict[str, Any]) -> None:
    ready = setup(dataset, config(backbone), DEVICE)
    row = {image: number for number, image in enumerate(ready.pack.images)}
    pool = np.array([row[image] for image in (*ready.splits.labeled, *ready.splits.unlabeled)])
    plain = ready.batches.views(pool, ("none",), 0, 0)[0].flatten(1)
    for network in (ready.training.network, ready.training.averaged.network):
        trunk = network.backbone
        assert isinstance(trunk, Trunk)
        torch.testing.assert_close(trunk.mean, plain.mean(dim=0), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(trunk.deviation, plain.std(dim=0, correction=0), rtol=1e-3, atol=1e-4)


def test_a_resumed_run_equals_an_undisturbed_one(
    dataset: Dataset, backbone: dict[str, Any], tmp_path: Path
) -> None:
    chosen = config(backbone, algorithm={"name": "mixmatch"})
    whole = run(dataset, chosen, tmp_path / "whole")
    steps = iter([False, False, False, True])
    with pytest.raises(KeyboardInterrupt):
        run(dataset, chosen, tmp_path / "cut", stop=lambda: next(steps))
    again = run(dataset, chosen, tmp_path / "cut", resume=True)
    np.testing.assert_array_equal(whole.probabilities, again.probabilities)
    for name in ("losses.jsonl", "predictions.parquet", "checkpoints/00000006.safetensors"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


def test_new_images_are_embedded_on_the_way(
    dataset: Dataset, backbone: dict[str, Any], tmp_path: Path
) -> None:
    cached = run(dataset, config(backbone), tmp_path / "run")
    saved = load_run(tmp_path / "run")
    for source in (dataset.root, dataset.root / "images"):
        fresh = predict_folder(saved, source)
        order = [fresh.images.index(image) for image in cached.images]
        np.testing.assert_allclose(fresh.probabilities[order], cached.probabilities, atol=1e-3)
        np.testing.assert_allclose(fresh.embeddings[order], cached.embeddings, atol=5e-3)
    assert cached.embeddings.shape == (160, 8)


def test_views_are_shared_by_all_seeds(dataset: Dataset, backbone: dict[str, Any]) -> None:
    setup(dataset, config(backbone), DEVICE)
    cache = dataset.root / ".cache"
    before = {path: path.stat().st_mtime_ns for path in cache.glob("features-*")}
    setup(dataset, config(backbone, seed=3), DEVICE)
    assert before == {path: path.stat().st_mtime_ns for path in cache.glob("features-*")}


def test_only_views_that_the_algorithm_reads_are_made(tmp_path: Path, backbone: dict[str, Any]) -> None:
    small = synthetic(tmp_path / "data", images=80, seed=0, size=16)
    chosen = config(
        backbone, algorithm={"name": "supervised"}, data={"labeled": 30}, objective={"name": "vanilla"}
    )
    setup(small, chosen, DEVICE)
    assert len(list((small.root / ".cache").glob("features-*.npy"))) == 1 + 4


def test_other_weights_are_refused_when_resuming_and_predicting(
    dataset: Dataset, backbone: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "w.safetensors"
    chosen = config(backbone | {"weights": weights(path)})
    with pytest.raises(KeyboardInterrupt):
        run(dataset, chosen, tmp_path / "run", stop=lambda: True)
    weights(path, seed=1)
    with pytest.raises(UserError, match=r"weights of .* are not those"):
        run(dataset, chosen, tmp_path / "run", resume=True)
    with pytest.raises(UserError, match="not the one the run was trained with"):
        load_run(tmp_path / "run")


def test_the_first_weights_of_the_trunk_depend_on_the_seed_alone(
    dataset: Dataset, backbone: dict[str, Any], tmp_path: Path
) -> None:
    other = config(backbone | {"weights": weights(tmp_path / "w.safetensors", seed=1)})
    states = [
        setup(dataset, chosen, DEVICE).training.network.state_dict() for chosen in (config(backbone), other)
    ]
    for name in ("backbone.layers.1.weight", "heads.classes.weight", "backbone.layers.0.seed"):
        assert torch.equal(states[0][name], states[1][name])
    assert not torch.equal(states[0]["backbone.mean"], states[1]["backbone.mean"])


def test_the_preset_names_the_backbone() -> None:
    chosen = configuration.resolve(configuration.preset("features"))
    assert chosen.network.backbone.name == "features"
    assert (chosen.train.batch, chosen.train.steps, chosen.optimizer.rate) == (64, 1500, 0.02)


def test_a_run_is_read_anew_from_its_cached_views(
    dataset: Dataset, backbone: dict[str, Any], tmp_path: Path
) -> None:
    chosen = config(backbone)
    plain = run(dataset, chosen, tmp_path / "plain")
    averaged = run(dataset, config(backbone, predict={"views": 3}), tmp_path / "averaged")
    again = reread(tmp_path / "plain", tmp_path / "again", {"views": 3})
    assert not np.allclose(plain.probabilities, averaged.probabilities)
    np.testing.assert_array_equal(averaged.probabilities, again.probabilities)
    ready = setup(dataset, chosen, DEVICE)
    assert ready.embedded is not None
    saved = load_run(tmp_path / "plain").reader.network.eval()
    weak = [torch.from_numpy(np.array(rows)).float() for rows in ready.embedded.rows["weak"][:3]]
    with torch.inference_mode():
        views = [saved(rows[:, :, None, None]).classes.softmax(dim=1) for rows in weak]
    np.testing.assert_allclose(averaged.probabilities, sum(views).numpy() / 3, atol=1e-5)


SPREAD = {"classes": "spread"}
PROBED = {"classes": "probe", "ambiguity": "votes", "clusters": "prototypes", "prior": 0.3}


def test_a_probe_reads_the_mean_of_all_views(
    dataset: Dataset, backbone: dict[str, Any], tmp_path: Path
) -> None:
    chosen = config(backbone, predict=PROBED, data={"votes": 5})
    found = run(dataset, chosen, tmp_path / "run")
    plain = run(dataset, config(backbone, data={"votes": 5}), tmp_path / "plain")
    fitted = Probe.read(tmp_path / "run" / "probe.npz")
    ready = setup(dataset, chosen, DEVICE)
    assert ready.embedded is not None
    assert fitted.classes is not None
    views = [*ready.embedded.rows["none"], *ready.embedded.rows["weak"]]
    assert len(views) == 5
    for row in (0, 17, 159):
        x = np.mean([np.asarray(view[row], dtype=np.float64) for view in views], axis=0)
        logits = fitted.classes.weights @ x + fitted.classes.bias
        q = np.exp(logits - logits.max())
        mixed = np.sqrt(plain.probabilities[row] * q / q.sum())
        np.testing.assert_allclose(found.probabilities[row], mixed / mixed.sum(), atol=1e-4)
    pool = np.array([name in ("labeled", "unlabeled") for name in found.splits])
    assert found.ambiguous[pool].sum() == int(pool.sum() * 0.3)


def test_labels_spread_over_what_the_backbone_and_the_heads_see(
    dataset: Dataset, backbone: dict[str, Any], tmp_path: Path
) -> None:
    chosen = config(backbone, predict=PROBED | SPREAD, data={"votes": 5})
    found = run(dataset, chosen, tmp_path / "run")
    plain = run(dataset, config(backbone, data={"votes": 5}), tmp_path / "plain")
    fitted = Probe.read(tmp_path / "run" / "probe.npz")
    ready = setup(dataset, chosen, DEVICE)
    assert ready.embedded is not None
    trained = np.flatnonzero(np.array(found.splits) != "validation")
    x, z = ready.embedded.mean(np.arange(len(found))), found.embeddings
    made = known(ready)
    labeled = np.array([trained.tolist().index(row) for row in made.rows])
    g = [spreading.fit(spreading.graph(seen[trained]), labeled, made.votes)(seen) for seen in (x, z)]
    assert fitted.classes is not None
    q = softmax(fitted.classes(x), axis=1)
    mixed = (plain.probabilities * q * g[0].clip(1e-9) * g[1].clip(1e-9)) ** 0.25
    np.testing.assert_allclose(found.probabilities, mixed / mixed.sum(axis=1, keepdims=True), atol=1e-4)


@pytest.mark.parametrize("classes", [{}, SPREAD])
def test_a_run_is_read_anew_with_a_probe(
    classes: dict[str, str], dataset: Dataset, backbone: dict[str, Any], tmp_path: Path
) -> None:
    votes, predict = {"votes": 5}, PROBED | classes
    found = run(dataset, config(backbone, predict=predict, data=votes), tmp_path / "run")
    run(dataset, config(backbone, data=votes), tmp_path / "plain")
    again = reread(tmp_path / "plain", tmp_path / "again", predict)
    np.testing.assert_array_equal(found.probabilities, again.probabilities)
    assert found.ambiguity is not None
    assert again.ambiguity is not None
    np.testing.assert_array_equal(found.ambiguity, again.ambiguity)
    np.testing.assert_array_equal(found.clusters, again.clusters)


@pytest.mark.parametrize("classes", [{}, SPREAD])
def test_new_images_are_read_by_the_probe(
    classes: dict[str, str], dataset: Dataset, backbone: dict[str, Any], tmp_path: Path
) -> None:
    """Weak views of new images are drawn anew, so what is said is close and not the same."""
    found = run(dataset, config(backbone, predict=PROBED | classes, data={"votes": 5}), tmp_path / "run")
    read = predict_folder(load_run(tmp_path / "run"), dataset.root)
    assert read.images == found.images
    assert np.abs(read.probabilities - found.probabilities).max() < 0.2
    assert read.ambiguity is not None
    assert found.ambiguity is not None
    assert np.corrcoef(read.ambiguity, found.ambiguity)[0, 1] > 0.9


def test_votes_of_one_are_refused_before_training(
    dataset: Dataset, backbone: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"data\.votes"):
        run(dataset, config(backbone, predict=PROBED), tmp_path / "run")
    assert not (tmp_path / "run").exists()
