import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s2c2.data.formats import FORMATS, ImportOptions
from s2c2.data.formats.walk import below, entry_in, files_in, images_below, read_bytes
from s2c2.errors import UserError

Tree = Callable[..., Path]


def test_images_are_found_in_subfolders_sorted_and_read_one_at_a_time(
    tree: Tree, png: Callable[[int], bytes]
) -> None:
    root = tree(
        "b/c/2.png", "a.JPG", "b/1.tiff", ".hidden/x.png", "__MACOSX/a.png", "@eaDir/a.png", note_csv="a,b"
    )
    images = images_below(root)
    assert [image.name for image in images] == ["a.JPG", "b/1.tiff", "b/c/2.png"]
    assert images[2].read() == png(0)
    assert images[2].origin == str(root / "b/c/2.png")


def test_files_that_may_be_images_but_are_not_read_are_counted(tree: Tree) -> None:
    root = tree("a.png", "b.jfif", "c.JPE", "d.CR2", "e/f.cr2", "e/g.pgm", "h", ".hidden/i.tga", note_csv="a")
    assert [image.name for image in images_below(root)] == ["a.png", "b.jfif", "c.JPE"]
    assert below(root)[1] == ("4 other files were not read: .cr2 2, without ending 1, .pgm 1",)
    with pytest.raises(UserError, match=r"no images in .*; 2 other files were not read: \.cr2 1, \.pgm 1"):
        images_below(root / "e")


def test_a_missing_folder_a_file_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no folder"):
        images_below(tmp_path / "nothing")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is a file"):
        images_below(tmp_path / "file")
    with pytest.raises(UserError, match=r"no images in .*looked for \.png"):
        images_below(tmp_path)


SETS = json.dumps(
    [
        {
            "name": "INVALID1",
            "dataset_name": "d",
            "annotations": [{"image_path": f"d/fold1/deep/{k}.png", "class_label": k} for k in "xy"],
        }
    ]
)
WALKED: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "folders": (("x/deep/1.png", "y/2.png"), {}),
    "imagefolder": (("x/deep/1.png", "y/2.png"), {}),
    "dc3": (("train/x/deep/1.png", "train/y/2.png"), {}),
    "table": (("deep/x.png", "deep/y.png"), {"t_csv": "image,label\ndeep/x.png,x\ndeep/y.png,y\n"}),
    "dcic": (("fold1/deep/x.png", "fold1/deep/y.png"), {"annotations_json": SETS}),
}
"""Images and tables of a source with a folder ``deep``."""


@pytest.mark.parametrize("name", WALKED)
def test_an_import_walks_a_folder_once(name: str, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    images, texts = WALKED[name]
    root = tree(*images, **texts)
    (root / images[0]).with_name("d.tga").touch()
    seen = list[str]()

    def scandir(path: str, original: Any = os.scandir) -> Any:
        seen.append(Path(path).name)
        return original(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = FORMATS[name](root, ImportOptions())
    assert len(found.images) == 2
    assert found.notes == ("1 other file was not read: .tga 1",)
    assert seen.count("deep") == 1


def test_a_link_within_the_folder_is_followed(tree: Tree) -> None:
    root = tree("a/1.png")
    (root / "a/2.png").symlink_to(root / "a/1.png")
    assert len(images_below(root)) == 2


@pytest.mark.parametrize(
    ("target", "why"),
    [("/etc/hostname", "leaves the folder"), ("a", "not lead to a file"), ("gone", "leads nowhere")],
)
def test_links_out_of_the_folder_to_folders_and_to_nowhere_are_refused(
    tree: Tree, target: str, why: str
) -> None:
    root = tree("a/1.png")
    (root / "link.png").symlink_to(target)
    with pytest.raises(UserError, match=why):
        images_below(root)


def test_a_loop_of_links_is_refused(tree: Tree) -> None:
    root = tree("a/1.png")
    (root / "x.png").symlink_to("y.png")
    (root / "y.png").symlink_to("x.png")
    with pytest.raises(UserError, match="the link"):
        images_below(root)


def test_pipes_are_refused_and_never_opened(tree: Tree) -> None:
    root = tree("a/1.png")
    os.mkfifo(root / "a/pipe.png")
    with pytest.raises(UserError, match="neither a file nor a folder"):
        images_below(root)
    with pytest.raises(UserError, match="not a file"):
        read_bytes(root / "a/pipe.png")


def test_names_that_differ_in_case_are_refused(tree: Tree) -> None:
    with pytest.raises(UserError, match="only in case"):
        images_below(tree("a/1.png", "a/1.PNG"))


def test_a_name_that_is_not_text_is_refused(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")).write_bytes(b"")
    with pytest.raises(UserError, match="readable text"):
        images_below(tmp_path)


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(bytes(2**20 + 1))
    with pytest.raises(UserError, match="larger than 1 MB"):
        read_bytes(tmp_path / "a.png", 2**20)


def test_known_names_are_found_unless_they_are_links_out(tree: Tree) -> None:
    root = tree("images/1.png", counts_csv="x")
    assert entry_in(root, "images") == root / "images"
    assert entry_in(root, "absent") is None
    assert files_in(root) == [root / "counts.csv"]
    (root / "t.csv").symlink_to("/etc/hostname")
    for find in (lambda: entry_in(root, "t.csv"), lambda: files_in(root)):
        with pytest.raises(UserError, match="leaves the folder"):
            find()


def test_an_image_folder_that_is_a_link_is_refused_by_every_format_that_looks_for_it(
    tree: Tree, tmp_path: Path
) -> None:
    root = tree(t_csv="image,label\na.png,x\n")
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "a.png").write_bytes(b"secret")
    (root / "images").symlink_to(tmp_path / "private")
    (root / "counts.npy").write_bytes(b"")
    for name in ("table", "counts", "folders", "imagefolder"):
        with pytest.raises(UserError, match="leaves the folder"):
            FORMATS[name](root, ImportOptions(classes=("x", "y")))


@pytest.mark.parametrize("name", FORMATS)
def test_a_path_that_no_disk_knows_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"no folder|cannot be read"):
        FORMATS[name](tmp_path / ("x" * 5000), ImportOptions(name="x"))
