import pytest

from s2c2.data.formats.names import distinct, is_image, relative, unread
from s2c2.errors import UserError


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "is empty"),
        (".", "is empty"),
        ("/etc/passwd.png", "absolute"),
        ("C:/a.png", "absolute"),
        ("../a.png", "leads out"),
        ("a/../../b.png", "leads out"),
        ("a\\b.png", "backslash"),
        ("a\x00.png", "readable text"),
        ("a\n.png", "readable text"),
        ("a\udcff.png", "readable text"),
        ("x" * 300 + ".png", "too long"),
        ("/".join(["x" * 200] * 6), "too long"),
    ],
)
def test_names_that_no_folder_may_hold_are_refused(name: str, why: str) -> None:
    with pytest.raises(UserError, match=why) as caught:
        relative(name, "row 3")
    assert str(caught.value).startswith("row 3")


@pytest.mark.parametrize(
    ("name", "expected"), [("a.png", "a.png"), ("./a//b.png", "a/b.png"), ("größe/ü b.png", "größe/ü b.png")]
)
def test_plain_names_become_ids(name: str, expected: str) -> None:
    assert relative(name, "row 1") == expected


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["a.png", "a.png"], "comes twice"),
        (["a.png", "A.png"], "only in case"),
        (["u\u0308.png", "\u00fc.png"], "only in how their accents are written"),
        (["a.png", "a.png/b.png"], "folder of"),
    ],
)
def test_names_that_clash_on_some_disk_are_refused(names: list[str], why: str) -> None:
    with pytest.raises(UserError, match=why):
        distinct(names, "x.tar")


def test_images_are_known_by_their_ending_and_unsupported_ones_are_named() -> None:
    assert is_image("a/b.JPEG", "")
    assert not is_image("README.md", "")
    with pytest.raises(UserError, match=r"x\.zip: images ending in \.gif"):
        is_image("a.gif", "x.zip")


def test_of_many_endings_the_most_frequent_are_named() -> None:
    names = [f"{number}.x{number}" for number in range(11)]
    (text,) = unread([*names, "b.x9", "a.png"])
    assert text.startswith("12 other files were not read: .x9 2, .x0 1, ")
    assert text.endswith(", 3 more endings")
    assert unread(["a.tga"]) == ("1 other file was not read: .tga 1",)
