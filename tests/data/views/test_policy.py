import numpy as np
import pytest
import torch
from torch import Tensor

from s2c2.data.views import VIEWS, Draws, Strong, View, Weak
from s2c2.data.views.policy import augmented
from s2c2.data.views.pool import POOL
from s2c2.errors import UserError

# Table 12 of FixMatch.
NAMES = [
    "autocontrast",
    "brightness",
    "color",
    "contrast",
    "equalize",
    "identity",
    "posterize",
    "rotate",
    "sharpness",
    "shear_x",
    "shear_y",
    "solarize",
    "translate_x",
    "translate_y",
]

MADE: dict[str, View] = {
    "weak": Weak(),
    "weak, no upright": Weak(upend=True, turn=True),
    "strong": Strong(),
    "strong, no upright": Strong(weak=Weak(upend=True, turn=True)),
}


def pictures(n: int = 40, size: int = 16) -> Tensor:
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (n, 3, size, size), dtype=np.uint8))


def draws(n: int = 40, slot: int = 0, step: int = 7) -> Draws:
    return Draws(seed=3, step=step, images=torch.arange(n), slot=slot)


def test_the_pool_is_that_of_fixmatch() -> None:
    assert len(POOL) == 14
    assert sorted(POOL) == NAMES
    assert set(VIEWS) == {"none", "weak", "strong"}


@pytest.mark.parametrize("view", MADE.values(), ids=MADE)
def test_the_same_draws_give_the_same_view_and_leave_the_image(view: View) -> None:
    images = pictures()
    before = images.clone()
    first = view(images, draws())
    assert torch.equal(first, view(images, draws()))
    assert torch.equal(images, before)
    assert first.shape == images.shape


@pytest.mark.parametrize("view", MADE.values(), ids=MADE)
def test_an_image_has_the_same_view_in_any_batch(view: View) -> None:
    images = pictures()
    whole = view(images, draws())
    for chosen in ([5], [39, 0, 17, 17, 4], list(range(39, -1, -1))):
        index = torch.tensor(chosen)
        assert torch.equal(view(images[index], Draws(3, 7, index)), whole[index])


@pytest.mark.parametrize("view", MADE.values(), ids=MADE)
def test_two_slots_and_two_steps_give_other_views(view: View) -> None:
    images = pictures()
    first = view(images, draws())
    for other in (draws(slot=1), draws(step=8)):
        same = (view(images, other) == first).flatten(1).all(dim=1)
        assert float(same.double().mean()) < 0.2


@pytest.mark.parametrize("view", [*MADE.values(), VIEWS["none"]])
def test_an_empty_batch_gives_an_empty_batch(view: View) -> None:
    assert view(pictures(0), draws(0)).shape == (0, 3, 16, 16)


def test_none_changes_nothing() -> None:
    assert torch.equal(VIEWS["none"](pictures(), draws()), pictures())


def test_a_weak_view_is_a_flip_and_a_shift_in_reach() -> None:
    images = pictures(200, size=16)
    seen = set()
    for image, view in zip(images.numpy(), Weak()(images, draws(200)).numpy(), strict=True):
        padded = np.pad(image, ((0, 0), (2, 2), (2, 2)), mode="reflect")
        found = [
            (flip, y, x)
            for flip in (False, True)
            for y in range(5)
            for x in range(5)
            if np.array_equal(view[..., ::-1] if flip else view, padded[:, y : y + 16, x : x + 16])
        ]
        assert len(found) == 1
        seen.add(found[0])
    assert len(seen) > 40  # 50 are possible


def test_flip_and_shift_can_be_switched_off() -> None:
    assert torch.equal(Weak(flip=False, shift=0.0)(pictures(), draws()), pictures())
    view = Weak(shift=0.0)(pictures(400), draws(400))
    flipped = (view == pictures(400).flip(3)).flatten(1).all(dim=1)
    assert 0.4 < float(flipped.double().mean()) < 0.6


def test_without_an_upright_all_eight_positions_are_equally_likely() -> None:
    image = pictures(1)
    view = Weak(upend=True, turn=True, shift=0.0)(image.repeat(800, 1, 1, 1), draws(800))
    symmetric = [turned.rot90(k, (2, 3)) for k in range(4) for turned in (image, image.flip(3))]
    counts = [int((view == position).flatten(1).all(dim=1).sum()) for position in symmetric]
    assert sum(counts) == 800
    assert min(counts) > 60


@pytest.mark.parametrize("shift", [-0.1, 1.0, float("nan")])
def test_a_shift_out_of_range_is_refused(shift: float) -> None:
    with pytest.raises(UserError, match="shift"):
        Weak(shift=shift)


def test_an_unknown_operation_is_refused_with_what_was_meant() -> None:
    with pytest.raises(UserError, match="rotate"):
        Strong(pool=("rotat",))


def test_cutout_covers_at_most_half_the_side_and_can_be_left_out() -> None:
    still = Weak(flip=False, shift=0.0)
    images = torch.zeros((300, 3, 16, 16), dtype=torch.uint8)
    covered = (Strong(still, operations=0)(images, draws(300)) == 127)[:, 0].flatten(1).sum(dim=1)
    assert int(covered.max()) == 64  # 8 × 8
    assert int(covered.min()) >= 16  # a corner: at least half of each side is inside
    assert torch.equal(Strong(still, operations=0, cutout=0.0)(pictures(), draws()), pictures())


def test_a_strong_view_is_a_weak_view_and_then_the_operations() -> None:
    solarized = Strong(operations=1, pool=("solarize",), cutout=0.0)(pictures(), draws())
    weak = Weak()(pictures(), draws())
    assert bool(((solarized == weak) | (solarized == 255 - weak)).all())


@pytest.mark.parametrize("name", POOL)
def test_augmented_applies_the_chosen_operation_to_each_image(name: str) -> None:
    pool = (POOL["identity"], POOL[name])
    images, amount = pictures(), torch.linspace(0, 0.99, 40, dtype=torch.float64)
    which = torch.arange(40, dtype=torch.float64) % 2 / 2
    view = augmented(images, pool, which, amount)
    for row in range(40):
        expected = POOL[name](images[row : row + 1], amount[row : row + 1]) if row % 2 else images[row, None]
        assert torch.equal(view[row : row + 1], expected)


def test_large_batches_are_handled_in_pieces_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Strong()(pictures(), draws())
    monkeypatch.setattr("s2c2.data.views.policy.CACHED", 1)
    assert torch.equal(Strong()(pictures(), draws()), whole)
