"""The works that are measured do what their names say, in processes of their own."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from s2c2 import proposals
from s2c2.benchmarks import plain, scale, step, views
from s2c2.benchmarks.cases import Asked, Case
from s2c2.benchmarks.pillow import PILLOW, POOL
from s2c2.benchmarks.worker import working
from s2c2.data.views.pool import POOL as OURS
from s2c2.predictions import Predictions

SMALL = Asked(network="wrn-10-1", batch=2, size=16)


def case(**change: Any) -> Case:
    known: dict[str, Any] = {
        "algorithm": "fixmatch",
        "objective": "s2c2",
        "passes": "joined",
        "precision": "float32",
    }
    return Case(**(known | {"layout": "channels_last", "compiled": "no"} | change))


@pytest.mark.parametrize("layout", ["channels_last", "nchw"])
def test_a_step_says_where_its_time_goes(layout: str) -> None:
    work = step.prepare(case(layout=layout).options(SMALL))
    found = work()
    parts = [found[f"{name}_s"] for name in step.PARTS]
    assert min(parts) >= 0
    assert sum(parts) <= found["cpu_s"]
    assert sum(parts) == pytest.approx(found["cpu_s"], rel=0.2, abs=0.01)


def test_operations_are_counted_and_lean_passes_have_fewer() -> None:
    # The backward pass costs twice the forward pass: of 15 parts of 30 images 14 weak ones are read only.
    joined, lean = (
        step.prepare(case(passes=name, objective="vanilla").options(SMALL))()["flops"]
        for name in ("joined", "lean")
    )
    assert lean / joined == pytest.approx((16 * 3 + 14) / (30 * 3), rel=0.02)


def test_the_plain_loss_is_fixmatch_by_hand() -> None:
    logits = torch.randn(2 + 28, 10, generator=torch.Generator().manual_seed(0)) * 9
    labels = torch.tensor([3, 4])
    rows = [
        F.cross_entropy(logits[16 + i], logits[2 + i].argmax()).item()
        if logits[2 + i].softmax(0).max() >= 0.95
        else 0.0
        for i in range(14)
    ]
    expected = F.cross_entropy(logits[:2], labels).item() + sum(rows) / 14
    assert any(rows)
    assert plain.fixmatch(logits, labels).item() == pytest.approx(expected, rel=1e-5)


def test_plain_views_and_ours_know_the_same_operations() -> None:
    assert set(POOL) == set(OURS)
    pixels = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    for name, view in PILLOW.items():
        made = np.asarray(view(pixels, np.random.default_rng(1)))
        assert made.shape == (20, 20, 3)
        assert ((made == 127).all(axis=2).sum() >= 25) == (name == "strong")


def test_views_are_compared_at_every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "IMAGES", {16: 4})
    before = torch.get_num_threads()
    found = views.rows(1)
    assert [(row["view"], row["size"]) for row in found] == [("weak", 16), ("strong", 16)]
    assert torch.get_num_threads() == before


def test_a_work_has_a_process_of_its_own_and_answers_each_time() -> None:
    options = {"depth": 10, "width": 1, "batch": 1, "size": 16, "device": "cpu", "steps": 1}
    with working("plain", options) as ask:
        answers = [ask(), ask()]
    for answer in answers:
        assert answer["cpu_s"] > answer["views_cpu_s"] > 0
        assert answer["peak_bytes"] > 2**20


def test_several_works_can_prepare_side_by_side() -> None:
    options = {"depth": 10, "width": 1, "batch": 1, "size": 16, "device": "cpu", "steps": 2}
    with working("plain", options, ready=False) as one, working("plain", options, ready=False) as other:
        assert all(ask()["cpu_s"] > 0 for ask in (one, other, one))


def test_a_process_that_ends_is_not_waited_for(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="exit code 1"), working("plain", {}) as ask:
        ask()
    assert "KeyError" in capfd.readouterr().err


def test_scale_goes_from_a_pack_to_the_proposals(tmp_path: Path) -> None:
    work = scale.prepare({"folder": str(tmp_path), "images": 1200})
    found = work()
    predictions = Predictions.read(tmp_path / "predictions.parquet")
    assert len(predictions) == 1200
    assert sum(len(group) for group in proposals.read(tmp_path / "proposals.parquet")) == 1200
    assert found["predict_cpu_s"] > 0
    assert found["predict_mib"] >= 0
