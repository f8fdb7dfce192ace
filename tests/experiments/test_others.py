from pathlib import Path

from s2c2.experiments.others import images_in


def test_hidden_files_and_those_of_a_mac_are_no_images_to_predict(tmp_path: Path) -> None:
    names = (".annotate/thumbnails/128/a.webp", ".thumbs/t.png", "__MACOSX/i1.png", "._i1.png")
    for name in (*names, "i1.png", "b/2.JPG"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert images_in(tmp_path) == [tmp_path / "b/2.JPG", tmp_path / "i1.png"]
    below = tmp_path / ".annotate" / "thumbnails"
    assert images_in(below) == [below / "128/a.webp"]
