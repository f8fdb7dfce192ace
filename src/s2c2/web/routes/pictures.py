"""``/api/images``: pictures by number, never by path."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from s2c2.web.asking import person
from s2c2.web.bundle import MEDIA, MOST, bundled
from s2c2.web.desk import Desk, Here
from s2c2.web.pictures import SIZES, Picture
from s2c2.web.problems import Problem, responses

router = APIRouter(tags=["pictures"], responses=responses(401, 403, 404, 422))

FOREVER = "private, max-age=31536000, immutable"
"""Caching of a picture whose address names the dataset."""

Image = Annotated[int, Path(ge=0, le=2**31 - 1, description="number of the image")]
Version = Annotated[
    str | None,
    Query(max_length=64, description="'dataset' of the session: the picture is then kept for ever"),
]
Tag = Annotated[str | None, Header(alias="If-None-Match", max_length=200)]
Side = Annotated[int, Query(description="longest side in pixels", json_schema_extra={"enum": [*SIZES]})]
Images = Annotated[
    str,
    Query(pattern=r"^[0-9]{1,9}(,[0-9]{1,9})*$", max_length=10 * MOST, description="numbers, with commas"),
]
PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {} for kind in ("image/webp", "image/png", "image/jpeg", "image/svg+xml")}},
    304: {"description": "not changed"},
}


@router.get("/images/{image}/thumb", response_class=Response, responses={**PICTURE})
def thumbnail(
    here: Here,
    request: Request,
    image: Image,
    size: Side = 128,
    v: Version = None,
    if_none_match: Tag = None,
) -> Response:
    """Return a small picture of an image; a placeholder with ``X-Broken: 1`` where the file is broken."""
    person(request)  # not as a parameter: a page asks for many at once, and each of those costs a thread
    _check_size(size)
    _check(here, image, v)
    return answer(here.pictures.thumbnail(image, size), v, if_none_match)


@router.get("/thumbnails", response_class=StreamingResponse, responses={200: {"content": {MEDIA: {}}}})
def thumbnails(here: Here, request: Request, images: Images, size: Side = 128, v: Version = None) -> Response:
    """Return small pictures of many images, one after the other; nothing of an image whose file is broken.

    Of each: three big-endian numbers of 32 bits, which are that of the image, the kind (1 WebP, 2 PNG,
    3 JPEG, 0 broken) and how many bytes follow; then these bytes.
    """
    person(request)
    _check_size(size)
    numbers = [int(number) for number in images.split(",")]
    if len(numbers) > MOST:
        raise Problem(422, f"these are {len(numbers)} images", f"ask for {MOST} at a time, at most")
    _check(here, max(numbers), v)
    content = bundled(numbers, lambda image: _thumbnail(here, image, size, v))
    caching = FOREVER if v else "private, no-cache"
    return StreamingResponse(content, headers={"cache-control": caching}, media_type=MEDIA)


@router.get("/images/{image}/full", response_class=Response, responses={**PICTURE})
def full(
    here: Here, request: Request, image: Image, v: Version = None, if_none_match: Tag = None
) -> Response:
    """Return an image in full."""
    person(request)
    _check(here, image, v)
    return answer(here.pictures.full(image), v, if_none_match)


def _thumbnail(here: Desk, image: int, size: int, version: str | None) -> Picture:
    """Return a thumbnail; where the address names the dataset, as it was when it was last asked for."""
    held = here.pictures.held(image, size) if version else None
    return held or here.pictures.thumbnail(image, size)


def _check_size(size: int) -> None:
    if size not in SIZES:
        raise Problem(422, f"there is no size {size}", f"sizes in pixels: {', '.join(map(str, SIZES))}")


def _check(here: Desk, image: int, version: str | None) -> None:
    here.check_dataset(version)
    if image >= len(here.start.images):
        last = len(here.start.images) - 1
        raise Problem(404, f"there is no image {image}", f"images have the numbers 0 to {last}")


def answer(picture: Picture, version: str | None, known: str | None) -> Response:
    """Return a picture; the browser must ask each time if its address does not name the dataset.

    Args:
        picture: the picture.
        version: the dataset that the address names.
        known: tags of pictures that the browser has.
    """
    if picture.broken:
        headers = {"cache-control": "no-store", "x-broken": "1"}
        return Response(picture.data, 200, headers, picture.media_type)
    headers = {"etag": f'"{picture.tag}"', "cache-control": FOREVER if version else "private, no-cache"}
    if known is not None and headers["etag"] in known:
        return Response(status_code=304, headers=headers)
    return Response(picture.data, 200, headers, picture.media_type)
