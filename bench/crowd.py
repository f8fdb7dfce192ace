"""Annotators who work on one server at once: HTTP/1.1 over kept connections, one thread for all of them."""

import asyncio
import json
import random
import struct
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

CONNECTIONS = 3
"""Connections of one annotator: for what they do, for what others did, and for pictures."""
PAGE = 60
"""Thumbnails in a page."""
LOOK = 5.0
"""Seconds between two looks at what others did."""
SIZE = 128
"""Longest side of a thumbnail in pixels."""


@dataclass
class Watch:
    """What was seen: seconds of each kind of request, and counts."""

    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    counts: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))


class Connection:
    """One connection to a server on this machine, made again where the server closed it after a pause."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.free = port, asyncio.Lock()
        self.head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, bytes]:
        """Return status and body of the answer."""
        data = b"" if body is None else json.dumps(body).encode()
        more = f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n" if data else ""
        request = f"{method} {path} HTTP/1.1\r\n{self.head}{more}\r\n".encode() + data
        async with self.free:
            try:
                return await self.answer(request)
            except (asyncio.IncompleteReadError, ConnectionError):
                self.close()
                return await self.answer(request)

    async def answer(self, request: bytes) -> tuple[int, bytes]:
        """Send a request, and return status and body of the answer."""
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head.split(" ", 2)[1])
        if "transfer-encoding: chunked" in head:
            return status, b"".join([part async for part in parts(reader)])
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        return status, await reader.readexactly(length)

    def close(self) -> None:
        """Close it; the next request makes it again."""
        if self.streams is not None:
            self.streams[1].close()
        self.streams = None


async def parts(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield the parts of an answer whose length was not known when it began."""
    while length := int(await reader.readline(), 16):
        yield (await reader.readexactly(length + 2))[:-2]
    await reader.readline()


class Annotator:
    """A person with a browser, whose pauses and choices are drawn."""

    def __init__(self, lines: list[Connection], watch: Watch, rng: random.Random, pause: float) -> None:
        self.lines, self.watch, self.rng, self.pause = lines, watch, rng, pause
        self.scope, self.classes, self.seq, self.dataset = "shared/1/s2c2", 1, 0, ""
        self.tab = str(UUID(int=rng.getrandbits(128), version=4))

    async def work(self, until: float) -> None:
        """Work on group after group."""
        session = await self.timed("session", "GET", "/api/session")
        self.scope, self.classes = session["scope"], len(session["classes"])
        self.dataset = session["dataset"]
        watching = asyncio.create_task(self.watch_others())
        await asyncio.sleep(self.rng.random() * self.pause * 2)
        while time.perf_counter() < until:
            await self.turn()
        watching.cancel()

    async def watch_others(self) -> None:
        """Ask what others did, as an open page does, and load the queue anew where they did something."""
        while True:
            await asyncio.sleep(LOOK)
            path = f"/api/events?after={self.seq}&tab={self.tab}"
            reply = await self.timed("events", "GET", path, line=1)
            if reply["last"] > self.seq:
                await self.queue(line=1)

    async def queue(self, line: int = 0) -> dict[str, Any]:
        """Return the groups; what others did until now is known from then on."""
        queue: dict[str, Any] = await self.timed("queue", "GET", "/api/queue", line=line)
        self.seq = max(self.seq, queue["seq"])
        return queue

    async def turn(self) -> None:
        """Take a group, look at a page of it, take out misfits, and settle the rest."""
        group = await self.taken(await self.queue())
        page = await self.timed("group", "GET", f"/api/groups/{group}?limit=500")
        await self.look([member["id"] for member in page["members"]][:PAGE])
        if self.rng.random() < 0.05:
            await self.timed("similar", "GET", f"/api/groups/{group}/similar?limit=60")
        open_ = [member["id"] for member in page["members"] if member["answer"] is None]
        if self.rng.random() < 0.5 and len(open_) > 8:
            misfits = self.rng.sample(open_, self.rng.randint(1, 6))
            reply = await self.act("misfit", group, page["version"], images=misfits)
            open_ = [image for image in open_ if image not in misfits]
            page["version"] = reply["group"]["version"] if reply else page["version"]
        await self.settle(group, page["version"], open_)

    async def taken(self, queue: dict[str, Any]) -> str:
        """Return the first open group that nobody holds, held from now on; any group when all are done."""
        groups: list[str] = [
            one["group"] for one in queue["groups"] if one["kind"] != "misfits" and not one["lease"]
        ]
        open_ = {one["group"] for one in queue["groups"] if not one["done"]}
        first = [one for one in groups if one in open_][:40]
        for group in self.rng.sample(first, len(first)):
            body = {"group": group, "scope": self.scope}
            if await self.timed("lease", "POST", "/api/lease", body) is not None:
                return group
        return self.rng.choice(groups)

    async def look(self, images: Sequence[int]) -> None:
        """Load a page of thumbnails in one request, as the page of the app does, and look at it."""
        if not images:
            return
        kind = "page of thumbnails" if len(images) == PAGE else "smaller page"
        numbers = ",".join(map(str, images))
        start = time.perf_counter()
        path = f"/api/thumbnails?size={SIZE}&v={self.dataset}&images={numbers}"
        status, data = await self.lines[2].ask("GET", path)
        self.watch.seconds[kind].append(time.perf_counter() - start)
        self.watch.counts[f"{kind} {status}"] += 1
        self.watch.counts["thumbnails"] += pictures(data)

    async def settle(self, group: str, version: int, images: list[int]) -> None:
        """Accept the group or label what is open, now and then with a change of mind."""
        label = self.rng.randrange(self.classes)
        drawn = self.rng.random()
        if drawn < 0.6 or not images:
            reply = await self.act("accept", group, version)
        elif drawn < 0.95:
            reply = await self.act("label", group, version, images=images, label=label)
        else:
            shares = [float(index == label) for index in range(self.classes)]
            reply = await self.act("ambiguous", group, version, images=images, distribution=shares)
        if reply is not None and self.rng.random() < 0.15:
            await self.act("undo", None, None, target_seq=reply["seq"])
            await self.act("redo", None, None, target_seq=reply["seq"])

    async def act(
        self, name: str, group: str | None, version: int | None, **more: Any
    ) -> dict[str, Any] | None:
        """Do one act after a pause; None when it was refused."""
        if self.pause:
            await asyncio.sleep(self.rng.expovariate(1 / self.pause))
        key = str(UUID(int=self.rng.getrandbits(128), version=4))
        body = {"key": key, "act": name, "group": group, "version": version, "scope": self.scope}
        reply: dict[str, Any] | None = await self.timed(
            "act", "POST", "/api/acts", body | {"tab": self.tab} | more
        )
        return reply

    async def timed(
        self, kind: str, method: str, path: str, body: dict[str, Any] | None = None, line: int = 0
    ) -> Any:
        """Return the answer to a request; None for a refusal, which is counted."""
        start = time.perf_counter()
        status, data = await self.lines[line].ask(method, path, body)
        self.watch.seconds[kind].append(time.perf_counter() - start)
        self.watch.counts[f"{kind} {status}"] += 1
        if status >= 500 or (method == "GET" and status != 200):
            raise RuntimeError(f"{method} {path} was answered with {status}: {data[:300]!r}")
        return json.loads(data) if status in (200, 201) else None


def pictures(data: bytes) -> int:
    """Return how many pictures are in an answer; each must be one."""
    at, found = 0, 0
    while at < len(data):
        _, kind, length = struct.unpack_from(">III", data, at)
        if not kind or not length:
            raise RuntimeError(f"picture {found} of a page is missing")
        at, found = at + 12 + length, found + 1
    return found


async def crowd(port: int, tokens: Sequence[str], pause: float, seconds: float, seed: int) -> Watch:
    """Let one annotator a token work at once.

    Args:
        port: port of the server.
        tokens: an API token of each annotator.
        pause: mean seconds before an act, drawn from an exponential distribution; 0 for no pause.
        seconds: how long.
        seed: of pauses and choices.
    """
    watch, until = Watch(), time.perf_counter() + seconds

    async def one(number: int, token: str) -> None:
        lines = [Connection(port, token) for _ in range(CONNECTIONS)]
        try:
            await Annotator(lines, watch, random.Random(f"{seed}/{number}"), pause).work(until)
        finally:
            for line in lines:
                line.close()

    await asyncio.gather(*(one(number, token) for number, token in enumerate(tokens)))
    return watch
