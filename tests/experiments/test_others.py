from pathlib import Path

import pytest

from s2c2.errors import UserError
from s2c2.experiments.others import images_in, passed


def test_hidden_files_and_those_of_a_mac_are_no_images_to_predict(tmp_path: Path) -> None:
    names = (".annotate/thumbnails/128/a.webp", ".thumbs/t.png", "__MACOSX/i1.png", "._i1.png")
    for name in (*names, "i1.png", "b/2.JPG"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert images_in(tmp_path) == [tmp_path / "b/2.JPG", tmp_path / "i1.png"]
    below = tmp_path / ".annotate" / "thumbnails"
    assert images_in(below) == [below / "128/a.webp"]


def test_files_that_are_not_predicted_are_counted(tmp_path: Path) -> None:
    for name in ("a.gif", "b.BMP", "c.bmp", "d.png", ".thumbs/e.gif", "images/f.gif"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert passed(tmp_path) == ("4 other files were not read: .bmp 2, .gif 2",)
    with pytest.raises(UserError, match=r"no images in .*; 1 other file was not read: \.gif 1"):
        images_in(tmp_path / "images")
    (tmp_path / "dataset.yaml").touch()
    assert passed(tmp_path) == ("1 other file was not read: .gif 1",)
