"""A server process for the tests: python writer.py URL NAME MODE; each mode stops at another place.

Prints one line before each act is sent, its key, so that a test knows what a client would send again.
"""

import sys
import time
from typing import Any

from sqlalchemy import event

from s2c2.web.acts import Act, Conflict
from s2c2.web.live import Live
from s2c2.web.store import Reader, Store

TIME = "2026-01-01T00:00:00Z"


def label(key: str, image: int, group: str | None = None, version: int | None = None) -> Act:
    """Return an act on the shared board."""
    return Act(key, "label", "shared/1/s2c2", group, version, (image,), label=1, tab=key.split("-")[0])


def say(text: str) -> None:
    print(text, flush=True)


def forever(*_: Any) -> None:
    say("stopped")
    time.sleep(3600)


def many(live: Live, name: str) -> None:
    """Append without end, or until killed."""
    for number in range(100_000):
        say(f"{name}-{number}")
        live.append(name, label(f"{name}-{number}", number % 10), TIME)


def some(live: Live, name: str) -> None:
    """Append a hundred acts when told to go."""
    sys.stdin.readline()
    for number in range(100):
        live.append(name, label(f"{name}-{number}", number % 10), TIME)


def race(live: Live, name: str) -> None:
    """Judge the same cluster as seen at the start, when told to go; say who won."""
    sys.stdin.readline()
    try:
        live.append(name, label(f"{name}-0", 4, "cluster-1", 0), TIME)
    except Conflict as conflict:
        say(f"lost to {conflict.who}: {conflict}")
    else:
        say("won")


def in_check(live: Live, name: str) -> None:
    """Stop inside the transaction, before the row is written."""

    def check(read: Reader) -> None:
        forever()

    live.store.append(name, label(f"{name}-0", 0), check, TIME)


def in_commit(live: Live, name: str) -> None:
    """Stop after the row is written, before it is committed."""
    event.listen(live.store.engine, "commit", forever)
    live.append(name, label(f"{name}-0", 0), TIME)


def in_reply(live: Live, name: str) -> None:
    """Stop after the commit, before the client hears of it."""
    live.append(name, label(f"{name}-0", 0), TIME)
    forever()


if __name__ == "__main__":
    _, url, name, mode = sys.argv
    store = Store.open(url)
    say("ready")
    if mode != "open":
        {f.__name__: f for f in (many, some, race, in_check, in_commit, in_reply)}[mode](Live(store), name)
