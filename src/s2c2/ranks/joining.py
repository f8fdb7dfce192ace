"""From the variables that ``torchrun`` sets to the processes of a run."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

from s2c2.errors import UserError
from s2c2.ranks.answering import Answering
from s2c2.ranks.group import ALONE, LostError, Ranks, number

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds after which a process that takes no part in an exchange counts as lost, where none closed its
connection before; ``S2C2_PATIENCE`` sets another number."""
MEETING = 60.0
"""Seconds that processes have to find each other, where they are not more patient: one may import later."""
BEAT = 0.5
"""Seconds between two signs of life."""
POLL = 0.05
"""Seconds between two looks at who is there."""
NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


class Group:
    """Processes that exchange numbers by ``torch.distributed``, and signs of life by its store.

    Args:
        store: what all of them read and write.
        rank: number of this one.
        world: how many there are.
        patience: seconds after which one that is silent counts as lost.
    """

    def __init__(self, store: Answering, rank: int, world: int, patience: float) -> None:
        self.store, self.rank, self.world, self.patience = store, rank, world, patience
        self.turn = 0
        """Number of the next meeting."""

    def lead(self, work: Callable[[], T], then: Callable[[], T]) -> T:
        """Let the leader work while the others wait; afterwards they do ``then``."""
        key = self._next("led")
        if self.rank == 0:
            made = work()
            with reachable(self):
                self.store.set(key, "done")
            return made
        self._wait({0: key})
        return then()

    def meet(self) -> None:
        """Wait until all are here."""
        key = self._next("met")
        with reachable(self):
            self.store.set(f"{key}/{self.rank}", "here")
        self._wait({rank: f"{key}/{rank}" for rank in range(self.world)})

    def any(self, flag: bool) -> bool:
        """Return whether any of them says yes."""
        return bool(self.rows(torch.tensor([float(flag)])).any())

    def same(self, what: str, text: Callable[[], str]) -> None:
        """Make sure that all have the same text."""
        said = self.rows(number(text()))
        other = (said != said[0]).any(dim=1).nonzero().flatten().tolist()
        if other:
            raise UserError(
                f"the processes of this run differ in {what}: rank {', '.join(map(str, other))} "
                "has another one than rank 0"
            )

    def rows(self, vector: Float[Tensor, " n"]) -> Float[Tensor, "world n"]:
        """Return the vectors of all."""
        found = [torch.empty_like(vector) for _ in range(self.world)]
        with reachable(self):
            dist.all_gather(found, vector.contiguous())
        return torch.stack(found)

    def add(self, vector: Float[Tensor, " n"]) -> None:
        """Add the vectors of the others, in place."""
        with reachable(self):
            dist.all_reduce(vector)

    def beat(self, ended: threading.Event) -> None:
        """Give signs of life until the end."""
        count = 0
        while not ended.wait(BEAT):
            count += 1
            with suppress(RuntimeError):
                self.store.set(f"beat/{self.rank}", str(count))

    def tell(self, error: BaseException) -> None:
        """Say why this process ends, for those that lose it."""
        lines = str(error).splitlines() if isinstance(error, Exception) else ["it was stopped"]
        with suppress(RuntimeError):
            if not self.store.check(["failed"]):
                self.store.set("failed", f"rank {self.rank}: {(lines or [type(error).__name__])[0]}")

    def told(self) -> str | None:
        """Return what a process that ended said, after a moment in which it may say it."""
        with suppress(RuntimeError):
            for _ in range(20):
                if self.store.check(["failed"]):
                    return str(self.store.get("failed"), "utf-8")
                time.sleep(POLL)
        return None

    def _next(self, kind: str) -> str:
        self.turn += 1
        return f"{kind}/{self.turn}"

    def _wait(self, keys: Mapping[int, str]) -> None:
        """Wait for a key of each rank, as long as these give signs of life and none failed."""
        seen = {rank: ("", time.monotonic()) for rank in keys}
        while absent := [rank for rank, key in keys.items() if not self._there(key)]:
            if self._there("failed"):
                raise LostError(self.told() or "it failed")
            for rank in absent:
                key, now = f"beat/{rank}", time.monotonic()
                said = self._read(key) if self._there(key) else ""
                if said != seen[rank][0]:
                    seen[rank] = (said, now)
                if now - seen[rank][1] > self.patience:
                    raise LostError(f"rank {rank} gave no sign of life for {self.patience:g} s")
            time.sleep(POLL)

    def _there(self, key: str) -> bool:
        with reachable(self):
            return bool(self.store.check([key]))

    def _read(self, key: str) -> str:
        with reachable(self):
            return str(self.store.get(key), "utf-8")


@contextmanager
def reachable(group: Group) -> Iterator[None]:
    """Turn a broken connection or a long silence into a sentence for people.

    Raises:
        LostError: says what the process that ended said, else what the connection said.
    """
    try:
        yield
    except UserError:
        raise
    except RuntimeError as error:
        raise LostError(group.told() or str(error).splitlines()[0]) from error


@contextmanager
def opened(environment: Mapping[str, str] = os.environ) -> Iterator[Ranks]:
    """Yield the processes that ``torchrun`` started this one with; outside of it, this one alone.

    Raises:
        UserError: when its variables are incomplete, or the others cannot be reached.
    """
    if not environment.get("WORLD_SIZE", "1").isdecimal() or int(environment.get("WORLD_SIZE", "1")) <= 1:
        yield ALONE
        return
    group = _joined(environment, waiting(environment))
    ended = threading.Event()
    threading.Thread(target=group.beat, args=(ended,), daemon=True).start()
    try:
        yield group
        group.any(False)  # the first one may hold the store: it waits until the others need it no more
    except BaseException as error:
        group.tell(error)
        raise
    finally:
        ended.set()
        dist.destroy_process_group()


def waiting(environment: Mapping[str, str]) -> float:
    """Return the seconds after which a silent process counts as lost.

    Raises:
        UserError: when ``S2C2_PATIENCE`` is no positive number.
    """
    text = environment.get("S2C2_PATIENCE", str(PATIENCE))
    with suppress(ValueError):
        if 0 < (patience := float(text)) < float("inf"):
            return patience
    raise UserError(f"S2C2_PATIENCE is a number of seconds above 0, not '{text}'")


def _joined(environment: Mapping[str, str], patience: float) -> Group:
    missing = [name for name in NEEDED if not environment.get(name)]
    if missing:
        raise UserError(
            f"WORLD_SIZE says that there are several processes, but {', '.join(missing)} is not set: "
            "start them with torchrun"
        )
    _own_device(environment)
    limit, meeting = timedelta(seconds=patience), timedelta(seconds=max(patience, MEETING))
    try:
        store, rank, world = next(rendezvous("env://", timeout=meeting))
        store = PrefixStore("s2c2", store)
        store.set(f"here/{rank}", "")
        store.wait([f"here/{one}" for one in range(world)], meeting)
        store.set_timeout(limit)
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        dist.init_process_group(backend, store=store, rank=rank, world_size=world, timeout=limit)
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"cannot reach the other processes of this run: {reason}") from error
    return Group(Answering(PrefixStore("life", store), patience), rank, world, patience)


def _own_device(environment: Mapping[str, str]) -> None:
    """Give each process of a machine a graphics card of its own, where there are some."""
    if not torch.cuda.is_available():
        return
    local, cards = int(environment.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if local >= cards:
        raise UserError(f"{cards} graphics cards for more processes: lower --nproc-per-node to {cards}")
    torch.cuda.set_device(local)
