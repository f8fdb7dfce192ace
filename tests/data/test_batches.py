from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from s2c2.data.batches import WINDOW, Batches, blockwise, normalised, positions, repeats, resident, streamed
from s2c2.data.views import VIEWS, Draws

CPU = torch.device("cpu")
READERS = [resident, streamed]


def pack(n: int = 20, size: int = 8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, size, size, 3), dtype=np.uint8)


def batches(
    pixels: np.ndarray | None = None, reader: Callable[..., Callable[..., Tensor]] = resident
) -> Batches:
    return Batches(
        pixels=reader(pack() if pixels is None else pixels, CPU),
        labeled=np.array([3, 5, 7, 11, 13]),
        labels=torch.eye(3)[torch.tensor([0, 1, 2, 0, 1])],
        unlabeled=np.arange(20),
        student=("weak", "strong"),
        teacher=("weak",),
        batch=4,
        ratio=2,
        seed=0,
        device=CPU,
    )


def columns(batches: Batches, step: int) -> list[Tensor]:
    batch = batches(step)
    return [batch.labels, batch.labeled, *batch.student, *batch.teacher, batch.unlabeled]


@settings(max_examples=40)
@given(batch=st.integers(1, 9), count=st.integers(1, 12), steps=st.integers(1, 12), seed=st.integers(0, 5))
def test_positions_are_shuffled_epochs_one_after_another(
    batch: int, count: int, steps: int, seed: int
) -> None:
    sequence = [int(i) for step in range(steps) for i in positions(seed, 0, step, batch, count)]
    assert len(sequence) == steps * batch
    for start in range(0, len(sequence), count):
        epoch = sequence[start : start + count]
        assert len(set(epoch)) == len(epoch)
        assert set(epoch) <= set(range(count))


@settings(max_examples=40)
@given(count=st.integers(1, 500), block=st.integers(1, 40), seed=st.integers(0, 5))
def test_a_blockwise_order_has_every_image_once_and_each_window_few_blocks(
    count: int, block: int, seed: int
) -> None:
    order = blockwise(np.random.default_rng(seed), count, block)
    assert sorted(order.tolist()) == list(range(count))
    # A window begins in the middle of a block where the short last block came before it.
    for start in range(0, count, WINDOW * block):
        assert len(set((order[start : start + WINDOW * block] // block).tolist())) <= WINDOW + 1


def test_blocks_are_mixed_and_differ_by_epoch() -> None:
    first, second = (positions(0, 0, step, 4000, 4000, 50) for step in (0, 1))
    assert (first != second).any()
    # Within a window of 800 images, neighbours in time are of 16 blocks.
    assert np.mean(first[1:] // 50 != first[:-1] // 50) > 0.9


def test_a_batch_is_read_by_blocks_where_that_is_asked_for() -> None:
    plain, blocks = batches(), replace(batches(), block=3)
    seen = [int(i) for step in range(5) for i in blocks(step).unlabeled[:4]]
    assert seen != [int(i) for step in range(5) for i in plain(step).unlabeled[:4]]
    whole = torch.cat([blocks(step).unlabeled for step in range(5)])[:20]
    assert sorted(whole.tolist()) == list(range(20))


def test_positions_differ_by_epoch_stream_and_seed() -> None:
    orders = {
        tuple(positions(seed, stream, step, 30, 30))
        for seed in range(2)
        for stream in range(2)
        for step in range(2)
    }
    assert len(orders) == 8


def test_no_images_asked_for_gives_none() -> None:
    assert len(positions(0, 1, 5, 0, 0)) == 0


def test_positions_of_a_late_step_need_no_earlier_ones() -> None:
    late = positions(0, 0, 10**9, 4, 7)
    assert len(late) == 4
    assert set(late) <= set(range(7))


@pytest.mark.parametrize("reader", READERS)
def test_readers_give_the_rows_of_the_pack(reader: Callable[..., Callable[..., Tensor]]) -> None:
    pixels = pack()
    pixels.flags.writeable = False
    images = reader(pixels, CPU)(np.array([4, 0, 4]))
    assert images.dtype == torch.uint8
    np.testing.assert_array_equal(images.permute(0, 2, 3, 1).numpy(), pixels[[4, 0, 4]])


def test_resident_and_streamed_make_the_same_batches() -> None:
    for one, other in zip(columns(batches(), 3), columns(batches(reader=streamed), 3), strict=True):
        assert torch.equal(one, other)


def test_normalised_reaches_from_minus_one_to_one() -> None:
    images = torch.tensor([0, 51, 255], dtype=torch.uint8).reshape(1, 3, 1, 1)
    torch.testing.assert_close(normalised(images).flatten(), torch.tensor([-1.0, -0.6, 1.0]))
    assert images.flatten().tolist() == [0, 51, 255]


def test_a_batch_has_the_images_and_labels_of_its_rows() -> None:
    plain = replace(batches(), student=("none",), teacher=())
    images = 2 * torch.from_numpy(pack()).permute(0, 3, 1, 2).float() / 255 - 1
    seen: Counter[int] = Counter()
    for step in range(10):
        batch = plain(step)
        assert batch.unlabeled.shape == (8,)
        assert batch.pool == 20
        torch.testing.assert_close(batch.student[0], images[batch.unlabeled])
        chosen = positions(0, 0, step, 4, 5)
        assert torch.equal(batch.labels, plain.labels[torch.from_numpy(chosen)])
        seen.update(plain.labeled[chosen].tolist())
    assert seen == {3: 8, 5: 8, 7: 8, 11: 8, 13: 8}


def test_labeled_images_are_weak_views_of_their_rows() -> None:
    made = batches()
    rows = made.labeled[positions(0, 0, 2, 4, 5)]
    images = torch.from_numpy(pack()[rows]).permute(0, 3, 1, 2)
    expected = VIEWS["weak"](images, Draws(0, 2, torch.from_numpy(rows), 0, repeats(rows)))
    torch.testing.assert_close(made(2).labeled, 2 * expected.float() / 255 - 1)


def test_an_image_that_comes_again_in_a_batch_is_another_view() -> None:
    few = replace(batches(), labeled=np.array([3, 7]), labels=torch.eye(3)[:2], batch=8)
    rows = few.labeled[positions(0, 0, 0, 8, 2)]
    assert sorted(rows) == [3] * 4 + [7] * 4
    views = [view.numpy().tobytes() for view in few(0).labeled]
    assert len(set(views)) > 4
    first = [rows.tolist().index(3), rows.tolist().index(7)]
    alone = few.views(rows[first], ("weak",), 0, 0)[0]
    assert [view.numpy().tobytes() for view in alone] == [views[at] for at in first]


@given(rows=arrays(np.int64, st.integers(0, 12), elements=st.integers(0, 4)))
def test_repeats_against_a_naive_loop(rows: np.ndarray) -> None:
    expected = [sum(other == row for other in rows[:at]) for at, row in enumerate(rows)]
    found = repeats(rows)
    assert (found.tolist() if found is not None else [0] * len(rows)) == expected


def test_shapes_follow_the_views() -> None:
    batch = batches()(0)
    assert [tuple(view.shape) for view in (batch.labeled, *batch.student, *batch.teacher)] == [
        (4, 3, 8, 8),
        *[(8, 3, 8, 8)] * 3,
    ]
    alone = replace(batches(), student=(), teacher=())(0)
    assert alone.student == alone.teacher == ()
    assert alone.unlabeled.shape == (0,)


def test_two_weak_views_of_an_image_differ() -> None:
    batch = replace(batches(), student=("weak", "weak"))(0)
    views = (*batch.student, *batch.teacher)
    for i in range(3):
        for j in range(i):
            assert not torch.equal(views[i], views[j])


def test_a_batch_is_a_function_of_seed_and_step() -> None:
    made = batches()
    first = columns(made, 7)
    columns(made, 2)
    assert all(torch.equal(a, b) for a, b in zip(first, columns(batches(), 7), strict=True))
    assert not torch.equal(first[1], columns(made, 8)[1])
    assert not torch.equal(first[1], columns(replace(made, seed=1), 7)[1])


def test_the_pack_stays_as_it_is() -> None:
    pixels = pack()
    made = batches(pixels, streamed)
    for step in range(5):
        made(step)
    np.testing.assert_array_equal(pixels, pack())
