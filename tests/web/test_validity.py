"""What is no act, and the sentence that it gets."""

import math
import re
from typing import Any

import pytest

from s2c2.errors import UserError
from s2c2.web.acts import Conflict
from s2c2.web.board import Board
from tests.web.starts import act, small


@pytest.fixture
def board() -> Board:
    return Board(small())


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("label", {"images": (0,)}, "label needs label"),
    ("label", {"label": 0}, "label needs images"),
    ("label", {"images": (0,), "label": 2}, "unknown class 2: Possible: 0 to 1"),
    ("label", {"images": (0, 10), "label": 1}, "unknown image 10: Possible: 0 to 9"),
    ("label", {"images": (-1,), "label": 1}, "unknown image -1"),
    ("label", {"images": (1, 1), "label": 1}, "named twice"),
    ("label", {"images": (0,), "label": 1, "group": "class-00"}, "did you mean 'class-0'"),
    ("label", {"images": (0,), "label": 1, "scope": "shared"}, "WHO/ROUND/ARM"),
    ("label", {"images": (0,), "label": 1, "scope": "shared/01/s2c2"}, "WHO/ROUND/ARM"),
    ("label", {"images": (0,), "label": 1, "scope": "shared/1/s2c"}, "unknown arm 's2c'"),
    ("label", {"images": (0,), "label": 1, "key": ""}, "needs a key"),
    ("label", {"images": (0,), "label": 1, "key": "a\x00"}, "printable"),
    ("label", {"images": (0,), "label": 1, "active": math.nan}, "active must be seconds"),
    ("label", {"images": (0,), "label": 1, "wall": -1.0}, "wall must be seconds"),
    ("label", {"images": (0,), "label": 1, "selected": -1}, "0 or more"),
    ("label", {"images": (0,), "label": 1, "version": 7, "group": "class-0"}, "version 7 is not known"),
    ("accept", {"group": "class-0", "label": 0}, "nothing is open"),
    ("ambiguous", {"images": (0,), "distribution": (1.0,)}, "each of the 2 classes, not 1"),
    ("ambiguous", {"images": (0,), "distribution": (0.5, 0.6)}, "add up to 1, not 1.1"),
    ("ambiguous", {"images": (0,), "distribution": (-0.5, 1.5)}, "0 or more"),
    ("ambiguous", {"images": (0,), "distribution": (math.inf, 0.0)}, "0 or more"),
    ("decide", {"images": (0,)}, "either a label or a distribution"),
    ("decide", {"images": (0,), "label": 1, "distribution": (0.5, 0.5)}, "either a label or a distribution"),
    ("finish", {"group": "class-0", "images": (0,)}, "finish takes no images"),
    ("merge", {"group": "class-0", "images": (0,), "target": "class-0"}, "into itself"),
    ("split", {"group": "class-0", "images": (0, 1, 2, 3)}, "cannot split off all"),
    ("recluster", {"group": "class-0", "images": (0, 1), "parts": ((0,),)}, "each of its images once"),
    ("recluster", {"group": "class-0", "images": (0,), "parts": ((0,), ())}, "is empty"),
    ("redo", {}, "nothing to redo"),
    ("dance", {}, "unknown act 'dance'"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fields", "sentence"), WRONG, ids=lambda value: str(value)[:40])
def test_what_is_no_act_gets_a_sentence(
    board: Board, name: Any, fields: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UserError, match=re.escape(sentence)) as caught:
        board.check("ann", act("label", **fields) if name == "label" else _named(name, fields))
    assert not isinstance(caught.value, Conflict)


def _named(name: Any, fields: dict[str, Any]) -> Any:
    made = act("label", **fields)
    object.__setattr__(made, "name", name)
    return made
