"""Label spreading: what images that look alike say of each other's classes. No torch.

Labels spread over a graph of nearest neighbours ("local and global consistency", Zhou et al. 2004):

- w_ij = max(0, cos(z_i, z_j))⁴, where j is among the k nearest of i, or i among those of j; else 0. z are the
  principal components of what is known of an image, at most 128, around their mean.
- F = (1 − α) · Σ_t (α · S)^t · Y with S = D^−½ · W · D^−½; Y holds the votes of a labeled image, and nothing
  for the others.
- g(x) ∝ m · Σ_j w(x, z_j) · F_j / √d_j over the k nearest images j that were trained on, for any image x; an
  image is no neighbour of its own. m is the share of a class among the votes, divided by the mean of its g
  without m (class mass normalisation, Zhu et al. 2003).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int, Int64
from scipy import sparse

NEIGHBOURS = 10
"""k."""
KEPT = 0.8
"""α: share of what an image says that comes from its neighbours."""
SHARPNESS = 4
"""Power of the cosine in a weight."""
STEPS = 60
"""Steps after which the sum ends; α to this power is 10⁻⁶."""
COMPONENTS = 128
"""Most principal components."""
LEAST = 1e-6
"""Variance, as a share of the largest, below which a component is left out."""
MOST = 32_768
"""Images that a graph should hold at most: its time grows with their square."""
OWN = 1 - 1e-6
"""Cosine from which on an image is taken for the same."""
BLOCK = 1024
"""Images whose neighbours are looked for at a time."""
FOLDS = 5
"""Parts of the labeled images, each of which is asked what the labels of the others say."""


@dataclass(frozen=True)
class Spread:
    """What was fitted: images that were trained on, and what they say."""

    mean: Float32[np.ndarray, " e"]
    components: Float32[np.ndarray, "d e"]
    """Principal components; with the mean they make z of what is known of an image."""
    points: Float32[np.ndarray, "n d"]
    """z of the images of the graph, rounded to half precision at length one."""
    beliefs: Float32[np.ndarray, "n k"]
    """F_j / √d_j."""
    shares: Float64[np.ndarray, " k"]
    """Share of each class among the votes."""
    masses: Float64[np.ndarray, " k"]
    """m."""

    def __call__(self, inputs: Float[np.ndarray, "m e"]) -> Float64[np.ndarray, "m k"]:
        """Return g of images; the shares of the votes where no neighbour says anything."""
        return self.said(heard(inputs, self.mean, self.components, self.points))

    def said(self, by: "Heard") -> Float64[np.ndarray, "m k"]:
        """Return g of images whose neighbours are known."""
        said = np.zeros((len(by.near), len(self.shares)))
        for rows in blocks(len(said)):
            said[rows] = np.einsum("mj,mjk->mk", by.weights[rows], self.beliefs[by.near[rows]])
        return normalised(said * self.masses, self.shares)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all fields by name, the points in half precision, which they have anyway."""
        return vars(self) | {"points": self.points.astype(np.float16)}


def read(arrays: Mapping[str, np.ndarray]) -> Spread:
    """Return what :meth:`Spread.arrays` gave.

    Raises:
        KeyError: when one is missing.
    """
    found = {one.name: arrays[one.name] for one in fields(Spread)}
    return Spread(**found | {"points": found["points"].astype(np.float32)})


@dataclass(frozen=True)
class Heard:
    """Whom images listen to."""

    near: Int64[np.ndarray, "m j"]
    """Nearest images of the graph."""
    weights: Float64[np.ndarray, "m j"]
    """w of each."""

    def of(self, rows: Int[np.ndarray, " r"]) -> "Heard":
        """Return whom some of the images listen to."""
        return Heard(self.near[rows], self.weights[rows])


@dataclass(frozen=True)
class Graph:
    """Images by what is known of them, before any label."""

    heard: Heard
    """Whom each image of the graph listens to, as if it came anew."""
    mean: Float32[np.ndarray, " e"]
    components: Float32[np.ndarray, "d e"]
    points: Float32[np.ndarray, "n d"]
    """As of :class:`Spread`."""
    between: sparse.csr_array
    """S."""
    degrees: Float64[np.ndarray, " n"]
    """√d; one for an image without neighbours."""


def graph(inputs: Float[np.ndarray, "n e"]) -> Graph:
    """Return the graph of images that were trained on.

    Args:
        inputs: what is known of each image.
    """
    mean, components = principal(inputs)
    points = unit((inputs - mean) @ components.T).astype(np.float16).astype(np.float32)
    heavy = neighbourhood(points)
    degrees = np.sqrt(np.asarray(heavy.sum(axis=1)).ravel())
    degrees[degrees == 0] = 1
    scale = sparse.diags_array(1 / degrees)
    known = heard(inputs, mean, components, points)
    return Graph(known, mean, components, points, (scale @ heavy @ scale).tocsr(), degrees)


def fit(made: Graph, labeled: Int[np.ndarray, " l"], votes: Float[np.ndarray, "l k"]) -> Spread:
    """Spread labels over a graph.

    Args:
        made: the graph.
        labeled: rows of its labeled images.
        votes: share of the votes of each of these that a class has.
    """
    said = np.zeros((len(made.points), votes.shape[1]))
    said[labeled] = votes
    beliefs = (diffused(made.between, said) / made.degrees[:, None]).astype(np.float32)
    shares = votes.mean(axis=0, dtype=np.float64)
    even = Spread(made.mean, made.components, made.points, beliefs, shares, np.ones_like(shares))
    found = even.said(made.heard).mean(axis=0)
    masses = np.divide(shares, found, out=np.zeros_like(shares), where=found > 0)
    return replace(even, masses=masses)


def apart(
    made: Graph,
    labeled: Int[np.ndarray, " l"],
    votes: Float[np.ndarray, "l k"],
    groups: Int[np.ndarray, " l"] | None = None,
) -> Float64[np.ndarray, "l k"]:
    """Return g of labeled images from the labels of others: their own would come back through neighbours.

    Args:
        made: as of :func:`fit`.
        labeled: as of :func:`fit`.
        votes: as of :func:`fit`.
        groups: as of :func:`folds`.
    """
    said = np.repeat(votes.mean(axis=0, keepdims=True, dtype=np.float64), len(votes), axis=0)
    for asked in folds(np.arange(len(votes)) if groups is None else groups):
        if not asked.all():
            said[asked] = fit(made, labeled[~asked], votes[~asked]).said(made.heard.of(labeled[asked]))
    return said


def folds(groups: Int[np.ndarray, " l"]) -> Iterator[Bool[np.ndarray, " l"]]:
    """Yield which labeled images are in each fold: every one is in one, copies in the same.

    Args:
        groups: number of each image, the same for exact copies (:func:`s2c2.data.splits.duplicates`), whose
            label is its own.
    """
    fold = groups % FOLDS
    for number in np.unique(fold):
        yield fold == number


def some(images: int, labeled: Int[np.ndarray, " l"], seed: int) -> Int64[np.ndarray, " d"]:
    """Return the rows that a graph should hold, rising: all, or as many as it may, half of them labeled.

    Args:
        images: how many there are.
        labeled: rows of the labeled ones.
        seed: of those that are drawn.
    """
    if images <= MOST:
        return np.arange(images)
    rng, others = np.random.default_rng(seed), np.setdiff1d(np.arange(images), labeled)
    spoken = rng.choice(labeled, min(len(labeled), max(MOST // 2, MOST - len(others))), replace=False)
    return np.union1d(spoken, rng.choice(others, min(len(others), MOST - len(spoken)), replace=False))


def principal(
    inputs: Float[np.ndarray, "n e"],
) -> tuple[Float32[np.ndarray, " e"], Float32[np.ndarray, "d e"]]:
    """Return mean and principal components, those of the largest variance first."""
    mean = inputs.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((len(mean), len(mean)))
    for rows in blocks(len(inputs)):
        centred = inputs[rows] - mean
        covariance += centred.T @ centred
    values, vectors = np.linalg.eigh(covariance)
    count = max(1, min(COMPONENTS, int((values > LEAST * values[-1]).sum())))
    return mean.astype(np.float32), vectors[:, ::-1][:, :count].T.astype(np.float32)


def neighbourhood(points: Float32[np.ndarray, "n d"]) -> sparse.csr_array:
    """Return W."""
    count, points = len(points), unit(points)
    near, cosines = nearest(points, points)
    heavy = weights(cosines, near == np.arange(count)[:, None])
    rows = np.repeat(np.arange(count), near.shape[1])
    graph = sparse.csr_array((heavy.ravel(), (rows, near.ravel())), shape=(count, count))
    return graph.maximum(graph.T).tocsr()


def diffused(between: sparse.csr_array, said: Float64[np.ndarray, "n k"]) -> Float64[np.ndarray, "n k"]:
    """Return F for S and Y."""
    found = (1 - KEPT) * said
    for _ in range(STEPS):
        found = KEPT * (between @ found) + (1 - KEPT) * said
    return np.asarray(found)


def heard(
    inputs: Float[np.ndarray, "m e"],
    mean: Float32[np.ndarray, " e"],
    components: Float32[np.ndarray, "d e"],
    points: Float32[np.ndarray, "n d"],
) -> Heard:
    """Return whom images listen to, of those of a graph; an image never to itself."""
    seen = np.empty((len(inputs), len(components)), dtype=np.float32)
    for rows in blocks(len(inputs)):
        seen[rows] = unit((inputs[rows] - mean) @ components.T)
    near, cosines = nearest(unit(points), seen)
    own = np.zeros(near.shape, dtype=bool)
    own[:, 0] = cosines[:, 0] > OWN
    return Heard(near, weights(cosines, own))


def nearest(
    points: Float32[np.ndarray, "n d"], others: Float32[np.ndarray, "m d"]
) -> tuple[Int64[np.ndarray, "m j"], Float64[np.ndarray, "m j"]]:
    """Return one point more than :data:`NEIGHBOURS` nearest to each of the others, and the cosines, falling.

    All are of length one. An image that is among the points is one of its own nearest.
    """
    count = min(NEIGHBOURS + 1, len(points))
    near, cosines = np.empty((len(others), count), dtype=np.int64), np.empty((len(others), count))
    for rows in blocks(len(others)):
        alike = others[rows] @ points.T
        found = np.argpartition(-alike, count - 1, axis=1)[:, :count]
        values = np.take_along_axis(alike, found, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        near[rows], cosines[rows] = (np.take_along_axis(one, order, axis=1) for one in (found, values))
    return near, cosines


def weights(cosines: Float64[np.ndarray, "m j"], own: Bool[np.ndarray, "m j"]) -> Float64[np.ndarray, "m j"]:
    """Return w of the nearest points but the image itself, or but the last where it is not among them."""
    kept = ~own
    if cosines.shape[1] > NEIGHBOURS:
        kept[:, -1] &= own.any(axis=1)
    return np.asarray(np.maximum(cosines, 0) ** SHARPNESS * kept)


def unit(points: Float[np.ndarray, "n d"]) -> Float32[np.ndarray, "n d"]:
    """Return points at length one; zero stays zero."""
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    return np.asarray(points / np.maximum(lengths, 1e-12), dtype=np.float32)


def normalised(
    shares: Float64[np.ndarray, "n k"], instead: Float64[np.ndarray, " k"]
) -> Float64[np.ndarray, "n k"]:
    """Return rows that sum to one; ``instead`` for those that hold nothing."""
    totals = shares.sum(axis=1, keepdims=True)
    return np.asarray(np.where(totals > 0, shares / np.where(totals > 0, totals, 1), instead))


def blocks(count: int) -> Iterator[slice]:
    """Yield slices of at most :data:`BLOCK` rows that cover ``count``."""
    return (slice(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK))
