import errno
import os
import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from s2c2.data import dataset, writing
from s2c2.data.annotations import Annotations
from s2c2.data.dataset import Dataset, create, read
from s2c2.data.source import Source, SourceImage
from s2c2.errors import UserError

YAML = "name: pets\nclasses: [cat, dog]\n"


def png(colour: int = 0, kind: str = "PNG") -> bytes:
    stream = BytesIO()
    Image.fromarray(np.full((8, 8, 3), colour, dtype=np.uint8)).save(stream, kind)
    return stream.getvalue()


def folder(root: Path, yaml: str = YAML, images: tuple[str, ...] = ("a.png", "b/c.JPG")) -> Path:
    for image in images:
        (root / "images" / image).parent.mkdir(parents=True, exist_ok=True)
        (root / "images" / image).write_bytes(png())
    root.mkdir(exist_ok=True)
    (root / "dataset.yaml").write_text(yaml, encoding="utf-8")
    return root


def source(data: dict[str, bytes | Exception], **changes: object) -> Source:
    def reader(value: bytes | Exception) -> Callable[[], bytes]:
        def read_bytes() -> bytes:
            if isinstance(value, Exception):
                raise value
            return value

        return read_bytes

    images = tuple(SourceImage(name, reader(value), f"zip:{name}") for name, value in data.items())
    annotations = pl.DataFrame({"image": list(data), "label": ["cat"] * len(data)})
    fields: dict[str, object] = {
        "name": "pets",
        "classes": ("cat", "dog"),
        "images": images,
        "annotations": annotations,
    }
    return Source(**(fields | changes))  # type: ignore[arg-type]


NFC, NFD, BETWEEN = "é/é.png", "e\u0301/e\u0301.png", "é/e\u0301.png"


def test_a_name_is_its_image_in_whichever_form_of_unicode_it_is_written(tmp_path: Path) -> None:
    for number, (image, written) in enumerate([(NFD, NFC), (NFC, NFD), (NFD, NFD), (NFC, BETWEEN)]):
        root = folder(tmp_path / str(number), images=("a.png", image))
        rows = f"a.png,cat\n{written},dog\n{image},dog\nü.png,cat\n"
        (root / "annotations.csv").write_text(f"image,label\n{rows}", encoding="utf-8")
        (root / "splits.csv").write_text(f"image,split\n{written},labeled\n", encoding="utf-8")
        found = read(root)
        assert found.images == tuple(sorted(("a.png", image)))
        assert found.annotations.counts((image, "a.png")).tolist() == [[0, 2], [1, 0]]
        assert found.splits == {image: "labeled"}
        assert found.strangers() == ["ü.png"]


def test_two_images_that_differ_by_the_form_of_unicode_alone_stay_two(tmp_path: Path) -> None:
    root = folder(tmp_path / "pets", images=(NFC, NFD))
    rows = f"{NFC},cat\n{NFD},dog\n{BETWEEN},dog\n"
    (root / "annotations.csv").write_text(f"image,label\n{rows}", encoding="utf-8")
    (root / "splits.csv").write_text(f"image,split\n{NFC},labeled\n{NFD},validation\n", encoding="utf-8")
    found = read(root)
    assert found.annotations.counts((NFC, NFD)).tolist() == [[1, 0], [0, 1]]
    assert found.splits == {NFC: "labeled", NFD: "validation"}
    assert found.strangers() == [BETWEEN]


def test_read_finds_everything(tmp_path: Path) -> None:
    yaml = YAML + "licence: CC0-1.0\ncitation: Someone, 2020\nsize: 48\n"
    root = folder(
        tmp_path / "pets", yaml, ("b/c.JPG", "a.png", "z.tiff", ".hidden.png", ".trash/x.png", "b/notes.txt")
    )
    (root / "annotations.csv").write_text("image,label,votes\na.png,dog,3\n")
    (root / "splits.csv").write_text("image,split\na.png,labeled\nz.tiff,validation\n")
    found = read(root)
    assert found.images == ("a.png", "b/c.JPG", "z.tiff")
    assert (found.name, found.classes, found.size) == ("pets", ("cat", "dog"), 48)
    assert (found.licence, found.citation) == ("CC0-1.0", "Someone, 2020")
    assert found.splits == {"a.png": "labeled", "z.tiff": "validation"}
    assert found.annotations.counts(found.images).tolist() == [[0, 3], [0, 0], [0, 0]]
    assert found.path("b/c.JPG") == root / "images" / "b" / "c.JPG"


def test_annotations_are_optional_and_parquet_counts_as_csv(tmp_path: Path) -> None:
    root = folder(tmp_path / "pets")
    assert len(read(root).annotations) == 0
    pl.DataFrame({"image": ["a.png"], "label": ["cat"]}).write_parquet(root / "annotations.parquet")
    assert len(read(root).annotations) == 1
    (root / "annotations.csv").write_text("image,label\n")
    with pytest.raises(UserError, match=r"keep one of them"):
        read(root)


@pytest.mark.parametrize(
    ("start", "mark"),
    [
        ("", ";"),
        ("\ufeff", ";"),
        ("sep=|\r\n", "|"),
        ('\ufeff"sep=;"\n', ";"),
        ("\n\n", ","),
        ("\ufeff\r\n \n;;\n", ";"),
        ("\nsep=;\n\n", ";"),
    ],
)
def test_the_line_of_what_is_wrong_is_that_of_the_file(start: str, mark: str, tmp_path: Path) -> None:
    root = folder(tmp_path)
    rows = ("image;label;note", "", 'a.png;cat;"two\nlines"', "  ", ";;", "a.png;cat;", "", "a.png;cta;")
    text = start + "".join(f"{row}\n" for row in rows).replace(";", mark)
    line = text.count("\n")
    text += "\n\n"
    (root / "annotations.csv").write_text(text, encoding="utf-8", newline="")
    with pytest.raises(UserError, match=rf"annotations\.csv, line {line}: unknown label 'cta'"):
        read(root)
    (root / "annotations.csv").write_text(text.replace("cta", "dog"), encoding="utf-8", newline="")
    assert read(root).annotations.table["label"].to_list() == ["cat", "cat", "dog"]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_csv_may_be_separated_by_semicolon_or_tab(tmp_path: Path, mark: str) -> None:
    root = folder(tmp_path / "pets")
    rows = "image|annotator|label|votes\na.png|7|cat|2\nz.tiff|o,p,q,r,s|dog|1\n"
    quoted = rows.replace("o,p,q,r,s", '"o,p,q,r,s"')
    (root / "annotations.csv").write_text("\ufeff" + quoted.replace("|", mark), encoding="utf-8")
    (root / "splits.csv").write_text("image|split\na.png|labeled\n".replace("|", mark))
    found = read(root)
    assert found.annotations.table["annotator"].to_list() == ["7", "o,p,q,r,s"]
    assert found.annotations.counts(("a.png", "z.tiff")).tolist() == [[2, 0], [0, 1]]
    assert found.splits == {"a.png": "labeled"}


def test_other_annotations(tmp_path: Path) -> None:
    found = read(folder(tmp_path / "pets"))
    better = Annotations.build(pl.DataFrame({"image": ["a.png"], "label": ["cat"]}), ("cat", "dog"))
    changed = found.with_annotations(better)
    assert changed.annotations is better
    assert len(found.annotations) == 0
    other = Annotations.build(pl.DataFrame({"image": ["a.png"], "label": ["cat"]}), ("cat", "owl"))
    with pytest.raises(UserError, match=r"other classes"):
        found.with_annotations(other)


@pytest.mark.parametrize(
    ("yaml", "messages"),
    [
        (
            "clases: [a, b]\nnaem: x\n",
            ["unknown key 'clases': did you mean 'classes'?", "'naem'", "name: is missing"],
        ),
        ("name: x\nlicense: MIT\nclasses: [a, b]", ["did you mean 'licence'"]),
        ("name: x\nclasses: [yes, no]", ["True is not a class name: write it in quotes"]),
        ("name: x\nclasses: [a]", ["at least two"]),
        ("name: x\nclasses: [a, b, a]", ["'a' is listed twice"]),
        ("name: x\nclasses: [a, ' b']", ["' b' is not a class name"]),
        ("name: x\nclasses: cat", ["classes: must list"]),
        (
            "name: 7\nclasses: [a, b]\nsize: 2",
            ["name: must be text, not 7", "size: must be a whole number of pixels"],
        ),
        ("name: x\nclasses: [a, b]\nsize: true", ["not True"]),
        ("- a\n", ["must hold keys and values"]),
        ("name: [\n", ["cannot read"]),
    ],
)
def test_all_problems_of_the_description_are_named_at_once(
    tmp_path: Path, yaml: str, messages: list[str]
) -> None:
    with pytest.raises(UserError) as caught:
        read(folder(tmp_path / "pets", yaml))
    assert all(message in str(caught.value) for message in messages)
    assert "\n" not in str(caught.value)
    assert "dataset.yaml" in str(caught.value)


def test_folders_that_are_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no dataset folder"):
        read(tmp_path / "absent")
    folder(tmp_path / "cifar10h", "")
    with pytest.raises(UserError, match=r"no dataset folder .*/cfar10h: did you mean .*/cifar10h\?"):
        read(tmp_path / "cfar10h")
    with pytest.raises(UserError, match=r"no dataset folder .*/absent$"):
        read(tmp_path / "absent")
    with pytest.raises(UserError, match=r"run: s2c2 data import .* --format folders"):
        read(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"is a file"):
        read(tmp_path / "file")
    (tmp_path / "dataset.yaml").write_text(YAML)
    with pytest.raises(UserError, match=r"no folder .*images"):
        read(tmp_path)
    (tmp_path / "images").mkdir()
    with pytest.raises(UserError, match=r"no images in"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,split\na.png,train\n", r"splits.csv, line 2: unknown split 'train'"),
        ("image,split\na.png,labled\n", "did you mean 'labeled'"),
        (
            "image,split\na.png,labeled\nx.png,labeled\n",
            "line 3: image 'x.png' is not an image of the dataset",
        ),
        ("image,split\na.png,labeled\na.png,validation\n", "line 3: image 'a.png' is listed twice"),
        ("image,splt\na.png,labeled\n", "lacks the column 'split'"),
        ("image,split\na.png,\n", "line 2: split is empty"),
        ("", "is empty"),
    ],
)
def test_wrong_splits(tmp_path: Path, text: str, message: str) -> None:
    root = folder(tmp_path / "pets")
    (root / "splits.csv").write_text(text)
    with pytest.raises(UserError, match=message):
        read(root)


def test_wrong_annotations_name_the_file(tmp_path: Path) -> None:
    root = folder(tmp_path / "pets")
    (root / "annotations.csv").write_text("image,label\na.png,cta\n")
    with pytest.raises(UserError, match=r"annotations.csv, line 2: unknown label 'cta': did you mean 'cat'"):
        read(root)


def test_names_that_are_not_utf_8_are_refused(tmp_path: Path) -> None:
    root = tmp_path / "pets"
    (root / "images").mkdir(parents=True)
    (root / "dataset.yaml").write_text("name: pets\nclasses: [cat, dog]\n")
    (root / "images" / os.fsdecode(b"m\xfcll.png")).touch()
    with pytest.raises(UserError, match=r"the name 'm\\udcfcll\.png' in .* is not UTF-8: rename it"):
        read(root)


def test_links(tmp_path: Path) -> None:
    root = folder(tmp_path / "pets")
    (root / "images" / "inside.png").symlink_to("a.png")
    assert "inside.png" in read(root).images
    outside = tmp_path / "secret.png"
    outside.write_bytes(png())
    (root / "images" / "leak.png").symlink_to(outside)
    with pytest.raises(UserError, match=r"leads out of the dataset"):
        read(root)
    (root / "images" / "leak.png").unlink()
    (root / "images" / "loop").symlink_to(root / "images")
    with pytest.raises(UserError, match=r"does not lead to a file"):
        read(root)
    (root / "images" / "loop").unlink()
    (root / "images" / "dangling.png").symlink_to("absent.png")
    with pytest.raises(UserError, match=r"does not lead to a file"):
        read(root)


def test_the_images_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    root = folder(tmp_path / "pets")
    (root / "images").rename(tmp_path / "store")
    (root / "images").symlink_to(tmp_path / "store")
    assert read(root).images == ("a.png", "b/c.JPG")


def test_create_keeps_bytes_and_reads_back(tmp_path: Path) -> None:
    data: dict[str, bytes | Exception] = {"x/a.jpg": png(9, "JPEG"), "b.png": png(3)}
    steps: list[tuple[int, int]] = []
    made = create(
        source(data, splits={"b.png": "validation", "x/a.jpg": "labeled"}, size=16, licence="CC0-1.0"),
        tmp_path / "new" / "pets",
        progress=lambda done, total: steps.append((done, total)),
        beside={"truth.txt": b"42"},
    )
    assert made == read(tmp_path / "new" / "pets")
    assert made.images == ("b.png", "x/a.jpg")
    assert {image: made.path(image).read_bytes() for image in made.images} == data
    assert (made.size, made.licence, made.name, made.classes) == (16, "CC0-1.0", "pets", ("cat", "dog"))
    assert made.splits == {"b.png": "validation", "x/a.jpg": "labeled"}
    assert made.annotations.counts(made.images).tolist() == [[1, 0], [1, 0]]
    assert steps == [(1, 2), (2, 2)]
    assert (made.root / "truth.txt").read_bytes() == b"42"
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["pets"]


def broken(count: int) -> dict[str, bytes | Exception]:
    data: dict[str, bytes | Exception] = {f"{i}.png": png(i)[:-30] for i in range(count)}
    data["unreadable.png"] = OSError(errno.EIO, "Input/output error")
    return data | {"fine.png": png(7)}


def test_broken_images_are_listed_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        create(source(broken(7)), tmp_path / "pets")
    text = str(caught.value)
    assert text.startswith("8 images are broken")
    assert "zip:0.png: " in text
    assert "zip:4.png" in text
    assert "zip:5.png" not in text
    assert text.endswith("and 3 more")
    assert list(tmp_path.iterdir()) == []


def test_broken_images_are_skipped_on_request(tmp_path: Path) -> None:
    given = source(broken(2), splits={"0.png": "labeled", "fine.png": "validation"})
    made = create(given, tmp_path / "pets", skip_broken=True)
    assert made.images == ("fine.png",)
    assert made.splits == {"fine.png": "validation"}
    assert made.annotations.table["image"].to_list() == ["fine.png"]
    listed = pl.read_csv(made.root / "broken.csv")
    assert listed["image"].to_list() == ["0.png", "1.png", "unreadable.png"]
    assert "Input/output error" in listed["reason"][2]


def test_a_reason_of_several_lines_is_one_line_of_the_list(tmp_path: Path) -> None:
    error = UserError("scans\nof May/a.png: damaged\r\nimage")
    made = create(source({"a.png": error, "fine.png": png()}), tmp_path / "pets", skip_broken=True)
    assert (made.root / "broken.csv").read_text().splitlines() == [
        "image,reason",
        "a.png,scans of May/a.png: damaged image",
    ]


def test_all_broken(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none of the images can be read"):
        create(source({"a.png": b"no"}), tmp_path / "pets", skip_broken=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "../a.png",
        "/a.png",
        "a/../b.png",
        "./a.png",
        "a//b.png",
        ".a.png",
        "x/.y/a.png",
        "a\\b.png",
        "a\n.png",
        "a",
    ],
)
def test_unsafe_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"safe image name|does not end"):
        create(source({name: png()}), tmp_path / "pets")
    assert list(tmp_path.iterdir()) == []


def test_invalid_sources(tmp_path: Path) -> None:
    one: dict[str, bytes | Exception] = {"a.png": png()}
    image = source(one).images[0]
    stranger = pl.DataFrame({"image": ["x.png"], "label": ["cat"]})
    cases: list[tuple[Source, str]] = [
        (source({}), "no images found in pets"),
        (source(one, images=(image, image)), "would both be called 'a.png'"),
        (source(one, annotations=stranger), "row 1: image 'x.png' is not an image of pets"),
        (source(one, classes=("cat",)), "at least two"),
        (source(one, splits={"x.png": "labeled"}), "row 1: image 'x.png'"),
        (source(one, splits={"a.png": "train"}), "unknown split 'train'"),
    ]
    for given, message in cases:
        with pytest.raises(UserError, match=message):
            create(given, tmp_path / "pets")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "pets").mkdir()
    with pytest.raises(UserError, match=r"exists already"):
        create(source({"a.png": png()}), tmp_path / "pets")
    assert list((tmp_path / "pets").iterdir()) == []


def test_interruption_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create(source({f"{i}.png": png(i) for i in range(100)}), tmp_path / "pets", progress=interrupt)
    assert list(tmp_path.iterdir()) == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ThreadPool")]


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing, "_write_image", full)
    with pytest.raises(UserError, match=r"^cannot write .*pets: No space left on device$"):
        create(source({f"{i}.png": png(i) for i in range(9)}), tmp_path / "pets")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot write"):
        create(source({"a.png": png()}), tmp_path / "file" / "pets")


def test_names_are_reexported() -> None:
    assert dataset.SPLITS == ("labeled", "unlabeled", "validation", "selection")
    assert ".webp" in dataset.SUFFIXES
    assert Dataset.__dataclass_params__.frozen  # type: ignore[attr-defined]
