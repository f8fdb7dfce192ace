from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from s2c2 import checkpoint
from s2c2.engine import Training
from s2c2.errors import UserError
from s2c2.networks.averaged import Averaged
from s2c2.networks.network import Network
from s2c2.optimizers import SGD, AdamW, Optimizer


class Flat(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.features = features
        self.layer = nn.Linear(12, features)
        self.norm = nn.BatchNorm1d(features)

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.norm(self.layer(images.flatten(1)))
        return features


def training_at(step: int, features: int = 4, optimizer: Optimizer | None = None) -> Training:
    torch.manual_seed(step)
    network = Network(Flat(features), {"classes": 3})
    training = Training(network, Averaged(network), (optimizer or SGD()).build(network), step)
    for parameter in network.parameters():
        parameter.grad = torch.randn(parameter.shape)
    training.optimizer.step()
    training.averaged.update(network, step)
    return training


def written(folder: Path, *steps: int, keep: int = 2) -> list[Path]:
    return [checkpoint.write(folder, training_at(step), keep=keep) for step in steps]


def same(one: Training, other: Training) -> bool:
    first, second = checkpoint.state(one), checkpoint.state(other)
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("optimizer", [SGD(), AdamW()])
def test_restore_gives_back_everything(optimizer: Optimizer, tmp_path: Path) -> None:
    training = training_at(30, optimizer=optimizer)
    checkpoint.write(tmp_path, training)
    other = training_at(1, optimizer=optimizer)
    assert not same(other, training)
    assert checkpoint.restore(tmp_path, other) == []
    assert other.step == 30
    assert same(other, training)


def test_a_network_without_optimizer_state_is_restored_too(tmp_path: Path) -> None:
    network = Network(Flat(4), {"classes": 3})
    training = Training(network, Averaged(network), SGD().build(network))
    checkpoint.write(tmp_path, training)
    checkpoint.restore(tmp_path, training)
    assert training.step == 0


def test_the_last_ones_are_kept(tmp_path: Path) -> None:
    written(tmp_path, 1, 2, 30, 400, keep=3)
    assert [path.name for path in checkpoint.listed(tmp_path)] == [
        "00000002.safetensors",
        "00000030.safetensors",
        "00000400.safetensors",
    ]
    assert sorted(tmp_path.iterdir()) == checkpoint.listed(tmp_path)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-5] ^= 0x10
    path.write_bytes(bytes(data))


def flip_header(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[20] ^= 0x80
    path.write_bytes(bytes(data))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def empty(path: Path) -> None:
    path.write_bytes(b"")


DAMAGES = [flip, flip_header, truncate, empty]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_passed_over_and_named(
    damage: Callable[[Path], None], tmp_path: Path
) -> None:
    _, newest = written(tmp_path, 10, 20)
    damage(newest)
    training = training_at(1)
    (problem,) = checkpoint.restore(tmp_path, training)
    assert newest.name in problem
    assert "damaged" in problem
    assert training.step == 10
    assert same(training, training_at(10))


@pytest.mark.parametrize("keep", [1, 2])
def test_a_damaged_later_one_does_not_count_among_those_that_are_kept(keep: int, tmp_path: Path) -> None:
    truncate(written(tmp_path, 20, 30, keep=2)[-1])
    path = checkpoint.write(tmp_path, training_at(23), keep=keep)
    assert path.exists()
    assert checkpoint.listed(tmp_path) == [tmp_path / f"{step:08d}.safetensors" for step in (20, 23)[-keep:]]


def test_every_byte_of_the_tensors_counts(tmp_path: Path) -> None:
    (path,) = written(tmp_path, 10)
    whole = path.read_bytes()
    start = 8 + int.from_bytes(whole[:8], "little")
    for position in range(start, len(whole), 37):
        data = bytearray(whole)
        data[position] ^= 1
        path.write_bytes(bytes(data))
        with pytest.raises(UserError, match="damaged"):
            checkpoint.read(path)


def test_every_bit_of_the_header_counts(tmp_path: Path) -> None:
    (path,) = written(tmp_path, 10)
    whole = path.read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    for position in range(header):
        data = bytearray(whole)
        data[position] ^= 1 << position % 8
        path.write_bytes(bytes(data))
        with suppress(UserError):  # the blanks that fill the header up mean nothing
            assert checkpoint.read(path)[1]["step"] == 10
            assert whole[position : position + 1] == b" "


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.5, 0.99])
def test_a_checkpoint_cut_anywhere_is_passed_over(share: float, tmp_path: Path) -> None:
    _, newest = written(tmp_path, 10, 20)
    data = newest.read_bytes()
    newest.write_bytes(data[: int(share * len(data))])
    training = training_at(1)
    assert len(checkpoint.restore(tmp_path, training)) == 1
    assert training.step == 10


def test_no_whole_checkpoint_is_a_user_error(tmp_path: Path) -> None:
    for path in written(tmp_path, 10, 20):
        truncate(path)
    with pytest.raises(UserError, match=r"00000020.*00000010"):
        checkpoint.restore(tmp_path, training_at(1))


def test_an_empty_folder_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no checkpoint in"):
        checkpoint.restore(tmp_path / "absent", training_at(1))


class Memory(nn.Module):
    """State that grows, as that of an algorithm."""

    def __init__(self, *values: float) -> None:
        super().__init__()
        self.register_buffer("seen", torch.tensor(values))


@pytest.mark.parametrize("values", [(), (1.0, 2.0, 3.0)])
def test_what_an_algorithm_remembers_is_restored_at_any_size(
    values: tuple[float, ...], tmp_path: Path
) -> None:
    training, other = training_at(30), training_at(1)
    training.algorithm, other.algorithm = Memory(*values), Memory(7.0)
    checkpoint.write(tmp_path, training)
    checkpoint.restore(tmp_path, other)
    assert other.algorithm.seen.tolist() == list(values)  # type: ignore[operator]
    assert same(other, training)


@pytest.mark.parametrize(("saved", "restored"), [(Memory(1.0), None), (None, Memory(1.0))])
def test_another_algorithm_is_a_user_error(
    saved: nn.Module | None, restored: nn.Module | None, tmp_path: Path
) -> None:
    training, other = training_at(10), training_at(1)
    training.algorithm, other.algorithm = saved, restored
    checkpoint.write(tmp_path, training)
    with pytest.raises(UserError, match="another algorithm"):
        checkpoint.restore(tmp_path, other)
    assert same(other, training_at(1)) is (restored is None)
    assert other.step == 1


@pytest.mark.parametrize("optimizer", [SGD(), AdamW()])
def test_another_network_is_a_user_error(optimizer: Optimizer, tmp_path: Path) -> None:
    checkpoint.write(tmp_path, training_at(10, optimizer=optimizer))
    other = training_at(1, features=5, optimizer=optimizer)
    with pytest.raises(UserError, match="another network"):
        checkpoint.restore(tmp_path, other)
    assert other.step == 1


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, 10)

    def full(tensors: object, path: Path, metadata: object) -> None:
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(UserError, match="No space left"):
        checkpoint.write(tmp_path, training_at(20))
    assert [path.name for path in tmp_path.iterdir()] == ["00000010.safetensors"]


def test_the_digest_sees_names_shapes_and_types() -> None:
    tensor = torch.zeros(4)
    digests = {
        checkpoint.digest({"a": tensor}),
        checkpoint.digest({"b": tensor}),
        checkpoint.digest({"a": tensor.reshape(2, 2)}),
        checkpoint.digest({"a": tensor.to(torch.int32)}),
        checkpoint.digest({"a": tensor + 1}),
    }
    assert len(digests) == 5
