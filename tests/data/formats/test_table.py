from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from s2c2.data.dataset import create
from s2c2.data.formats.options import ImportOptions
from s2c2.data.formats.table import read
from s2c2.errors import UserError

Tree = Callable[..., Path]


def test_a_table_beside_the_images_keeps_annotators_votes_and_other_columns(tree: Tree) -> None:
    root = tree("a.png", "sub/b.png", "c.png")
    (root / "t.csv").write_text(
        "image,label,annotator,votes,seconds,note\n"
        "a.png,007,ann,2,1.5,x\na.png, cat,bob,1,2,\nsub/b.png,,ann,,,\nc.png,cat,,0,,\n"
    )
    source = read(root, ImportOptions())
    assert source.classes == ("007", "cat")
    assert [image.name for image in source.images] == ["a.png", "c.png", "sub/b.png"]
    assert source.annotations.columns == ["image", "annotator", "label", "votes", "seconds", "note"]
    assert source.annotations.rows() == [
        ("a.png", "ann", "007", 2, 1.5, "x"),
        ("a.png", "bob", "cat", 1, 2.0, None),
    ]


def test_other_column_names_images_folder_and_splits_are_understood(tree: Tree) -> None:
    root = tree("images/a.png", "images/b.png", "images/c.png", "images/d.png")
    frame = pl.DataFrame(
        {
            "file_name": ["images/a.png", "b.png", "c.png", "c.png"],
            "class": [1, 2, None, None],
            "worker": [7, 8, None, None],
            "split": ["train", "val", "labeled", None],
        }
    )
    frame.write_parquet(root / "labels.parquet")
    source = read(root / "labels.parquet", ImportOptions(name="x"))
    assert source.annotations.rows() == [("a.png", "7", "1", 1), ("b.png", "8", "2", 1)]
    assert source.splits == {"a.png": "labeled", "b.png": "validation", "c.png": "unlabeled"}
    assert len(source.images) == 4


def test_columns_may_be_written_in_capitals(tree: Tree) -> None:
    rows = "Image,LABEL,Annotator,Votes,Split\na.png,x,ann,2,train\nb.png,y,ben,1,val\n"
    source = read(tree("a.png", "b.png", t_csv=rows), ImportOptions())
    assert source.annotations.rows() == [("a.png", "ann", "x", 2), ("b.png", "ben", "y", 1)]
    assert source.splits == {"a.png": "labeled", "b.png": "validation"}


def test_a_column_in_small_letters_goes_before_one_in_capitals(tree: Tree) -> None:
    rows = "Image,file_name,label\n1,a.png,x\n2,b.png,y\n"
    source = read(tree("a.png", "b.png", t_csv=rows), ImportOptions())
    assert source.annotations.select("image", "Image").rows() == [("a.png", 1), ("b.png", 2)]


def test_a_name_in_another_form_of_unicode_is_its_image(tree: Tree) -> None:
    root = tree("images/e\u0301.png", "images/b.png")
    (root / "t.csv").write_text(
        "image,label\n\u00e9.png,cat\nimages/\u00e9.png,dog\nb.png,dog\n", encoding="utf-8"
    )
    said = read(root, ImportOptions()).annotations
    assert said["image"].to_list() == ["e\u0301.png", "e\u0301.png", "b.png"]


def test_missing_values_of_r_are_no_class_unless_listed(tree: Tree) -> None:
    rows = '"a.png","crab"\n"b.png",NA\n"c.png","worm"\n"c.png",NaN\n"d.png",NA\n"d.png","Nan"\n'
    root = tree("a.png", "b.png", "c.png", "d.png", t_csv='"image","label"\n' + rows)
    source = read(root, ImportOptions())
    assert source.classes == ("Nan", "crab", "worm")
    assert source.annotations["image"].to_list() == ["a.png", "c.png", "d.png"]
    assert [note.partition(";")[0] for note in source.notes] == ["labels taken as missing: NA 2, NaN 1"]
    listed = read(root, ImportOptions(classes=("NA", "crab", "worm", "Nan")))
    assert listed.annotations["label"].to_list() == ["crab", "NA", "worm", "NA", "Nan"]
    assert [note.partition(";")[0] for note in listed.notes] == ["labels taken as missing: NaN 1"]
    (root / "t.csv").write_text("image,label\na.png,crab\nb.png,worm\n")
    assert read(root, ImportOptions()).notes == ()


@pytest.mark.parametrize("word", ["N/A", "n/a", "#N/A", "nan", "null", "<NA>"])
def test_missing_values_of_other_programs_are_no_class(tree: Tree, word: str) -> None:
    root = tree("a.png", "b.png", "c.png", t_csv=f"image,label\na.png,x\nb.png,y\nc.png,{word}\n")
    source = read(root, ImportOptions())
    assert source.classes == ("x", "y")
    assert source.notes[0].startswith(f"labels taken as missing: {word} 1;")


def test_classes_that_may_mean_that_there_is_none_are_named(tree: Tree) -> None:
    rows = "image,label\na.png,x\nb.png,None\nc.png,-\nc.png,-\nd.png,NA\n"
    root = tree("a.png", "b.png", "c.png", "d.png", t_csv=rows)
    source = read(root, ImportOptions())
    assert source.classes == ("-", "None", "x")
    missing, *doubtful = source.notes
    assert missing.startswith("labels taken as missing: NA 1")
    assert [note.partition(" may mean")[0] for note in doubtful] == [
        "the class '-' (2)",
        "the class 'None' (1)",
    ]
    assert len(read(root, ImportOptions(classes=("-", "None", "x"))).notes) == 1


@pytest.mark.parametrize(
    ("given", "meant"), [("7", "0007.png"), ("7.png", "0007.png"), ("s1_7", "s01_0007.png")]
)
def test_an_id_that_lost_its_zeros_names_the_image(tree: Tree, given: str, meant: str) -> None:
    names = ("0007.png", "0070.png", "s01_0007.png", "s07_0001.png")
    root = tree(*names, t_csv=f"image,label\n0070.png,x\n{given},y\n")
    with pytest.raises(UserError, match=rf"line 3: unknown image '{given}': did you mean '{meant}'\?"):
        read(root, ImportOptions())


def test_a_row_of_a_kind_of_file_that_is_not_read_says_so(tree: Tree) -> None:
    root = tree("a.png", "slide.svs", t_csv="image,label\na.png,x\nslide.svs,y\n")
    with pytest.raises(UserError, match=r"unknown image 'slide\.svs': files ending in \.svs are not read"):
        read(root, ImportOptions())


def test_a_count_that_is_taken_for_votes_and_rows_of_0_are_told(tree: Tree) -> None:
    root = tree("a.png", "b.png", t_csv="image,label,count\na.png,x,250\nb.png,y,0\nb.png,y,2\n")
    source = read(root, ImportOptions())
    assert source.annotations["votes"].to_list() == [250, 2]
    assert source.notes[0].startswith("votes are taken from the column 'count'")
    assert source.notes[1:] == ("rows left out, as they have 0 votes: 1",)
    (root / "t.csv").write_text("image,label,votes\na.png,x,250\nb.png,y,2\n")
    assert read(root, ImportOptions()).notes == ()


def test_an_id_that_may_be_two_images_names_none(tree: Tree) -> None:
    root = tree("007.png", "0007.png", t_csv="image,label\n7,x\n")
    with pytest.raises(UserError, match=r"unknown image '7'$"):
        read(root, ImportOptions())


def test_a_column_for_each_person_is_not_a_row_for_each_answer(tree: Tree) -> None:
    root = tree("a.png", t_csv="image,anna,ben\na.png,x,y\n")
    with pytest.raises(UserError, match="its columns: image, anna, ben; each row is one answer"):
        read(root, ImportOptions())


def test_a_spreadsheet_beside_the_images_is_named(tree: Tree) -> None:
    root = tree("a.png", "labels.xlsx")
    with pytest.raises(UserError, match=r"found none: save labels\.xlsx as CSV UTF-8"):
        read(root, ImportOptions())


def test_the_table_is_chosen_where_there_are_several(tree: Tree) -> None:
    root = tree("a.png", one_csv="image,label\na.png,x\n", two_csv="image,label\na.png,y\n")
    with pytest.raises(UserError, match=r"found one\.csv, two\.csv: choose one with --table"):
        read(root, ImportOptions())
    options = ImportOptions(table=root / "two.csv", classes=("x", "y"))
    assert read(root, options).annotations["label"].to_list() == ["y"]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("image,votes\na.png,1", "no column 'label'"),
        ("name,label\na.png,x", "no column 'image'.*its columns: name, label"),
        ("image,label\na.png,x\na.pgn,y", r"line 3: unknown image 'a\.pgn': did you mean 'a\.png'"),
        ("image,label\n../a.png,x", "line 2: .*leads out"),
        ("image,label\n/a.png,x", "line 2: .*absolute"),
        ("image,label\n,x", "line 2: .*is empty"),
        ("image,label\na.png,x\na.png,yy", "line 3: unknown class 'yy': did you mean 'y'"),
        ("image,label,votes\na.png,x,many", "line 2: votes 'many' is not a whole number"),
        ("image,label,votes\na.png,x,1.5", "line 2: votes '1.5'"),
        ("image,label,votes\na.png,x,-1", "line 2: votes '-1'"),
        ("image,label,votes\na.png,x,nan", "line 2: votes 'nan'"),
        ("image,label,votes\na.png,x,1e30", "line 2: votes '1e30'"),
        ("image,label,split\na.png,x,trian", "line 2: unknown split 'trian': did you mean 'train'"),
        ("image,label,split\na.png,x,train\na.png,y,val", r"line 3: a\.png is labeled in an earlier row"),
    ],
)
def test_wrong_rows_are_named(tree: Tree, rows: str, why: str) -> None:
    root = tree("a.png", t_csv=rows + "\n")
    with pytest.raises(UserError, match=why):
        read(root, ImportOptions(classes=("x", "y")))


def test_all_images_that_do_not_exist_are_counted_and_the_first_named(tree: Tree) -> None:
    names = ["nothere1.png", "img 3.png", "gone/x.png", "images/q.png", "IMG_2", "z.png", "zz.png"]
    rows = [f"{name},x" for name in (*names, "img 1.png", "z.png")]
    root = tree("images/img 1.png", "images/img 2.JPG", t_csv="\n".join(["image,label", *rows]))
    with pytest.raises(UserError) as caught:
        read(root, ImportOptions(classes=("x", "y")))
    said = str(caught.value)
    assert said.startswith("7 images of the table do not exist: ")
    assert said.endswith("line 6: unknown image 'IMG_2': did you mean 'img 2.JPG'?; and 2 more")
    assert said.count("did you mean") == 1
    assert said.count("unknown image") == 5


def test_a_folder_without_a_table_says_what_was_looked_for(tree: Tree) -> None:
    with pytest.raises(UserError, match=r"needs one table \(\.csv, \.tsv, \.parquet\), found none"):
        read(tree("a.png"), ImportOptions())


def test_a_label_in_another_form_of_unicode_is_its_class(tree: Tree, tmp_path: Path) -> None:
    rows = "image,label\na.png,m\u00f6we\nb.png,mo\u0308we\nc.png,gans\n"
    options = ImportOptions(classes=("mo\u0308we", "gans"))
    source = read(tree("a.png", "b.png", "c.png", t_csv=rows), options)
    made = create(source, tmp_path / "made")
    assert made.annotations.counts(["a.png", "b.png", "c.png"]).tolist() == [[1, 0], [1, 0], [0, 1]]


def test_blanks_around_the_name_of_an_image_are_no_part_of_it(tree: Tree) -> None:
    root = tree("a.png", " b.png", t_csv="image , label\n a.png , x\n b.png,y\n")
    assert read(root, ImportOptions()).annotations["image"].to_list() == ["a.png", " b.png"]


def test_votes_that_may_be_thousands_are_not_guessed(tree: Tree) -> None:
    root = tree("a.png", "b.png", t_csv="image;label;votes\na.png;x;1.0\nb.png;y;1.000\n")
    with pytest.raises(UserError, match=r"line 3: votes '1\.000' may be 1 or 1000: write it without a point"):
        read(root, ImportOptions())
