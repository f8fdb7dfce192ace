import numpy as np
import pytest
import torch
from torch import nn

from s2c2.data.pack import Pack
from s2c2.data.views import VIEWS, Draws
from s2c2.errors import UserError
from s2c2.experiments import predicting
from s2c2.experiments.predicting import Reader, predict_images, predict_pack
from s2c2.networks.network import Network


class Flat(nn.Module):
    features = 48

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1)


def reader(views: int) -> Reader:
    torch.manual_seed(0)
    network = Network(Flat(), {"classes": 3, "clusters": 5, "ambiguity": 1})
    return Reader(network, ("a", "b", "c"), views=views, seed=7)


PIXELS = np.random.default_rng(0).integers(0, 256, (5, 4, 4, 3), dtype=np.uint8)
NAMES = tuple("vwxyz")


def test_one_view_is_the_image_as_it_is() -> None:
    said = predict_images(reader(1), zip(NAMES, PIXELS, strict=True), len(NAMES))
    images = torch.from_numpy(PIXELS).permute(0, 3, 1, 2) / 127.5 - 1
    outputs = reader(1).network(images)
    np.testing.assert_allclose(said.probabilities, outputs.classes.softmax(1).detach(), rtol=1e-4)
    np.testing.assert_array_equal(said.clusters, outputs.clusters.argmax(1))


def test_a_pack_is_read_by_blocks_and_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicting, "BATCH", 2)
    packed = Pack(NAMES, PIXELS, NAMES, (), np.full((5, 2), 4, dtype=np.int32))
    done: list[tuple[int, int]] = []
    for views in (1, 3):
        said = predict_pack(reader(views), packed, lambda *counts: done.append(counts))
        one_by_one = predict_images(reader(views), zip(NAMES, PIXELS, strict=True), len(NAMES))
        assert said.images == one_by_one.images == NAMES
        np.testing.assert_array_equal(said.embeddings, one_by_one.embeddings)
    assert done[:3] == [(2, 5), (4, 5), (5, 5)]


def test_several_views_are_averaged() -> None:
    said = predict_images(reader(3), zip(NAMES, PIXELS, strict=True), len(NAMES))
    images = torch.from_numpy(PIXELS).permute(0, 3, 1, 2)
    total, clusters, ambiguity = torch.zeros(5, 3), torch.zeros(5, 5), torch.zeros(5)
    for slot in range(3):
        view = VIEWS["weak"](images, Draws(7, 0, torch.arange(5), slot))
        outputs = reader(3).network(view / 127.5 - 1)
        total += outputs.classes.softmax(1).detach() / 3
        clusters += outputs.clusters.softmax(1).detach() / 3
        ambiguity += outputs.ambiguity.sigmoid().detach() / 3
    np.testing.assert_allclose(said.probabilities, total, rtol=1e-4)
    np.testing.assert_array_equal(said.clusters, clusters.argmax(1))
    assert said.ambiguity == pytest.approx(ambiguity.numpy(), rel=1e-4)


def test_images_that_do_not_come_have_no_row_and_none_at_all_is_said() -> None:
    said = predict_images(reader(1), zip(NAMES[:2], PIXELS[:2], strict=True), len(NAMES))
    assert said.images == NAMES[:2]
    with pytest.raises(UserError, match="none of the images"):
        predict_images(reader(1), iter(()), 4)
