"""A process of two that goes wrong in the way it is told."""

import os
import signal
import time

import torch

from s2c2.errors import UserError
from s2c2.ranks.group import Ranks, first, led
from s2c2.ranks.joining import opened


def fail(ranks: Ranks) -> None:
    raise UserError(f"the disk of rank {ranks.rank} is full")


def agree(ranks: Ranks) -> None:
    led(ranks, lambda: time.sleep(5))  # longer than the patience, with signs of life
    ranks.same("their world", lambda: str(ranks.world))
    assert ranks.any(ranks.rank == 1)
    assert not ranks.any(False)
    assert ranks.rows(torch.tensor([float(ranks.rank)])).tolist() == [[0.0], [1.0]]
    vector = torch.tensor([1.0 + ranks.rank])
    ranks.add(vector)
    assert vector.item() == 3.0
    assert first(ranks, lambda: ranks.rank) == ranks.rank
    ranks.meet()
    print("agreed")


def comes_late(ranks: Ranks) -> None:
    agree(ranks)


def differ(ranks: Ranks) -> None:
    ranks.same("their seeds", lambda: str(ranks.rank))


def leader_fails(ranks: Ranks) -> None:
    led(ranks, lambda: fail(ranks))


def follower_fails(ranks: Ranks) -> None:
    if ranks.rank == 1:
        fail(ranks)
    ranks.add(torch.zeros(3))


def follower_dies(ranks: Ranks) -> None:
    if ranks.rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    ranks.add(torch.zeros(3))


def leader_dies(ranks: Ranks) -> None:
    led(ranks, lambda: os.kill(os.getpid(), signal.SIGKILL))


def follower_sleeps(ranks: Ranks) -> None:
    if ranks.rank == 1:
        os.kill(os.getpid(), signal.SIGSTOP)
    ranks.rows(torch.zeros(3))


def follower_sleeps_before_meeting(ranks: Ranks) -> None:
    if ranks.rank == 1:
        os.kill(os.getpid(), signal.SIGSTOP)
    ranks.meet()


def main(what: str) -> None:
    torch.set_num_threads(1)
    if what == "comes_late" and os.environ["RANK"] == "1":
        time.sleep(6)  # longer than the patience, without a sign of life
    try:
        with opened() as ranks:
            globals()[what](ranks)
    except UserError as error:
        print(f"{type(error).__name__}: {error}")
        raise SystemExit(2) from None
