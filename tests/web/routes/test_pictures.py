import shutil
import struct
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from s2c2.web.workspace import open_workspace
from tests.web.made import TestClient, client_of

FOREVER = "private, max-age=31536000, immutable"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A plain folder with a large image, a TIFF, one that is cut off, and a small one."""
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.linear_gradient("L").resize((800, 400)).save(folder / "a.jpg")
    Image.new("RGB", (300, 20), "red").save(folder / "b.tif")
    Image.effect_noise((64, 64), 50).save(folder / "c.png")
    (folder / "c.png").write_bytes((folder / "c.png").read_bytes()[:500])
    Image.new("RGB", (20, 10), "blue").save(folder / "d.png")
    return folder


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    with client_of(open_workspace(folder, ["cat", "dog"])) as opened:
        yield opened


@pytest.mark.parametrize("size", [96, 128, 192, 256])
def test_thumbnails_have_the_size_that_was_asked_for(client: TestClient, size: int) -> None:
    reply = client.get(f"/api/images/0/thumb?size={size}")
    assert reply.headers["content-type"] == "image/webp"
    assert Image.open(BytesIO(reply.content)).size == (size, size // 2)


def test_small_images_keep_each_pixel(client: TestClient) -> None:
    shown = Image.open(BytesIO(client.get("/api/images/3/thumb").content))
    assert shown.size == (20, 10)
    assert shown.convert("RGB").getpixel((19, 9)) == (0, 0, 255)


def test_in_full_a_picture_is_as_large_as_it_is(client: TestClient) -> None:
    assert Image.open(BytesIO(client.get("/api/images/0/full").content)).size == (800, 400)
    assert Image.open(BytesIO(client.get("/api/images/1/full").content)).size == (300, 20)


def test_pictures_are_kept_only_under_an_address_that_names_the_dataset(client: TestClient) -> None:
    dataset = client.get("/api/session").json()["dataset"]
    named = client.get(f"/api/images/0/thumb?v={dataset}")
    plain = client.get("/api/images/0/thumb")
    assert (named.headers["cache-control"], plain.headers["cache-control"]) == (FOREVER, "private, no-cache")
    again = client.get("/api/images/0/thumb", headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get("/api/images/0/thumb?v=0123456789abcdef")
    assert other.status_code == 409
    assert "another database" in other.json()["error"]


def test_a_broken_image_has_a_placeholder_until_it_is_mended(client: TestClient, folder: Path) -> None:
    for address in ("/api/images/2/thumb", "/api/images/2/full"):
        reply = client.get(address)
        assert (reply.status_code, reply.headers["x-broken"]) == (200, "1")
        assert reply.headers["content-type"].startswith("image/svg+xml")
        assert reply.headers["cache-control"] == "no-store"
    members = client.get("/api/groups/all").json()["members"]
    assert [member["broken"] for member in members] == [False, False, True, False]
    shutil.copy(folder / "d.png", folder / "c.png")
    assert "x-broken" not in client.get("/api/images/2/thumb").headers
    assert not client.get("/api/groups/all").json()["members"][2]["broken"]
    (folder / "d.png").unlink()
    assert client.get("/api/images/3/thumb").headers["x-broken"] == "1"


def test_the_group_of_a_broken_image_can_be_finished(client: TestClient) -> None:
    body = {"key": "0" * 32, "act": "label", "group": "all", "label": 1, "scope": "shared/1/none"}
    assert client.post("/api/acts", json=body).status_code == 201
    assert client.get("/api/queue").json()["progress"]["answered"] == 4


def test_thumbnails_outlive_the_server_and_damage(client: TestClient, folder: Path) -> None:
    first = client.get("/api/images/0/thumb").content
    (kept,) = (folder / ".annotate" / "thumbnails").glob("**/*.webp")
    assert kept.read_bytes() == first
    kept.write_bytes(first[:100])
    with client_of(open_workspace(folder, ["cat", "dog"])) as later:
        assert later.get("/api/images/0/thumb").content == first


def bundle(client: TestClient, query: str) -> dict[int, tuple[int, bytes]]:
    """Return the kind and the bytes of each picture of an answer, by image."""
    reply = client.get(f"/api/thumbnails?{query}")
    assert reply.status_code == 200
    data, found = reply.content, {}
    while data:
        image, kind, length = struct.unpack(">III", data[:12])
        found[image], data = (kind, data[12 : 12 + length]), data[12 + length :]
    return found


@pytest.mark.parametrize("named", [False, True])
def test_many_thumbnails_come_in_one_answer(client: TestClient, named: bool) -> None:
    name = f"&v={client.get('/api/session').json()['dataset']}" if named else ""
    for _ in range(2):  # made, and held in memory
        found = bundle(client, f"images=3,0,2,1&size=96{name}")
        assert list(found) == [3, 0, 2, 1]
        for image in (0, 1, 3):
            alone = client.get(f"/api/images/{image}/thumb?size=96{name}")
            kinds = {1: "image/webp", 2: "image/png"}
            assert found[image] == (found[image][0], alone.content)
            assert kinds[found[image][0]] == alone.headers["content-type"]
        assert found[2] == (0, b"")


def test_many_thumbnails_are_kept_only_under_an_address_that_names_the_dataset(client: TestClient) -> None:
    dataset = client.get("/api/session").json()["dataset"]
    named = client.get(f"/api/thumbnails?images=0&v={dataset}")
    plain = client.get("/api/thumbnails?images=0")
    assert (named.headers["cache-control"], plain.headers["cache-control"]) == (FOREVER, "private, no-cache")
    assert client.get("/api/thumbnails?images=0&v=0123456789abcdef").status_code == 409


def test_a_broken_image_among_many_is_asked_for_by_itself(client: TestClient, folder: Path) -> None:
    assert bundle(client, "images=2,3")[2] == (0, b"")
    assert client.get("/api/groups/all").json()["members"][2]["broken"]
    shutil.copy(folder / "d.png", folder / "c.png")
    assert bundle(client, "images=2")[2][0] == 2


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("images=4", 404),
        ("images=0,4", 404),
        ("images=", 422),
        ("", 422),
        ("images=0,", 422),
        ("images=-1", 422),
        ("images=1e3", 422),
        ("images=0,../a.jpg", 422),
        ("images=99999999999999999999999", 422),
        ("images=0&size=97", 422),
        ("images=" + ",".join(["0"] * 120), 200),
        ("images=" + ",".join(["0"] * 121), 422),
        ("images=" + ",".join(["0"] * 5000), 422),
    ],
)
def test_only_so_many_numbers_of_images_lead_to_pictures(client: TestClient, query: str, status: int) -> None:
    assert client.get(f"/api/thumbnails?{query}").status_code == status


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/images/4/thumb", 404),
        ("/api/images/-1/thumb", 422),
        ("/api/images/1e3/thumb", 422),
        ("/api/images/99999999999999999999999/thumb", 422),
        ("/api/images/0/thumb?size=97", 422),
        ("/api/images/0/thumb?size=x", 422),
        ("/api/images/..%2f..%2f..%2fetc%2fpasswd/full", 404),
        ("/api/images/%2e%2e/full", 422),
        ("/static/..%2fapp.py", 404),
        ("/static/%2e%2e/%2e%2e/app.py", 404),
        ("/static//etc/passwd", 404),
        ("/a.jpg", 404),
        ("/annotations.sqlite", 404),
    ],
)
def test_only_numbers_of_images_lead_to_a_picture(client: TestClient, address: str, status: int) -> None:
    reply = client.get(address)
    assert reply.status_code == status
    assert reply.json()["error"]


@pytest.mark.parametrize("image", [0, 1, 2, 3])
def test_an_address_as_the_page_makes_it_is_answered_as_any_other(client: TestClient, image: int) -> None:
    dataset = client.get("/api/session").json()["dataset"]
    for name in (f"&v={dataset}", ""):
        short = client.get(f"/api/images/{image}/thumb?size=96{name}")
        long = client.get(f"/api/images/0{image}/thumb?size=96{name}")
        assert (short.content, short.headers) == (long.content, long.headers)
        known = {"If-None-Match": short.headers.get("etag", "none")}
        assert client.get(f"/api/images/{image}/thumb?size=96{name}", headers=known).status_code == (
            200 if image == 2 else 304
        )


def test_refusals_of_thumbnails_are_those_of_the_route(client: TestClient) -> None:
    other = client.get("/api/images/0/thumb?size=96&v=0123456789abcdef")
    assert (other.status_code, other.json()["hint"]) == (409, "reload the page")
    assert client.get("/api/images/4/thumb?size=96").status_code == 404
    assert client.post("/api/images/0/thumb?size=96").status_code == 405
