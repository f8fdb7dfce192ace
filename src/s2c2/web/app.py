"""The server as a value: an ASGI app over an open database. Nothing here listens on a port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import Lifespan

from s2c2.web import problems
from s2c2.web.asking import CSRF_HEADER
from s2c2.web.desk import Desk, same_dataset
from s2c2.web.guard import Guard
from s2c2.web.routes import acts, groups, overview, pictures, session
from s2c2.web.thumbnails import Thumbnails

STATIC = Path(__file__).parent / "static"
"""The page and its modules."""

ROUTERS: tuple[APIRouter, ...] = (
    session.router,
    groups.router,
    pictures.router,
    acts.router,
    overview.router,
)
"""All addresses below ``/api`` that do not belong to accounts."""

DESCRIPTION = (
    f"Every request that changes something carries the header {CSRF_HEADER} with the token of the session."
)


def app(desk: Desk) -> FastAPI:
    """Return the ASGI app of a desk; it closes the database when the server stops."""
    made = FastAPI(
        title="s2c2 annotate",
        version=version("s2c2"),
        description=DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=running(desk),
    )
    made.state.desk, made.state.identity = desk, desk.identity
    problems.register(made)
    made.add_middleware(Thumbnails, desk=desk)
    made.add_middleware(Guard, hosts=desk.settings.hosts)
    for router in (*ROUTERS, *desk.identity.routers):
        made.include_router(
            router,
            prefix="/api",
            dependencies=[Depends(same_dataset)],
            responses=problems.responses(409),
        )
    made.mount("/static", StaticFiles(directory=STATIC))
    made.add_api_route("/", _page, include_in_schema=False)
    return made


def _page() -> FileResponse:
    return FileResponse(STATIC / "index.html", headers={"cache-control": "no-cache"})


def running(desk: Desk) -> Lifespan[FastAPI]:
    """Return what goes on beside the requests: closing the database at the end."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        desk.store.close()

    return lifespan
