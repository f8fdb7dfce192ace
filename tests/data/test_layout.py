"""The images of a folder are those that a plain walk finds."""

from pathlib import Path

from s2c2.data.layout import SUFFIXES, find_images

NAMES = (
    "a.png",
    "b.JPG",
    "two words.jpeg",
    "c.tar.webp",
    "ünï%s.tif",
    "sub/a.png",
    "sub/deep/er/d.tiff",
    "notes.txt",
    "png",
    "e.png.bak",
    ".hidden.png",
    ".cache/f.png",
    "sub/.g.png",
    "folder.png/h.png",
)


def test_images_are_those_of_a_plain_walk(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
    paths = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    shown = [path for path in paths if not any(part.startswith(".") for part in path.parts)]
    expected = [path.as_posix() for path in shown if path.suffix.lower() in SUFFIXES]
    assert sorted(find_images(tmp_path)) == sorted(expected)
    assert len(expected) == 9
