"""Parts of alike images by k-means, in NumPy alone: a library for it takes seconds and 100 MB to import."""

import numpy as np
from jaxtyping import Float32, Float64, Int64

TRIES = (3, 10)
"""Fewest and most beginnings, the one that ends best counts: few rows need more and can afford them."""

AFFORDED = 2**20
"""Numbers that the tries may read together in one step, where more than the fewest are made."""

DRAWS = 4
"""Rows that are drawn for each centre of a beginning."""

MOST_STEPS = 300
"""Steps after which a try ends, settled or not."""

Rows = Float32[np.ndarray, "n e"]
Centres = Float32[np.ndarray, "k e"]
Labels = Int64[np.ndarray, " n"]


def parted(rows: Rows, count: int, rng: np.random.Generator) -> tuple[Labels, Float32[np.ndarray, " n"]]:
    """Return the part of each row, and its distance from the centre of that part; no part is empty.

    Args:
        rows: embeddings.
        count: number of parts, at most that of rows.
        rng: draws the beginnings (greedy k-means++).
    """
    near = rows - rows.mean(axis=0)
    fewest, most = TRIES
    afforded = min(max(AFFORDED // max(near.size, 1), fewest), most)
    tries = [_settled(near, _spread(near, count, rng)) for _ in range(afforded)]
    labels, away = min(tries, key=lambda found: float(np.square(found[1], dtype=np.float64).sum()))
    return labels, away


def _spread(rows: Rows, count: int, rng: np.random.Generator) -> Centres:
    """Return rows to begin with: the best of some, drawn by their squared distance from those before."""
    chosen = [int(rng.integers(len(rows)))]
    nearest = _squares(rows, rows[chosen[0]])
    while len(chosen) < count:
        total = nearest.sum()
        drawn = rng.choice(len(rows), DRAWS, p=nearest / total if total > 0 else None).tolist()
        left = [np.minimum(nearest, _squares(rows, rows[row])) for row in drawn]
        best = min(range(DRAWS), key=lambda at: float(left[at].sum()))
        chosen.append(drawn[best])
        nearest = left[best]
    return rows[chosen]


def _squares(rows: Rows, centre: Float32[np.ndarray, " e"]) -> Float64[np.ndarray, " n"]:
    away = rows - centre
    squares: Float64[np.ndarray, " n"] = np.einsum("ne,ne->n", away, away, dtype=np.float64)
    return squares


def _settled(rows: Rows, centres: Centres) -> tuple[Labels, Float32[np.ndarray, " n"]]:
    """Move centres to the mean of the rows nearest to them until nothing changes."""
    labels = np.full(len(rows), -1, dtype=np.int64)
    for _ in range(MOST_STEPS):
        squares = np.square(centres).sum(axis=1) - 2 * (rows @ centres.T)
        found = _filled(squares.argmin(axis=1), rows, centres)
        if np.array_equal(found, labels):
            break
        labels = found
        centres = np.stack([rows[labels == part].mean(axis=0) for part in range(len(centres))])
    return labels, np.linalg.norm(rows - centres[labels], axis=1)


def _filled(labels: Labels, rows: Rows, centres: Centres) -> Labels:
    """Give each part that is empty the row farthest from its centre, out of a part that has others."""
    sizes = np.bincount(labels, minlength=len(centres))
    if sizes.all():
        return labels
    farthest = np.argsort(-np.linalg.norm(rows - centres[labels], axis=1), kind="stable")
    for part in np.flatnonzero(sizes == 0):
        row = next(row for row in farthest if sizes[labels[row]] > 1)
        sizes[labels[row]] -= 1
        sizes[part], labels[row] = 1, part
    return labels
