"""Two hosts: network namespaces with a cable between them, and torchrun on each.

The first one is named by its rank: torchrun else takes the host that its own name leads to, which is none
where names lead to the loopback address.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from s2c2.data.synthetic import synthetic
from tests.cli.processes import ENVIRONMENT, await_checkpoint, close, s2c2, training

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Host:
    """A network namespace with one end of the cable."""

    rank: int
    name: str
    address: str
    interface: str

    def command(self, *words: object) -> list[str]:
        return ["ip", "netns", "exec", self.name, *map(str, words)]


def ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")


@contextmanager
def cabled() -> Iterator[tuple[Host, Host]]:
    """Yield two hosts on a network of their own."""
    tag = os.getpid() % 100000
    hosts = tuple(Host(i, f"s2c2-{tag}-{i}", f"10.77.0.{i + 1}", f"s{tag}-{i}") for i in (0, 1))
    first, second = hosts
    try:
        for host in hosts:
            ip("netns", "add", host.name)
        ends = [("netns", host.name, "name", host.interface) for host in hosts]
        ip("link", "add", *ends[0][2:], *ends[0][:2], "type", "veth", "peer", *ends[1][2:], *ends[1][:2])
        for host in hosts:
            ip("-n", host.name, "addr", "add", f"{host.address}/24", "dev", host.interface)
            ip("-n", host.name, "link", "set", host.interface, "up")
            ip("-n", host.name, "link", "set", "lo", "up")
        yield first, second
    finally:
        for host in hosts:
            subprocess.run(["ip", "netns", "del", host.name], capture_output=True, check=False)


@pytest.fixture(scope="module")
def hosts() -> Iterator[tuple[Host, Host]]:
    try:
        with cabled() as pair:
            yield pair
    except OSError as error:
        pytest.skip(f"no network namespaces here: {error}")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "small"
    synthetic(folder, images=600, seed=0, size=16)
    return folder


def start(host: Host, meeting: Host, *arguments: object) -> "subprocess.Popen[str]":
    several = ["--nnodes", 2, "--node-rank", host.rank, "--nproc-per-node", 1]
    where = ["--master-addr", meeting.address, "--master-port", 29400]
    call = [sys.executable, "-m", "torch.distributed.run", *several, *where, "-m", "s2c2", *arguments]
    return subprocess.Popen(
        host.command(*call),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=ENVIRONMENT | {"GLOO_SOCKET_IFNAME": host.interface},
    )


@contextmanager
def both(hosts: tuple[Host, Host], *arguments: object) -> Iterator[list["subprocess.Popen[str]"]]:
    """Start the same command on both hosts, and leave nothing of it behind."""
    started = [start(host, hosts[0], *arguments) for host in hosts]
    try:
        yield started
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.communicate(timeout=100)


def test_two_hosts_train_what_one_process_trains(
    hosts: tuple[Host, Host], data: Path, tmp_path: Path
) -> None:
    done = s2c2(1, *training(data, tmp_path / "one"))
    assert done.returncode == 0, done.stderr
    with both(hosts, *training(data, tmp_path / "two")) as started:
        said = [process.communicate(timeout=280)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0], said
    close(tmp_path / "one", tmp_path / "two")


def test_a_cable_that_is_cut_ends_both_hosts(hosts: tuple[Host, Host], data: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with both(hosts, *training(data, out), "train.steps=100000") as started:
        await_checkpoint(out, *started)
        ip("-n", hosts[1].name, "link", "set", hosts[1].interface, "down")
        said = [process.communicate(timeout=200)[0] for process in started]
    assert all(process.returncode for process in started)
    assert all("another process of this run was lost" in text for text in said), said
