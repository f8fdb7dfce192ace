"""What changed objectives got away with once (``make mutants``); each of these tests names a change."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from s2c2.algorithms import Supervised
from s2c2.objectives import S2C2, inverse_only, mean, without_inverse
from s2c2.types import Outputs
from tests.test_objectives import Fixed, K, make_step


def binary(h: float, logit: float) -> float:
    """−h log p − (1 − h) log(1 − p)."""
    p = 1 / (1 + math.exp(-logit))
    return -h * math.log(p) - (1 - h) * math.log(1 - p)


@pytest.mark.parametrize("prior", [0.2, 0.7])
def test_votes_shift_the_logit_from_the_share_of_disputed_images_to_the_prior(prior: float) -> None:
    step = replace(make_step(), dissent=torch.tensor([0.0, 0.5, math.nan, 0.25]))
    assert step.labeled.ambiguity is not None
    shift = math.log(0.4 / 0.6) - math.log(prior / (1 - prior))
    logits = step.labeled.ambiguity.tolist()
    expected = [binary(float(row != 0), logits[row] + shift) for row in (0, 1, 3)]
    loss = S2C2(Fixed(), prior=prior, votes=1.0, disputed=0.4).votes_loss(step)
    assert loss.item() == pytest.approx(sum(expected) / 3, rel=1e-5)


def test_votes_at_a_prior_of_zero_shift_upwards_by_the_limit() -> None:
    step = replace(make_step(), dissent=torch.tensor([0.5, math.nan, math.nan, math.nan]))
    assert step.labeled.ambiguity is not None
    expected = binary(1.0, step.labeled.ambiguity[0].item() + math.log((1 - 1e-6) / 1e-6))
    loss = S2C2(Fixed(), prior=0.0, votes=1.0, disputed=0.5).votes_loss(step)
    assert loss.item() == pytest.approx(expected, rel=1e-3, abs=1e-9)


@pytest.mark.parametrize("make", [inverse_only, without_inverse])
def test_ablations_keep_the_class_weights(make: Callable[..., S2C2]) -> None:
    weights = torch.tensor([1.0, 2.0, 4.0])
    assert torch.equal(make(Supervised(), weights).class_weights, weights)  # type: ignore[arg-type]
    assert make(Supervised()).class_weights is None


def test_a_mean_over_one_image_is_its_value() -> None:
    assert mean(torch.tensor([3.0])).item() == 3.0
    assert mean(torch.tensor([3.0, 4.0])).item() == 3.5
    assert mean(torch.tensor([])).item() == 0.0


def test_an_image_exactly_as_confident_as_asked_for_is_an_anchor() -> None:
    step = make_step()
    classes = torch.zeros(8, K)
    classes[1, 0], classes[1, 1] = -200.0, 0.0
    classes[:, 2] = -200.0
    even = replace(step, student=(replace(step.student[0], classes=classes), *step.student[1:]))
    # Two of three classes at 1 / 2, which float32 holds exactly.
    half = S2C2(Fixed(), confidence=0.5).unlabeled_separation(even)
    assert (half > 0).all()


HEADS = {
    "ambiguity": ("ambiguity_losses", "ambiguity_evidence", "votes_loss"),
    "clusters": ("labeled_separation", "unlabeled_separation", "similarity_losses"),
}


def without(outputs: Outputs, head: str) -> Outputs:
    return Outputs(**{**vars(outputs), head: None})


@pytest.mark.parametrize(("head", "part"), [(head, part) for head in HEADS for part in HEADS[head]])
def test_a_head_that_is_missing_is_named(head: str, part: str) -> None:
    step = make_step()
    bare = replace(
        step,
        labeled=without(step.labeled, head),
        student=tuple(without(view, head) for view in step.student),
    )
    with pytest.raises(ValueError, match=f"no head '{head}'"):
        getattr(S2C2(Fixed(), votes=1.0, disputed=0.5), part)(bare)


def test_only_the_second_view_lacking_its_head_is_named_too() -> None:
    step = make_step()
    bare = replace(step, student=(step.student[0], replace(step.student[1], clusters=None)))
    with pytest.raises(ValueError, match="no head 'clusters'"):
        S2C2(Fixed()).similarity_losses(bare)
    labeled = replace(step, student=tuple(replace(view, clusters=None) for view in step.student))
    with pytest.raises(ValueError, match="no head 'clusters'"):
        S2C2(Fixed(), partner="unlabeled").labeled_separation(labeled)


def test_the_last_view_is_read_where_there_are_three() -> None:
    step = make_step(students=3)
    objective = S2C2(Fixed(("weak", "strong", "strong")), view="last")
    assert objective.main(step) is step.student[2]
    first, second = step.student[2].clusters, step.student[1].clusters
    assert first is not None
    assert second is not None
    expected = -(first.softmax(dim=1) * second.log_softmax(dim=1)).sum(dim=1)
    torch.testing.assert_close(objective.similarity_losses(step), expected)
