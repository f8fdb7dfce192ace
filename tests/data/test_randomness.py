import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from s2c2.data.randomness import uniform

WORD = 2**64
GAMMA = 0x9E3779B97F4A7C15

words = st.integers(-(2**63), 2**63 - 1)


def finalised(word: int) -> int:
    """SplitMix64's mix64 in whole numbers, as the paper writes it."""
    word %= WORD
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 % WORD
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB % WORD
    return word ^ (word >> 31)


def expected(seed: int, step: int, image: int, slot: int, column: int) -> float:
    state = 0
    for word in (seed, step, slot, image):
        state = finalised((state ^ (word % WORD)) + GAMMA)
    return float(finalised(state + (column + 1) * GAMMA) >> 11) / 2**53


def test_the_finaliser_of_this_test_is_that_of_splitmix64() -> None:
    # First outputs of the published generator from state 0.
    outputs = [finalised(GAMMA * turn) for turn in (1, 2, 3)]
    assert outputs == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


@given(seed=words, step=words, slot=words, images=st.lists(words, max_size=4))
def test_equals_splitmix64_in_whole_numbers(seed: int, step: int, slot: int, images: list[int]) -> None:
    numbers = uniform(seed, step, torch.tensor(images, dtype=torch.int64), slot, 3)
    assert numbers.tolist() == [
        [expected(seed, step, image, slot, column) for column in range(3)] for image in images
    ]


def test_numbers_of_an_image_do_not_depend_on_its_batch() -> None:
    whole = uniform(1, 2, torch.arange(100), 3, 5)
    chosen = torch.tensor([97, 3, 3, 50])
    assert torch.equal(uniform(1, 2, chosen, 3, 5), whole[chosen])
    assert torch.equal(uniform(1, 2, torch.tensor([7]), 3, 5), whole[7:8])


def test_a_longer_row_begins_with_the_shorter() -> None:
    images = torch.arange(10)
    assert torch.equal(uniform(0, 0, images, 0, 9)[:, :4], uniform(0, 0, images, 0, 4))
    assert uniform(0, 0, images, 0, 0).shape == (10, 0)


@pytest.mark.parametrize("changed", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (-1, 0, 0)])
def test_seed_step_and_slot_each_give_other_numbers(changed: tuple[int, int, int]) -> None:
    images = torch.arange(1000)
    seed, step, slot = changed
    first, second = uniform(0, 0, images, 0, 1), uniform(seed, step, images, slot, 1)
    correlation = torch.corrcoef(torch.cat((first, second), dim=1).T)[0, 1]
    assert not (first == second).any()
    assert abs(float(correlation)) < 0.15


def test_swapped_words_give_other_numbers() -> None:
    images = torch.arange(4)
    assert not torch.equal(uniform(1, 2, images, 3, 2), uniform(2, 1, images, 3, 2))
    assert not torch.equal(uniform(1, 2, images, 3, 2), uniform(1, 3, images, 2, 2))


def test_numbers_fill_the_interval_evenly() -> None:
    numbers = uniform(0, 0, torch.arange(20_000), 0, 2)
    assert float(numbers.min()) >= 0
    assert float(numbers.max()) < 1
    counts = torch.histc(numbers.flatten(), bins=20, min=0, max=1)
    # χ² with 19 degrees of freedom: 43.8 is its 99.9 % quantile.
    assert float(((counts - 2000) ** 2 / 2000).sum()) < 43.8


def test_golden_values() -> None:
    # From ``expected`` once, so that a change of the generator does not go unseen.
    assert uniform(1, 2, torch.tensor([3, 4]), slot=5, count=2).tolist() == [
        [0.5929554008291094, 0.9466926371990085],
        [0.007720139359324141, 0.5554151788860201],
    ]


@pytest.mark.parametrize("seed", range(3))
def test_columns_are_uniform_by_kolmogorov_and_smirnov(seed: int) -> None:
    for column in uniform(seed, 0, torch.arange(20_000), 0, 3).T.numpy():
        assert stats.kstest(column, "uniform").pvalue > 1e-3


def test_neighbouring_images_fill_the_square() -> None:
    numbers = uniform(0, 0, torch.arange(40_000), 0, 1)[:, 0].numpy()
    counts, *_ = np.histogram2d(numbers[:-1], numbers[1:], bins=16, range=[[0, 1], [0, 1]])
    assert stats.chisquare(counts.ravel()).pvalue > 1e-3


def test_seeds_steps_slots_and_columns_are_uncorrelated() -> None:
    images = torch.arange(20_000)
    words = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 2, 1)]
    columns = [uniform(seed, step, images, slot, 2) for seed, step, slot in words]
    correlations = np.corrcoef(torch.cat(columns, dim=1).numpy(), rowvar=False)
    apart = correlations[~np.eye(10, dtype=bool)]
    assert np.abs(apart).max() < 4.5 / np.sqrt(20_000)


@pytest.mark.parametrize("axis", range(3))
def test_one_image_is_uniform_over_seeds_steps_and_slots(axis: int) -> None:
    words = [[k if place == axis else 0 for place in range(3)] for k in range(500)]
    numbers = [uniform(seed, step, torch.tensor([17]), slot, 1).item() for seed, step, slot in words]
    assert stats.kstest(numbers, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 4.5 / np.sqrt(500)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_numbers_are_the_same_on_every_device() -> None:
    images = torch.arange(1000)
    assert torch.equal(uniform(3, 4, images.cuda(), 1, 7).cpu(), uniform(3, 4, images, 1, 7))
