from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from s2c2.errors import UserError
from s2c2.networks.resnet import ResNet
from s2c2.networks.weights import load_weights
from s2c2.networks.wide_resnet import WideResNet


def drawn(seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    return WideResNet(depth=10, width=1).build(16)


def saved(path: Path, tensors: dict[str, Tensor]) -> Path:
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
    return path


def same(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("beginning", ["", "backbone.", "averaged.backbone."])
def test_weights_are_read_with_and_without_the_names_of_a_checkpoint(beginning: str, tmp_path: Path) -> None:
    ours, theirs = drawn(0), drawn(1)
    tensors = {beginning + name: tensor for name, tensor in theirs.state_dict().items()}
    extra = {"network.backbone.stem.bias": torch.ones(16)} if beginning.startswith("averaged") else {}
    load_weights(ours, saved(tmp_path / "w.safetensors", tensors | extra))
    assert same(ours, theirs)


def test_a_classifier_in_the_file_is_left_out(tmp_path: Path) -> None:
    torch.manual_seed(0)
    ours, theirs = (ResNet(18).build(32) for _ in range(2))
    classifier = {"fc.weight": torch.ones(3, 512), "fc.bias": torch.ones(3)}
    load_weights(ours, saved(tmp_path / "w.safetensors", theirs.state_dict() | classifier))
    assert same(ours, theirs)


def test_weights_of_another_network_are_one_clear_line(tmp_path: Path) -> None:
    path = saved(tmp_path / "w.safetensors", WideResNet(depth=16, width=1).build(16).state_dict())
    with pytest.raises(UserError, match="belong to another network") as caught:
        load_weights(drawn(0), path)
    assert "\n" not in str(caught.value)


def test_a_pickle_is_never_read(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return Path.touch, (tmp_path / "sprung",)

    torch.save(Trap(), tmp_path / "w.safetensors")
    with pytest.raises(UserError, match="safetensors"):
        load_weights(drawn(0), tmp_path / "w.safetensors")
    assert not (tmp_path / "sprung").exists()


def test_a_missing_and_a_cut_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no weights file"):
        load_weights(drawn(0), tmp_path / "absent.safetensors")
    path = saved(tmp_path / "w.safetensors", drawn(1).state_dict())
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match="not a whole safetensors file"):
        load_weights(drawn(0), path)
