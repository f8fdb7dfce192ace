import torch

from s2c2.algorithms.confident import pseudo_labels


def test_pseudo_labels_of_confident_images() -> None:
    logits = torch.tensor([[3.0, 0.0], [0.0, 0.1], [-4.0, 4.0]], requires_grad=True)
    target, confident = pseudo_labels(logits, 0.95)
    assert target.tolist() == [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    assert confident.tolist() == [True, False, True]
    assert not target.requires_grad


def test_the_threshold_itself_is_confident() -> None:
    _, confident = pseudo_labels(torch.zeros(1, 2), 0.5)
    assert confident.tolist() == [True]
