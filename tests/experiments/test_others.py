import os
from pathlib import Path
from typing import Any

import pytest

from s2c2.errors import UserError
from s2c2.experiments.others import images_in, passed


def test_hidden_files_and_those_of_a_mac_are_no_images_to_predict(tmp_path: Path) -> None:
    names = (".annotate/thumbnails/128/a.webp", ".thumbs/t.png", "__MACOSX/i1.png", "._i1.png")
    for name in (*names, "i1.png", "b/2.JPG"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert images_in(tmp_path)[0] == [tmp_path / "b/2.JPG", tmp_path / "i1.png"]
    below = tmp_path / ".annotate" / "thumbnails"
    assert images_in(below)[0] == [below / "128/a.webp"]


def test_a_file_is_no_folder_of_images(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    with pytest.raises(UserError, match=r"a\.png is a file: give the folder"):
        images_in(tmp_path / "a.png")


def test_names_that_are_not_utf_8_are_refused(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"m\xfcll.png")).touch()
    with pytest.raises(UserError, match=r"the name 'm\\udcfcll\.png' in .* is not UTF-8"):
        images_in(tmp_path)


def test_links_to_folders_and_to_nothing_are_told(tmp_path: Path) -> None:
    folder, other = tmp_path / "new", tmp_path / "patient"
    for place in (folder, other):
        place.mkdir()
        (place / "a.png").touch()
    (folder / "b.png").symlink_to(other / "a.png")
    (folder / "patient1").symlink_to(other)
    (folder / "gone.png").symlink_to(folder / "nothing.png")
    told = ("links that lead to no file were not followed: gone.png; patient1",)
    assert images_in(folder) == ([folder / "a.png", folder / "b.png"], told)
    assert passed(folder) == told


def test_a_folder_is_walked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "b").mkdir()
    for name in ("a.png", "b/c.png", "b/d.gif"):
        (tmp_path / name).touch()
    seen = list[str]()

    def scandir(path: str, original: Any = os.scandir) -> Any:
        seen.append(Path(path).name)
        return original(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert images_in(tmp_path)[1] == ("1 other file was not read: .gif 1",)
    assert seen == [tmp_path.name, "b"]


def test_a_folder_that_cannot_be_read_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "patient").mkdir()
    (tmp_path / "a.png").touch()

    def scandir(path: str, original: Any = os.scandir) -> Any:
        if Path(path).name == "patient":
            raise PermissionError(13, "Permission denied", path)
        return original(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(UserError, match=r"cannot read the folder .*patient: Permission denied"):
        images_in(tmp_path)


def test_files_that_are_not_predicted_are_counted(tmp_path: Path) -> None:
    for name in ("a.gif", "b.BMP", "c.bmp", "d.png", ".thumbs/e.gif", "images/f.gif"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert passed(tmp_path) == ("4 other files were not read: .bmp 2, .gif 2",)
    with pytest.raises(UserError, match=r"no images in .*; 1 other file was not read: \.gif 1"):
        images_in(tmp_path / "images")
    (tmp_path / "dataset.yaml").touch()
    assert passed(tmp_path) == ("1 other file was not read: .gif 1",)
