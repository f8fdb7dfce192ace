import shutil
from pathlib import Path

import pytest

from s2c2.errors import UserError
from s2c2.web.opening import checked_annotator, secret, started
from s2c2.web.store import Store
from s2c2.web.workspace import fingerprint, narrowed, open_workspace
from tests.web.made import dataset_folder, run_folder


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return dataset_folder(tmp_path / "data", images=30)


def opened(tmp_path: Path) -> Store:
    return Store.open(f"sqlite:///{tmp_path / 'a.sqlite'}")


def test_a_run_has_the_arm_of_its_objective(dataset: Path, tmp_path: Path) -> None:
    s2c2 = open_workspace(run_folder(tmp_path / "s2c2", dataset))
    vanilla = open_workspace(run_folder(tmp_path / "vanilla", dataset, vanilla=True))
    assert (s2c2.arm, vanilla.arm) == ("s2c2", "ssl")
    assert set(s2c2.start().groups) == {"none", "s2c2"}
    assert {group.kind for group in vanilla.start().groups["ssl"]} == {"class"}
    both = open_workspace(tmp_path / "s2c2", plain=tmp_path / "vanilla")
    assert set(both.start().groups) == both.arms == {"none", "ssl", "s2c2"}
    with pytest.raises(UserError, match="plain run itself"):
        open_workspace(tmp_path / "vanilla", plain=tmp_path / "s2c2")
    with pytest.raises(UserError, match="no run folder"):
        open_workspace(dataset, plain=tmp_path / "vanilla")


def test_images_of_a_run_may_have_moved(dataset: Path, tmp_path: Path) -> None:
    run = run_folder(tmp_path / "run", dataset)
    moved = dataset.rename(tmp_path / "moved")
    with pytest.raises(UserError, match="--images"):
        open_workspace(run)
    assert open_workspace(run, images=moved).folder == moved / "images"


def test_a_part_of_the_images_has_groups_and_a_database_of_its_own(dataset: Path, tmp_path: Path) -> None:
    whole = open_workspace(run_folder(tmp_path / "run", dataset))
    table = tmp_path / "ask-again.csv"
    names = [whole.images[i] for i in (7, 2, 20, 2)]
    table.write_text("image,answers\n" + "".join(f"{name},2\n" for name in names))
    part = narrowed(whole, table)
    assert part.images == tuple(whole.images[i] for i in (2, 7, 20))
    assert part.database == whole.database.replace("annotations.sqlite", "annotations-ask-again.sqlite")
    start = part.start()
    for groups in start.groups.values():
        assert sorted(number for group in groups for number in group.images) == [0, 1, 2]
    before = {whole.images[i]: one.group for one in whole.start().groups["s2c2"] for i in one.images}
    after = {part.images[i]: one.group for one in start.groups["s2c2"] for i in one.images}
    assert after == {image: before[image] for image in part.images}
    assert narrowed(open_workspace(dataset), table).images == part.images
    odd = table.rename(tmp_path / "what next?.csv")
    assert narrowed(whole, odd).part == "what-next-"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name\na.png\n", "lacks the column 'image'"),
        ("image\n", "names no image"),
        ("image\nnowhere.png\n", "1 of 1 images of .*nowhere.png, are not there"),
    ],
)
def test_a_table_of_other_images_is_refused(dataset: Path, tmp_path: Path, text: str, said: str) -> None:
    table = tmp_path / "table.csv"
    table.write_text(text)
    with pytest.raises(UserError, match=said):
        narrowed(open_workspace(dataset), table)


@pytest.mark.parametrize("classes", [["cat"], ["cat", "cat"], ["cat", ""], ["cat", "dog\n"]])
def test_classes_of_a_folder_must_be_classes(dataset: Path, classes: list[str]) -> None:
    with pytest.raises(UserError, match="class"):
        open_workspace(dataset / "images", classes)


def test_a_folder_without_images_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no images"):
        open_workspace(tmp_path, ["a", "b"])
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="is a file"):
        open_workspace(tmp_path / "file")


def test_a_database_goes_on_when_images_come_and_not_when_they_go(dataset: Path, tmp_path: Path) -> None:
    folder, store = dataset / "images", opened(tmp_path)
    first = open_workspace(folder, ["cat", "dog"])
    assert started(store, first, "db")[1] == 0
    shutil.copy(folder / first.images[0], folder / "zz.png")
    start, new = started(store, open_workspace(folder, ["cat", "dog"]), "db")
    assert (start.images, new) == (first.images, 1)
    (folder / first.images[3]).unlink()
    with pytest.raises(UserError, match="1 of its 30 images"):
        started(store, open_workspace(folder, ["cat", "dog"]), "db")
    with pytest.raises(UserError, match="another dataset: classes"):
        started(store, open_workspace(folder, ["cat", "cow"]), "db")
    store.close()


def test_starting_groups_never_change_and_arms_are_added(dataset: Path, tmp_path: Path) -> None:
    run, store = run_folder(tmp_path / "run", dataset), opened(tmp_path)
    first, _ = started(store, open_workspace(run), "db")
    (run / "proposals.parquet").write_bytes(b"damaged, but nobody reads it")
    assert started(store, open_workspace(run), "db")[0].groups["s2c2"] == first.groups["s2c2"]
    vanilla = run_folder(tmp_path / "vanilla", dataset, vanilla=True)
    (run / "proposals.parquet").unlink()
    later, _ = started(store, open_workspace(run, plain=vanilla), "db")
    assert set(later.groups) == {"none", "ssl", "s2c2"}
    assert later.groups["s2c2"] == first.groups["s2c2"]
    store.close()


def test_fingerprints_tell_datasets_apart() -> None:
    prints = {
        fingerprint(images, classes, database)
        for images in (["a"], ["a", "b"], ["ab"], ["b", "a"])
        for classes in (["x", "y"], ["xy"], ["y", "x"])
        for database in ("1", "2")
    }
    assert len(prints) == 24


def test_a_secret_is_kept_and_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "secret"
    first = secret(path)
    assert secret(path) == first
    assert len(first) >= 32
    assert path.stat().st_mode & 0o077 == 0
    path.write_text("short")
    assert len(secret(path)) >= 32
    (tmp_path / "file").write_text("x")
    assert secret(tmp_path / "file" / "secret") != secret(tmp_path / "file" / "secret")


@pytest.mark.parametrize("name", ["", "  ", "a/b", "x" * 65, "a\nb", "Shared"])
def test_names_of_annotators(name: str) -> None:
    with pytest.raises(UserError, match="--annotator"):
        checked_annotator(name)
