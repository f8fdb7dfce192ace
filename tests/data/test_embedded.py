import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.until import until
from torch import Tensor

from s2c2 import files
from s2c2.data.cache import place
from s2c2.data.dataset import Dataset
from s2c2.data.embedded import Drawn, Extraction, embed, held, moments
from s2c2.data.pack import Pack, pack
from s2c2.data.synthetic import synthetic
from s2c2.data.views import Draws, Strong, Weak
from s2c2.errors import UserError

CPU = torch.device("cpu")


def extract(images: Tensor) -> Tensor:
    """Two features: the mean and the first pixel."""
    return torch.stack([images.mean(dim=(1, 2, 3)), images[:, 0, 0, 0]], dim=1)


def extraction(**values: object) -> Extraction:
    made = Extraction(
        extract=extract,
        width=2,
        identity="tiny",
        views={"weak": Weak(), "strong": Strong()},
        counts={"none": 1, "weak": 3, "strong": 1},
        seed=0,
        device=CPU,
    )
    return replace(made, **values)  # type: ignore[arg-type]


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return synthetic(tmp_path / "data", images=150, seed=0, size=16)


@pytest.fixture
def packed(dataset: Dataset) -> Pack:
    return pack(dataset, 16)


def counting() -> tuple[Callable[[Tensor], Tensor], list[int]]:
    seen: list[int] = []

    def counted(images: Tensor) -> Tensor:
        seen.append(len(images))
        return extract(images)

    return counted, seen


def made(dataset: Dataset, packed: Pack, **values: object) -> int:
    """Return how many images are embedded."""
    counted, seen = counting()
    embed(dataset, packed, "stretch", extraction(extract=counted, **values))
    return sum(seen)


def test_embeddings_are_those_of_the_views(dataset: Dataset, packed: Pack) -> None:
    rows = embed(dataset, packed, "stretch", extraction())
    images = torch.from_numpy(np.array(packed.pixels)).permute(0, 3, 1, 2)
    np.testing.assert_array_equal(rows["none"][0], extract(images / 127.5 - 1).numpy().astype(np.float16))
    for name, slot, view in (("weak", 1, Weak()), ("strong", 2, Strong())):
        for number, found in enumerate(rows[name]):
            seen = view(images, Draws(0, number, torch.arange(150), slot))
            expected = extract(seen / 127.5 - 1).numpy().astype(np.float16)
            np.testing.assert_allclose(found, expected, atol=1e-3)
    assert len({found.tobytes() for found in rows["weak"]}) == 3
    assert not rows["none"][0].flags.writeable


def test_the_second_time_nothing_is_computed(dataset: Dataset, packed: Pack) -> None:
    first = embed(dataset, packed, "stretch", extraction())
    assert made(dataset, packed) == 0
    second = embed(dataset, packed, "stretch", extraction())
    for name, found in first.items():
        for one, other in zip(found, second[name], strict=True):
            np.testing.assert_array_equal(one, other)


CHANGES: dict[str, tuple[dict[str, Any], int]] = {
    "another extractor": ({"identity": "other"}, 5),
    "another seed": ({"seed": 1}, 4),
    "another weak view": ({"views": {"weak": Weak(flip=False), "strong": Strong()}}, 3),
    "one more view": ({"counts": {"none": 1, "weak": 4, "strong": 1}}, 1),
    "fewer views": ({"counts": {"none": 1, "weak": 2}}, 0),
}


@pytest.mark.parametrize("case", CHANGES)
def test_only_what_a_change_concerns_is_computed_anew(case: str, dataset: Dataset, packed: Pack) -> None:
    assert made(dataset, packed) == 5 * 150
    change, views = CHANGES[case]
    assert made(dataset, packed, **change) == views * 150
    assert made(dataset, packed) == 0


def test_changed_images_are_embedded_anew_and_the_old_embeddings_removed(
    dataset: Dataset, packed: Pack
) -> None:
    made(dataset, packed)
    before = set(place(dataset).glob("features-*"))
    first = dataset.path(dataset.images[0])
    first.write_bytes(dataset.path(dataset.images[1]).read_bytes())
    assert made(dataset, pack(dataset, 16)) == 5 * 150
    after = set(place(dataset).glob("features-*"))
    assert len(before) == len(after) == 10
    assert not before & after


@pytest.mark.parametrize("damage", ["cut", "changed", "no digest"])
def test_a_damaged_view_is_never_used(damage: str, dataset: Dataset, packed: Pack) -> None:
    whole = embed(dataset, packed, "stretch", extraction())
    expected = {name: [np.array(found) for found in rows] for name, rows in whole.items()}
    victim = sorted(place(dataset).glob("features-*.npy"))[0]
    data = bytearray(victim.read_bytes())
    if damage == "no digest":
        victim.with_suffix(".json").unlink()
    elif damage == "cut":
        victim.write_bytes(data[:-10])
    else:
        data[-1] ^= 1
        victim.write_bytes(data)
    del whole
    assert made(dataset, packed) == 150
    for name, rows in embed(dataset, packed, "stretch", extraction()).items():
        for found, was in zip(rows, expected[name], strict=True):
            np.testing.assert_array_equal(found, was)


def test_a_killed_process_leaves_whole_views_only(dataset: Dataset, packed: Pack) -> None:
    code = """
        import sys, time
        from pathlib import Path
        from s2c2.data.dataset import read
        from s2c2.data.embedded import embed
        from s2c2.data.pack import pack
        from tests.data.test_embedded import extract, extraction
        def slow(images):
            time.sleep(0.1)
            return extract(images)
        dataset = read(Path(sys.argv[1]))
        embed(dataset, pack(dataset, 16), "stretch", extraction(extract=slow))
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(dataset.root)]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
    until(lambda: len(list(place(dataset).glob("features-*.json"))) >= 2, "two views", process)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(60)
    kept = len(list(place(dataset).glob("features-*.json")))
    assert 2 <= kept < 5
    assert made(dataset, packed) == (5 - kept) * 150


def test_progress_counts_images_over_all_views(dataset: Dataset, packed: Pack) -> None:
    calls: list[tuple[int, int]] = []
    embed(dataset, packed, "stretch", extraction(), lambda done, total: calls.append((done, total)))
    assert calls[0] == (16, 750)
    assert calls[-1] == (750, 750)
    assert calls == sorted(calls)


def test_two_at_a_time_make_different_views_and_each_once(dataset: Dataset, packed: Pack) -> None:
    both, seen = threading.Barrier(2, timeout=60), dict[int, list[int]]()

    def counted(images: Tensor) -> Tensor:
        mine = seen.setdefault(threading.get_ident(), [])
        if not mine:
            both.wait()  # until the other is at a view of its own
        mine.append(len(images))
        return extract(images)

    how = extraction(extract=counted)
    with ThreadPoolExecutor(2) as pool:
        twice = pool.map(lambda _: embed(dataset, packed, "stretch", how), range(2))
        first, second = twice
    assert len(seen) == 2
    assert sum(map(sum, seen.values())) == 5 * 150
    for path in place(dataset).glob("features-*"):
        path.unlink()
    alone = embed(dataset, packed, "stretch", extraction())
    for name, expected in alone.items():
        for one, other, view in zip(first[name], second[name], expected, strict=True):
            np.testing.assert_array_equal(one, view)
            np.testing.assert_array_equal(other, view)


def test_who_waits_for_a_view_is_asked_whether_to_stop(dataset: Dataset, packed: Pack) -> None:
    asked: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        asked.append((done, total))
        if len(asked) == 3:
            raise KeyboardInterrupt

    with ExitStack() as other:
        other.enter_context(files.locked(place(dataset) / "embedding-none-0.lock"))
        late = threading.Timer(20, other.close)  # who takes no notice must not wait for ever
        late.start()
        with pytest.raises(KeyboardInterrupt):
            embed(dataset, packed, "stretch", extraction(counts={"none": 1}), stop)
        late.cancel()
    assert asked == [(0, 150)] * 3
    assert made(dataset, packed, counts={"none": 1}) == 150


def test_an_interrupt_leaves_no_half_written_file(dataset: Dataset, packed: Pack) -> None:
    def interrupt(done: int, total: int) -> None:
        if done > 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed(dataset, packed, "stretch", extraction(), interrupt)
    assert len(list(place(dataset).glob("features-*.npy"))) == 1
    assert not list(place(dataset).glob("*.partial"))


@pytest.mark.parametrize("value", [1e6, float("nan")])
def test_embeddings_that_float16_cannot_hold_are_refused(
    value: float, dataset: Dataset, packed: Pack
) -> None:
    shifted = extraction(extract=lambda images: extract(images) + value)
    with pytest.raises(UserError, match="beyond float16"):
        embed(dataset, packed, "stretch", shifted)
    assert not list(place(dataset).glob("features-*"))


def views(count: int, n: int = 40) -> tuple[np.ndarray, ...]:
    """Embeddings that say which view and image they are."""
    return tuple(np.array([[v, i] for i in range(n)], dtype=np.float16) for v in range(count))


def drawn(step: int, slot: int, images: list[int]) -> Tensor:
    reader = held(views(4)[0], CPU)(np.array(images))
    return Drawn(views(4))(reader, Draws(0, step, torch.tensor(images), slot))[:, :, 0, 0].float()


def test_a_drawn_view_is_one_of_its_own_image() -> None:
    images = [7, 3, 3, 39, 0]
    assert drawn(0, 0, images)[:, 1].tolist() == images
    assert drawn(0, 0, images)[1].tolist() == drawn(0, 0, images)[2].tolist()


def test_a_drawn_view_depends_on_step_image_and_slot_alone() -> None:
    everything = list(range(40))
    whole = drawn(3, 1, everything)
    assert torch.equal(drawn(3, 1, everything[10:20]), whole[10:20])
    assert not torch.equal(drawn(4, 1, everything), whole)
    assert not torch.equal(drawn(3, 2, everything), whole)


def test_every_view_is_drawn_equally_often() -> None:
    chosen = torch.cat([drawn(step, 0, list(range(40)))[:, 0] for step in range(50)])
    shares = torch.bincount(chosen.long(), minlength=4) / len(chosen)
    torch.testing.assert_close(shares, torch.full((4,), 0.25), atol=0.03, rtol=0)


def test_moments_are_those_of_numpy() -> None:
    rows = np.random.default_rng(0).normal(5, 2, (3000, 4)).astype(np.float16)
    some = np.arange(0, 3000, 2)
    mean, deviation = moments(rows, some)
    np.testing.assert_allclose(mean, rows[some].astype(np.float64).mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(deviation, rows[some].astype(np.float64).std(axis=0), rtol=1e-4)
