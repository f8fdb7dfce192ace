import struct
from collections.abc import Iterator
from itertools import count

import pytest

from s2c2.web.bundle import PATIENCE, bundled
from s2c2.web.pictures import PLACEHOLDER, Picture

PICTURES = {
    3: Picture(b"one", "image/webp", "a"),
    70_000: PLACEHOLDER,
    4: Picture(b"", "image/png", "b"),
    5: Picture(b"four", "image/jpeg", "c"),
}
EXPECTED = [(3, 1, b"one"), (70_000, 0, b""), (4, 2, b""), (5, 3, b"four")]


def records(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Take an answer apart, one byte after the other."""
    while data:
        image, kind, length = struct.unpack(">III", data[:12])
        yield image, kind, data[12 : 12 + length]
        data = data[12 + length :]


def test_pictures_that_are_there_come_at_once() -> None:
    parts = list(bundled(PICTURES, PICTURES.__getitem__, lambda: 0.0))
    assert len(parts) == 1
    assert list(records(parts[0])) == EXPECTED


def test_pictures_that_take_time_do_not_hold_back_those_before_them() -> None:
    seconds = count(0, 2 * PATIENCE)
    parts = list(bundled(PICTURES, PICTURES.__getitem__, lambda: next(seconds)))
    assert [list(records(part)) for part in parts if part] == [[one] for one in EXPECTED]


@pytest.mark.parametrize("part", range(3))
def test_a_picture_is_asked_for_when_its_turn_comes(part: int) -> None:
    asked: list[int] = []

    def thumbnail(image: int) -> Picture:
        asked.append(image)
        return PICTURES[image]

    seconds = count(0, 2 * PATIENCE)
    found = bundled(PICTURES, thumbnail, lambda: next(seconds))
    for _ in range(part + 1):
        next(found)
    assert asked == list(PICTURES)[: part + 1]
