"""``/api/images``: pictures by number, never by path."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response

from s2c2.web.asking import person
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
    if size not in SIZES:
        raise Problem(422, f"there is no size {size}", f"sizes in pixels: {', '.join(map(str, SIZES))}")
    _check(here, image, v)
    return answer(here.pictures.thumbnail(image, size), v, if_none_match)


@router.get("/images/{image}/full", response_class=Response, responses={**PICTURE})
def full(
    here: Here, request: Request, image: Image, v: Version = None, if_none_match: Tag = None
) -> Response:
    """Return an image in full."""
    person(request)
    _check(here, image, v)
    return answer(here.pictures.full(image), v, if_none_match)


def _check(here: Desk, image: int, version: str | None) -> None:
    if image >= len(here.start.images):
        last = len(here.start.images) - 1
        raise Problem(404, f"there is no image {image}", f"images have the numbers 0 to {last}")
    if version is not None and version != here.dataset:
        raise Problem(404, "this picture belongs to another dataset", "reload the page")


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
