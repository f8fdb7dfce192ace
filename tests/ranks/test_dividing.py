from pathlib import Path

import numpy as np
import pytest
import torch

from s2c2.errors import UserError
from s2c2.networks.network import Network
from s2c2.ranks.dividing import Divided, join
from s2c2.ranks.group import ALONE, Alone
from s2c2.ranks.normalisation import synchronise
from tests.ranks import steps
from tests.ranks.starting import start, wait

pytestmark = pytest.mark.timeout(600)

WORLDS = (2, 3)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same steps of the same batches in one, two and three processes."""
    out = tmp_path_factory.mktemp("steps")
    for world in (1, *WORLDS):
        processes = start(world, steps.main, str(out))
        assert wait(processes, 240) == [0] * world, [one.said for one in processes]
    return out


def read(folder: Path, case: tuple[str, str, str], rank: int, world: int) -> dict[str, np.ndarray]:
    with np.load(folder / f"{'-'.join(case)}-{rank}-{world}.npz") as stored:
        return dict(stored)


def whole(values: dict[str, np.ndarray], kind: str) -> np.ndarray:
    """Return all values of a kind in one vector."""
    return np.concatenate([np.ravel(values[key]) for key in sorted(values) if key.startswith(kind)])


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("case", steps.CASES, ids="-".join)
def test_losses_and_gradients_are_those_of_one_process(
    case: tuple[str, str, str], world: int, trained: Path
) -> None:
    one, several = read(trained, case, 0, 1), read(trained, case, 0, world)
    assert one.keys() == several.keys()
    for step in range(steps.STEPS):
        mine, theirs = (whole(values, f"gradient/{step}/") for values in (one, several))
        assert np.linalg.norm(mine) > 1e-3
        assert np.linalg.norm(mine - theirs) < 2e-5 * np.linalg.norm(mine)
    terms = [key for key in one if key.startswith("loss/")]
    for key in terms:
        assert several[key] == pytest.approx(one[key], rel=2e-5, abs=1e-6), key
    np.testing.assert_allclose(whole(several, "state/"), whole(one, "state/"), rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("case", steps.CASES, ids="-".join)
def test_every_process_holds_the_same_bits(case: tuple[str, str, str], world: int, trained: Path) -> None:
    first = read(trained, case, 0, world)
    for rank in range(1, world):
        other = read(trained, case, rank, world)
        assert all(np.array_equal(first[key], other[key]) for key in first)


def test_the_steps_have_something_to_get_wrong(trained: Path) -> None:
    for case in steps.CASES:
        found = read(trained, case, 0, 1)
        terms = {"labeled", "unlabeled"} - ({"unlabeled"} if case[0] == "supervised" else set())
        terms |= {"ambiguity", "separation"} if case[1] == "s2c2" else set()
        assert all(abs(found[f"loss/3/{term}"]) > 1e-4 for term in terms), case


class Two(Alone):
    world = 2


def test_a_batch_smaller_than_the_processes_is_refused() -> None:
    network = Network(steps.Backbone(), {"classes": 3})
    with pytest.raises(UserError, match=r"2 processes cannot share a batch of 1 images: raise train\.batch"):
        Divided(Two()).part(network, (torch.zeros(1, 3, 6, 6),))


def test_a_batch_norm_that_does_more_is_refused() -> None:
    class Acting(torch.nn.BatchNorm2d):
        pass

    with pytest.raises(UserError, match="normalises by Acting"):
        synchronise(torch.nn.Sequential(Acting(3)), Two())


def test_alone_nothing_changes() -> None:
    network = Network(steps.Backbone(), {"classes": 3})
    before = [type(layer) for layer in network.modules()]
    join(network, ALONE)
    assert [type(layer) for layer in network.modules()] == before
