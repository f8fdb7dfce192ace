import io
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from s2c2.data.formats.archives import LIMITS, images_in
from s2c2.errors import UserError

Png = Callable[[int], bytes]
KINDS = ["w:", "w:gz", "w:xz", "zip"]


def pack(path: Path, members: dict[str, bytes], kind: str = "w:") -> Path:
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        return path
    with tarfile.open(path, kind) as tar:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def special(path: Path, name: str, **fields: object) -> Path:
    """A tar with one member of another kind."""
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo(name)
        for field, value in fields.items():
            setattr(info, field, value)
        tar.addfile(info)
    return path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("memory", [0, 1, 2**20])
def test_every_kind_gives_its_images_sorted_in_any_order_and_thread(
    tmp_path: Path, png: Png, kind: str, memory: int
) -> None:
    members = {f"./{name}.png": png(number) for number, name in enumerate("cab")}
    path = pack(tmp_path / "x", members | {"README.md": b"#", "__MACOSX/._a.png": b"", "d/": b""}, kind)
    images = images_in(path, replace(LIMITS, memory=memory))
    assert [image.name for image in images] == ["a.png", "b.png", "c.png"]
    assert [image.read() for image in reversed(images)] == [png(0), png(2), png(1)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda image: image.read(), images * 20)) == [png(1), png(2), png(0)] * 20
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["../a.png"], "leads out"),
        (["/a.png"], "absolute"),
        (["a\\..\\b.png"], "backslash"),
        (["a.png", "A.png"], "only in case"),
        (["a.png", "./a.png"], "comes twice"),
        (["a.png", "a.png/b.png"], "folder of"),
        (["a.gif"], "cannot be read; convert"),
        (["readme.txt"], "no images"),
    ],
)
def test_names_are_checked_in_every_kind(tmp_path: Path, kind: str, names: list[str], why: str) -> None:
    path = pack(tmp_path / "x", dict.fromkeys(names, b"data"), kind)
    with pytest.raises(UserError, match=why) as caught:
        images_in(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(UserError, match=r"'a\.png' is a link, device"):
        images_in(special(tmp_path / "x.tar", "a.png", type=kind, linkname="/etc/passwd"))


def test_links_in_a_zip_are_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("a.png")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(UserError, match="is a link"):
        images_in(tmp_path / "x.zip")


@pytest.mark.parametrize("kind", ["w:gz", "w:xz", "zip"])
def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path, kind: str) -> None:
    path = pack(tmp_path / "x", {"a.png": bytes(4 * 2**20)}, kind)
    with pytest.raises(UserError, match="far more than its size"):
        images_in(path, replace(LIMITS, free_bytes=2**20, ratio=20.0))


@pytest.mark.parametrize("kind", KINDS)
def test_members_their_number_and_their_sum_are_limited(tmp_path: Path, kind: str) -> None:
    path = pack(tmp_path / "x", {"a.png": bytes(2**21), "b.png": bytes(2**21)}, kind)
    for limits, why in (
        (replace(LIMITS, member_bytes=2**20), "larger than 1 MB|far more"),
        (replace(LIMITS, members=1), "more than 1 members"),
        (replace(LIMITS, total_bytes=3 * 2**20), "far more than its size"),
    ):
        with pytest.raises(UserError, match=why):
            images_in(path, limits)


def test_a_long_extended_header_is_not_read_into_memory(tmp_path: Path) -> None:
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 2**32
    with lzma.open(tmp_path / "x.tar.xz", "wb", preset=0) as stream:
        stream.write(header.tobuf() + bytes(12 * 2**20))
    with pytest.raises(UserError, match="far more than its size"):
        images_in(tmp_path / "x.tar.xz", replace(LIMITS, member_bytes=2**20))


def test_a_zip_that_lies_about_a_size_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.zip", {"a.png": bytes(1000)}, "zip")
    data = path.read_bytes()
    path.write_bytes(data.replace((1000).to_bytes(4, "little"), (500).to_bytes(4, "little")))
    with pytest.raises(UserError, match="cannot be read as an archive"):
        images_in(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kept", [1000, 1024, 1030, 2**11, 2**11 + 300])
def test_a_cut_archive_is_refused(tmp_path: Path, png: Png, kind: str, kept: int) -> None:
    path = pack(tmp_path / "x", {f"{number}.png": png(number) for number in range(30)}, kind)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match=r"cannot be read as an archive|is cut or damaged"):
        images_in(path)


def test_a_broken_header_in_the_middle_is_not_taken_for_the_end(tmp_path: Path, png: Png) -> None:
    path = pack(tmp_path / "x", {f"{number}.png": png(number) for number in range(9)})
    path.write_bytes(path.read_bytes().replace(b"5.png", b"6.png", 1))
    with pytest.raises(UserError, match="is cut or damaged"):
        images_in(path)


def test_what_is_no_archive_and_what_is_absent_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_text("hello")
    with pytest.raises(UserError, match=r"x\.tar cannot be read as an archive"):
        images_in(tmp_path / "x.tar")
    with pytest.raises(UserError, match="no file"):
        images_in(tmp_path / "y.tar")
