"""Small starts and acts for the tests."""

from typing import Any

from s2c2.web.acts import Act, Name, Recorded
from s2c2.web.board import Board
from s2c2.web.start import Start, StartGroup

SCOPE = "shared/1/s2c2"


def group(name: str, images: tuple[int, ...], coherence: float = 0.5, **other: Any) -> StartGroup:
    """Return a group whose kind is in its name."""
    kind = {"class": "class", "cluster": "cluster"}.get(name.split("-")[0], "plain")
    n = len(images)
    shares = None if kind == "plain" else (0.75, 0.25)
    return StartGroup(
        name, kind, name.replace("-", " "), images, shares, 0.5, coherence, (1.0,) * n, (False,) * n, **other
    )


def small() -> Start:
    """Return ten images in three groups of an arm, and in one of another; image 9 is in no proposal."""
    proposed = (
        group("class-0", (0, 1, 2, 3), 0.9),
        group("cluster-1", (6, 4, 5), 0.5),
        group("cluster-2", (7, 8), float("nan")),
    )
    plain = group("all", tuple(range(10)), float("nan"))
    return Start(tuple(f"i{n}.png" for n in range(10)), ("cat", "dog"), {"s2c2": proposed, "none": (plain,)})


def act(name: Name, images: tuple[int, ...] = (), group: str | None = None, **other: Any) -> Act:
    """Return an act of the shared scope; ``key`` and ``tab`` have defaults."""
    given = {"key": "key", "scope": SCOPE, "version": None, "tab": "tab"} | other
    return Act(name=name, images=images, group=group, **given)


def does(board: Board, annotator: str, act: Act) -> Recorded:
    """Check and apply an act as the next one."""
    board.check(annotator, act)
    recorded = Recorded(board.seq + 1, annotator, f"2026-01-01T00:00:{board.seq:02}Z", act)
    board.apply(recorded)
    return recorded
