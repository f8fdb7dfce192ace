import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from s2c2.data.formats.counts import read
from s2c2.data.formats.options import ImportOptions
from s2c2.errors import UserError

Tree = Callable[..., Path]
CIFAR10H = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "cifar10h"


def put(root: Path, counts: list[list[int]]) -> Path:
    np.save(root / "counts.npy", np.array(counts))
    return root


def test_row_i_belongs_to_the_image_that_is_ith_by_name(tree: Tree) -> None:
    root = put(tree("images/b.png", "images/a.png", "images/c.png"), [[0, 5], [0, 0], [2, 1]])
    source = read(root, ImportOptions(classes=("x", "y")))
    assert source.annotations.rows() == [("a.png", "", "y", 5), ("c.png", "", "x", 2), ("c.png", "", "y", 1)]
    assert len(source.images) == 3


@pytest.mark.parametrize("whole", [True, False])
def test_an_archive_is_read_given_itself_or_its_folder(
    tree: Tree, png: Callable[[int], bytes], whole: bool
) -> None:
    root = put(tree(), [[1, 0], [0, 1]])
    (root / "classes.txt").write_text("x\n\ny\n")
    with tarfile.open(root / "images.tar.xz", "w:xz") as tar:
        for name in ("2.png", "1.png"):
            info = tarfile.TarInfo(name)
            info.size = len(png(int(name[0])))
            tar.addfile(info, io.BytesIO(png(int(name[0]))))
    source = read(root if whole else root / "images.tar.xz", ImportOptions())
    assert source.classes == ("x", "y")
    assert source.annotations.rows() == [("1.png", "", "x", 1), ("2.png", "", "y", 1)]
    assert source.images[0].read() == png(1)


def test_images_may_lie_beside_the_counts_and_classes_are_numbers_where_nobody_names_them(tree: Tree) -> None:
    source = read(put(tree("a.png"), [[1, 0, 3]]), ImportOptions())
    assert source.classes == ("0", "1", "2")


@pytest.mark.parametrize(
    ("images", "counts", "classes", "why"),
    [
        (["a.png"], [[1, 2], [3, 4]], None, "has 2 rows, but there are 1 images"),
        (["a.png"], [[1, 2]], ("x", "y", "z"), "has 2 classes, but there are 3 class names"),
        (["2.png", "10.png"], [[1, 2], [3, 4]], None, r"'10\.png' comes before '2\.png'.*leading zeros"),
        ([], [[1, 2]], None, "no images.*an archive"),
        (["a.png"], [[1]], None, "at least two"),
    ],
)
def test_what_does_not_fit_is_named(
    tree: Tree, images: list[str], counts: list[list[int]], classes: tuple[str, ...] | None, why: str
) -> None:
    with pytest.raises(UserError, match=why):
        read(put(tree(*images), counts), ImportOptions(classes=classes))


def test_missing_counts_and_missing_sources_are_named(tree: Tree) -> None:
    with pytest.raises(UserError, match=r"lacks counts\.npy"):
        read(tree("a.png"), ImportOptions())
    with pytest.raises(UserError, match="no folder"):
        read(tree() / "absent", ImportOptions())


@pytest.mark.skipif(not CIFAR10H.is_dir(), reason="needs ../shared/data/cifar10h")
def test_cifar10h_is_read_as_it_lies_there() -> None:
    source = read(CIFAR10H, ImportOptions())
    assert len(source.images) == 10_000
    assert source.classes[3] == "cat"
    assert source.annotations["votes"].sum() == 511_000
    first = source.annotations.filter(image="0000.jpg").select("label", "votes").rows()
    assert dict(first) == {"automobile": 1, "bird": 1, "cat": 48, "dog": 1}
    assert source.licence is not None
    assert "NC-SA" in source.licence


@pytest.mark.skipif(not CIFAR10H.is_dir(), reason="needs ../shared/data/cifar10h")
def test_cifar10h_pixels_belong_to_their_counts() -> None:
    with np.load(CIFAR10H / "lossless_check_200.npz") as archive:
        arrays = list(archive.values())
    indices = next(array for array in arrays if array.ndim == 1)
    originals = next(array for array in arrays if array.ndim == 4)
    images = read(CIFAR10H, ImportOptions()).images
    for index, original in zip(indices[:40], originals[:40], strict=True):
        pixels = np.asarray(Image.open(io.BytesIO(images[index].read()))).astype(float)
        assert np.sqrt(((pixels - original) ** 2).mean()) < 15
