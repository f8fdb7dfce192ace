import numpy as np
import pytest

from s2c2.errors import UserError
from s2c2.metrics.aligned import judged, same_images
from s2c2.predictions import Predictions


def predictions(images: tuple[str, ...], classes: tuple[str, ...] = ("cat", "dog")) -> Predictions:
    rows = np.arange(len(images) * len(classes), dtype=np.float32).reshape(len(images), len(classes)) + 1
    probabilities = rows / rows.sum(axis=1, keepdims=True)
    return Predictions(classes, images, ("validation",) * len(images), probabilities, probabilities)


def test_unannotated_images_are_left_out_and_counted() -> None:
    soft_labels = np.array([[0.2, 0.8], [np.nan, np.nan], [1.0, 0.0]])
    rated = judged(predictions(("a", "b", "c")), soft_labels)
    assert rated.predictions.images == ("a", "c")
    assert rated.left_out == 1
    assert rated.target.tolist() == [1, 0]
    np.testing.assert_array_equal(rated.soft_labels, soft_labels[[0, 2]])


def test_three_of_four_images_are_left_out() -> None:
    soft_labels = np.array([[np.nan, np.nan], [0.2, 0.8], [np.nan, np.nan], [np.nan, np.nan]])
    assert judged(predictions(tuple("abcd")), soft_labels).left_out == 3


def test_equal_votes_give_the_first_class() -> None:
    assert judged(predictions(("a",)), np.array([[0.5, 0.5]])).target.tolist() == [0]


@pytest.mark.parametrize("shape", [(1, 2), (2, 3)])
def test_soft_labels_that_do_not_fit(shape: tuple[int, int]) -> None:
    with pytest.raises(UserError, match="shape"):
        judged(predictions(("a", "b")), np.full(shape, 0.5))


def test_nothing_annotated() -> None:
    with pytest.raises(UserError, match="none of these 2 images"):
        judged(predictions(("a", "b")), np.full((2, 2), np.nan))


def test_rows_are_brought_into_the_same_order() -> None:
    other = predictions(("b", "c", "a"))
    moved = same_images(predictions(("a", "b", "c")), other)
    assert moved.images == ("a", "b", "c")
    np.testing.assert_array_equal(moved.probabilities, other.probabilities[[2, 0, 1]])


def test_other_images_are_named() -> None:
    with pytest.raises(UserError, match="2 are in one only, such as 'b'"):
        same_images(predictions(("a", "b")), predictions(("a", "c")))


def test_an_image_twice() -> None:
    with pytest.raises(UserError, match="twice"):
        same_images(predictions(("a", "b")), predictions(("a", "b", "a")))
    with pytest.raises(UserError, match="twice"):
        same_images(predictions(("a", "b", "a")), predictions(("a", "b")))
    with pytest.raises(UserError, match="twice"):
        same_images(predictions(("a", "b", "a")), predictions(("a", "b", "a")))


def test_other_classes() -> None:
    with pytest.raises(UserError, match="other classes"):
        same_images(predictions(("a",)), predictions(("a",), ("cat", "cow")))
    with pytest.raises(UserError, match="other classes"):
        same_images(predictions(("a",), ("cat", "cow")), predictions(("a",)))


def test_classes_that_were_read_twice_are_the_same() -> None:
    other = predictions(("a",), tuple(reversed(("dog", "cat"))))
    assert same_images(predictions(("a",)), other).images == ("a",)
