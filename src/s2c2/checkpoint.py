"""Checkpoints: one safetensors file each, written whole, checked when read; never unpickled."""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from s2c2 import files
from s2c2.engine import Training
from s2c2.errors import UserError


def write(folder: Path, training: Training, *, keep: int = 2) -> Path:
    """Write the state after ``training.step`` steps and drop all but the last ``keep`` checkpoints.

    Later ones go too: they were damaged and passed over, and their steps are trained anew. The file holds the
    weights of both networks, the optimizer's tensors, the buffers of an algorithm with state, and a digest of
    them all.
    """
    tensors = state(training)
    path = folder / f"{training.step:08d}.safetensors"
    facts = {"step": training.step, "digest": digest(tensors)}
    with files.atomic(path) as partial:
        save_file(tensors, partial, metadata={"s2c2": json.dumps(facts)})
    there = listed(folder)
    last = there.index(path) + 1
    for old in (*there[: max(last - keep, 0)], *there[last:]):
        old.unlink()
    return path


def listed(folder: Path) -> list[Path]:
    """Return the checkpoints of a folder, oldest first."""
    return sorted(folder.glob("[0-9]*.safetensors"))


def restore(folder: Path, training: Training) -> list[str]:
    """Load the newest whole checkpoint into ``training``; return a sentence for each damaged one passed over.

    Raises:
        UserError: when none of the checkpoints can be read, or they belong to another network or algorithm.
    """
    problems: list[str] = []
    for path in reversed(listed(folder)):
        try:
            tensors, facts = read(path)
        except UserError as error:
            problems.append(str(error))
            continue
        load(training, tensors, int(facts["step"]), path)
        return problems
    if problems:
        problems.append("No whole checkpoint is left: train anew into another folder.")
    raise UserError(" ".join(problems) or f"no checkpoint in {folder}")


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors and the facts of a checkpoint.

    Raises:
        UserError: when the file is truncated or its bytes differ from what was written.
    """
    try:
        with safe_open(path, framework="pt") as stream:
            facts = json.loads((stream.metadata() or {})["s2c2"])
            name, written = f"{int(facts['step']):08d}", facts["digest"]
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"checkpoint {path} is damaged: {error}.") from error
    if digest(tensors) != written or path.stem != name:
        raise UserError(f"checkpoint {path} is damaged: its bytes are not those that were written.")
    return tensors, facts


def state(training: Training) -> dict[str, Tensor]:
    """Return every tensor that training goes on from, by name."""
    tensors = {f"network.{name}": value for name, value in training.network.state_dict().items()}
    tensors |= {f"averaged.{name}": value for name, value in training.averaged.network.state_dict().items()}
    for index, slots in training.optimizer.state_dict()["state"].items():
        present = {name: value for name, value in slots.items() if value is not None}
        tensors |= {f"optimizer.{index}.{name}": torch.as_tensor(value) for name, value in present.items()}
    tensors |= {f"algorithm.{name}": value for name, value in _buffers(training).items()}
    return {name: value.detach().contiguous() for name, value in tensors.items()}


def load(training: Training, tensors: dict[str, Tensor], step: int, path: Path) -> None:
    """Put the tensors of a checkpoint into ``training``.

    Raises:
        UserError: when names or shapes do not fit the network, or the algorithm has other state.
    """
    remembered = _under(tensors, "algorithm.")
    if remembered.keys() != _buffers(training).keys():
        raise UserError(f"checkpoint {path} belongs to another algorithm.")
    try:
        training.network.load_state_dict(_under(tensors, "network."))
        training.averaged.network.load_state_dict(_under(tensors, "averaged."))
    except RuntimeError as error:
        raise UserError(f"checkpoint {path} belongs to another network: {error}") from error
    slots: dict[int, dict[str, Tensor]] = {}
    for name, value in _under(tensors, "optimizer.").items():
        index, slot = name.split(".")
        slots.setdefault(int(index), {})[slot] = value
    groups = training.optimizer.state_dict()["param_groups"]
    training.optimizer.load_state_dict({"state": slots, "param_groups": groups})
    for name, value in remembered.items():
        # The first steps decide how large they are, so that load_state_dict would refuse them.
        setattr(training.algorithm, name, value)
    training.step = step


def digest(tensors: dict[str, Tensor]) -> str:
    """Return a digest of names, shapes, types and bytes."""
    sums = hashlib.blake2b(digest_size=16)
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        sums.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        sums.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return sums.hexdigest()


def _buffers(training: Training) -> dict[str, Tensor]:
    return {} if training.algorithm is None else dict(training.algorithm.named_buffers())


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
