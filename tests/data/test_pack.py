import errno
import os
import signal
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path
from subprocess import PIPE
from typing import IO

import numpy as np
import pytest
from PIL import Image

from s2c2 import files
from s2c2.data import cache
from s2c2.data import pack as module
from s2c2.data.dataset import Dataset, read
from s2c2.data.pack import Pack, pack
from s2c2.errors import UserError

RNG = np.random.default_rng(0)


def png(pixels: np.ndarray) -> bytes:
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def pixels(seed: int, height: int = 16, width: int = 16) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "pets"
    (folder / "images").mkdir(parents=True)
    (folder / "dataset.yaml").write_text("name: pets\nclasses: [cat, dog]\n")
    for number in range(70):
        (folder / "images" / f"{number:02d}.png").write_bytes(png(pixels(number)))
    return folder


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust file times at once; the tests wait a moment instead."""
    monkeypatch.setattr(cache, "SETTLED", 0.02)


def count_reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    read_names: list[str] = []
    original = cache.read_image

    def counted(path: Path) -> bytes:
        read_names.append(path.name)
        return original(path)

    monkeypatch.setattr(cache, "read_image", counted)
    monkeypatch.setattr(module, "read_image", counted)
    return read_names


def npys(root: Path) -> list[Path]:
    return sorted((root / ".cache").glob("*.npy"))


def test_pixels_are_those_of_the_files(root: Path) -> None:
    packed = pack(read(root), 16)
    assert packed.images == tuple(f"{number:02d}.png" for number in range(70))
    for row, number in enumerate(range(70)):
        assert (packed.pixels[row] == pixels(number)).all()
    assert packed.broken == ()
    assert packed.shapes.tolist() == [[16, 16]] * 70
    assert len(set(packed.digests)) == 70


def test_what_is_odd_about_images_is_remembered(root: Path) -> None:
    (root / "images" / "05.png").write_bytes(png(pixels(5) // 16))
    for _ in range(2):
        (remark,) = pack(read(root), 16).remarks
        assert str(remark) == "05.png (brightest 15 of 255)"


def test_it_is_mapped_and_read_only(root: Path) -> None:
    packed = pack(read(root), 16)
    assert isinstance(packed.pixels, np.memmap)
    with pytest.raises(ValueError, match=r"read-only"):
        packed.pixels[0, 0, 0, 0] = 1


def test_other_sizes_and_fits(root: Path) -> None:
    (root / "images" / "00.png").write_bytes(png(pixels(0, 20, 60)))
    small = pack(read(root), 8)
    assert small.pixels.shape == (70, 8, 8, 3)
    assert small.shapes[0].tolist() == [20, 60]
    expected = Image.fromarray(pixels(0, 20, 60)).resize((8, 8), Image.Resampling.BILINEAR)
    assert (small.pixels[0] == np.asarray(expected)).all()
    assert not (pack(read(root), 8, fit="crop").pixels[0] == small.pixels[0]).all()
    assert len(npys(root)) == 2
    with pytest.raises(UserError, match=r"size must be from 8"):
        pack(read(root), 4)
    with pytest.raises(UserError, match=r"did you mean 'pad'"):
        pack(read(root), 8, fit="padd")


def test_exact_duplicates_have_equal_digests_whatever_their_file(root: Path) -> None:
    Image.fromarray(pixels(3)).save(root / "images" / "copy.webp", lossless=True)
    packed = pack(read(root), 16)
    digest = dict(zip(packed.images, packed.digests, strict=True))
    assert digest["copy.webp"] == digest["03.png"]
    assert list(digest.values()).count(digest["03.png"]) == 2


def test_nothing_is_read_again_while_nothing_changes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    time.sleep(0.05)
    pack(read(root), 16)
    names = count_reads(monkeypatch)
    again = pack(read(root), 16)
    assert names == []
    assert (again.pixels[5] == pixels(5)).all()


def test_a_touched_file_is_read_but_not_decoded(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    time.sleep(0.05)
    pack(read(root), 16)
    os.utime(root / "images" / "07.png")
    names = count_reads(monkeypatch)
    pack(read(root), 16)
    assert names == ["07.png"]


def test_files_that_changed_just_now_are_not_trusted(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "SETTLED", 1000.0)
    pack(read(root), 16)
    names = count_reads(monkeypatch)
    pack(read(root), 16)
    assert len(names) == 70


def test_a_change_that_keeps_length_and_time_is_seen(root: Path) -> None:
    path = root / "images" / "07.tif"
    Image.fromarray(pixels(7)).save(path)
    path.replace(path.with_name("07.png"))
    path = path.with_name("07.png")
    time.sleep(0.05)
    first = pack(read(root), 16)
    before = path.stat()
    Image.fromarray(pixels(999)).save(path, "TIFF")
    assert path.stat().st_size == before.st_size
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    second = pack(read(root), 16)
    assert (second.pixels[7] == pixels(999)).all()
    assert first.digests[7] != second.digests[7]


@pytest.mark.parametrize("change", ["edit", "add", "remove", "rename"])
def test_any_change_makes_a_new_pack_and_removes_the_old(root: Path, change: str) -> None:
    pack(read(root), 16)
    old = npys(root)
    images = root / "images"
    if change == "edit":
        (images / "01.png").write_bytes(png(pixels(500)))
    elif change == "add":
        (images / "99.png").write_bytes(png(pixels(500)))
    elif change == "remove":
        (images / "01.png").unlink()
    else:
        (images / "01.png").rename(images / "aa.png")
    packed = pack(read(root), 16)
    assert len(npys(root)) == 1
    assert npys(root) != old
    expected = {name: np.asarray(Image.open(images / name)) for name in packed.images}
    assert set(expected) == {path.name for path in images.iterdir()}
    for row, name in enumerate(packed.images):
        assert (packed.pixels[row] == expected[name]).all()


def damage(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "flip":
        data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data[:-100]) if how == "cut" else b"" if how == "empty" else bytes(data))


@pytest.mark.parametrize("how", ["flip", "cut", "empty"])
def test_a_damaged_pack_is_made_again(root: Path, how: str) -> None:
    pack(read(root), 16)
    damage(npys(root)[0], how)
    packed = pack(read(root), 16)
    for row in range(70):
        assert (packed.pixels[row] == pixels(row)).all()


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "null", '{"images": 3, "digests": 1}', '{"00.png": [1]}']
)
@pytest.mark.parametrize("ending", ["pack-16-stretch-*.json", "files.json"])
def test_damaged_side_files_are_made_again(root: Path, content: str, ending: str) -> None:
    time.sleep(0.05)
    pack(read(root), 16)
    (path,) = (root / ".cache").glob(ending)
    path.write_text(content)
    assert (pack(read(root), 16).pixels[69] == pixels(69)).all()


def test_a_pack_whose_facts_are_missing_is_void(root: Path) -> None:
    pack(read(root), 16)
    next((root / ".cache").glob("pack-*.json")).unlink()
    npys(root)[0].write_bytes(b"half")
    assert (pack(read(root), 16).pixels[69] == pixels(69)).all()


def test_broken_images(root: Path) -> None:
    whole = (root / "images" / "05.png").read_bytes()
    (root / "images" / "05.png").write_bytes(whole[: len(whole) // 2])
    (root / "images" / "40.png").write_bytes(b"")
    with pytest.raises(
        UserError, match=r"^2 images are broken .*05.png: damaged image.*; 40.png: the file is empty"
    ):
        pack(read(root), 16)
    packed = pack(read(root), 16, skip_broken=True)
    assert [image for image, _ in packed.broken] == ["05.png", "40.png"]
    assert packed.images == tuple(f"{n:02d}.png" for n in range(70) if n not in (5, 40))
    assert packed.pixels.shape == (68, 16, 16, 3)
    assert (packed.pixels[-1] == pixels(69)).all()
    assert (packed.pixels[5] == pixels(6)).all()


def test_all_broken(root: Path) -> None:
    for path in (root / "images").iterdir():
        path.write_bytes(b"no image")
    with pytest.raises(UserError, match=r"^70 images are broken"):
        pack(read(root), 16, skip_broken=True)


def test_a_vanished_image_is_a_user_error(root: Path) -> None:
    dataset = read(root)
    (root / "images" / "03.png").unlink()
    with pytest.raises(UserError, match=r"cannot read .*03.png: No such file"):
        pack(dataset, 16)


def test_a_file_that_changes_meanwhile_is_noticed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def decode_later(data: bytes, origin: str, **_: int) -> None:
        raise AssertionError(origin)

    original = cache.content_digests

    def change(dataset: Dataset, folder: Path, progress: object) -> tuple[tuple[str, ...], int]:
        found = original(dataset, folder, lambda done, total: None)
        (root / "images" / "00.png").write_bytes(png(pixels(800)))
        monkeypatch.setattr(module, "load", decode_later)
        return found

    monkeypatch.setattr(module, "content_digests", change)
    with pytest.raises(UserError, match=r"00.png changed while it was read"):
        pack(read(root), 16)
    assert npys(root) == []


def test_progress_counts_to_the_end(root: Path) -> None:
    steps: list[tuple[int, int]] = []
    pack(read(root), 16, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(number, 140) for number in range(1, 141)]


def test_a_read_only_folder_uses_the_users_cache(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Path.mkdir

    def mkdir(self: Path, mode: int = 0o777, **options: bool) -> None:
        if self == root / ".cache":
            raise OSError(errno.EROFS, "Read-only file system")
        original(self, mode, **options)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    packed = pack(read(root), 16)
    assert (packed.pixels[1] == pixels(1)).all()
    assert not (root / ".cache").exists()
    (place,) = (tmp_path / "home" / "s2c2").iterdir()
    assert len(list(place.glob("*.npy"))) == 1


def test_two_datasets_share_a_given_cache(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "images").mkdir(parents=True)
    (other / "dataset.yaml").write_text("name: pets\nclasses: [cat, dog]\n")
    (other / "images" / "00.png").write_bytes(png(pixels(1)))
    for folder in (root, other, root, other):
        pack(read(folder), 16, cache=tmp_path / "cache")
    assert len(list((tmp_path / "cache").rglob("*.npy"))) == 2
    assert not (root / ".cache").exists()


def test_a_full_disk_is_one_line_and_leaves_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(stream: IO[bytes], facts: object, decoded: object) -> None:
        stream.write(b"some")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "_append", full)
    with pytest.raises(UserError, match=r"^cannot write .*\.npy: No space left on device$"):
        pack(read(root), 16)
    assert [path.name for path in (root / ".cache").iterdir() if path.name != "files.json"] == []


def test_abandoned_files_are_swept_and_those_being_written_kept(root: Path) -> None:
    folder = root / ".cache"
    folder.mkdir()
    old, young = folder / "pack-16-stretch-x.npy.1.partial", folder / "pack-16-stretch-x.npy.2.partial"
    for path in (old, young):
        path.write_bytes(b"half")
    with young.open("ab") as stream, files.held(stream.fileno()):
        pack(read(root), 16)
        assert not old.exists()
        assert young.exists()
    pack(read(root), 16)
    assert not young.exists()


KILLED = """
import sys
from pathlib import Path
from s2c2.data.dataset import read
from s2c2.data.pack import pack

def progress(done, total):
    if done == total - 20:
        print("half", flush=True)
        sys.stdin.read()

pack(read(Path(sys.argv[1])), 16, progress=progress)
"""


def test_a_killed_process_leaves_nothing_that_is_used(root: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(root)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert npys(root) == []
    assert len(list((root / ".cache").glob("*.partial"))) == 1
    packed: Pack = pack(read(root), 16)
    for row in range(70):
        assert (packed.pixels[row] == pixels(row)).all()


DECODING = """
import sys
from pathlib import Path
from s2c2.data import pack as module
from s2c2.data.dataset import read

def counted(*arguments):
    decoded.append(arguments[1])
    return decode(*arguments)

def opened(*arguments):
    found = opening(*arguments)
    if not said:
        said.append(print(f"ready {found}", flush=True))
        sys.stdin.readline()
    return found

decode, module._decode, decoded = module._decode, counted, []
opening, module._open, said = module._open, opened, []
packed = module.pack(read(Path(sys.argv[1])), 16)
print(len(decoded), len(packed.images))
"""


READING = """
import sys
from pathlib import Path
from s2c2.data import cache
from s2c2.data import pack as module
from s2c2.data.dataset import read

def counted(path):
    hashed.append(path)
    return reading(path)

def looked(path):
    found = looking(path)
    if not said:
        said.append(print(f"ready {found or None}", flush=True))
        sys.stdin.readline()
    return found

cache.SETTLED = 0.02
reading, cache.read_image, hashed = cache.read_image, counted, []
looking, cache._read_index, said = cache._read_index, looked, []
packed = module.pack(read(Path(sys.argv[1])), 16)
print(len(hashed), len(packed.images))
"""


@pytest.mark.parametrize("code", [DECODING, READING], ids=["decodes", "reads"])
def test_of_several_processes_one_works_and_the_others_wait(code: str, root: Path) -> None:
    command = [sys.executable, "-c", code, str(root)]
    processes = [subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) for _ in range(3)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready None\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=200)[0].split() for process in processes]
    assert sorted(said) == [["0", "70"], ["0", "70"], ["70", "70"]]
    assert not list((root / ".cache").glob("*.lock"))


def test_who_waits_for_another_to_read_the_files_is_asked_whether_to_stop(root: Path) -> None:
    def stop(done: int, total: int) -> None:
        assert (done, total) == (0, 140)
        raise KeyboardInterrupt

    with files.locked(root / ".cache" / "reading.lock"), pytest.raises(KeyboardInterrupt):
        pack(read(root), 16, progress=stop)
    assert npys(root) == []


def test_who_waits_for_a_pack_is_asked_whether_to_stop_and_not_held_up_by_a_killed_process(
    root: Path,
) -> None:
    command = [sys.executable, "-c", KILLED, str(root)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        seen: list[int] = []

        def stop(done: int, total: int) -> None:
            seen.append(done)
            if seen.count(done) == 3:  # it does not go on
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            pack(read(root), 16, progress=stop)
        assert npys(root) == []
        seen.clear()

        def kill(done: int, total: int) -> None:
            seen.append(done)
            if seen.count(done) == 3:
                process.kill()

        packed = pack(read(root), 16, progress=kill)
        assert process.poll() == -signal.SIGKILL
    assert len(packed.images) == 70


def test_no_torch() -> None:
    modules = "s2c2.data.pack, s2c2.data.check, s2c2.data.synthetic, s2c2.data.splits"
    code = f"import sys, {modules}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
