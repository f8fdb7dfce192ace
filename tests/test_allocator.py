import ctypes
import os
import subprocess
import sys

import pytest

from s2c2 import allocator

FAULTS = """
import os, resource
{setting}
import torch
torch.set_num_threads(1)
def touch() -> None:
    torch.zeros(2**24).add_(1)  # 64 MB
touch()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    touch()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(setting: str, environment: dict[str, str]) -> int:
    """Return the page faults of twenty large blocks in a process of its own."""
    command = [sys.executable, "-c", FAULTS.format(setting=setting)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | environment)
    return int(done.stdout)


@pytest.mark.skipif(not allocator.KEPT, reason="needs glibc that nobody tunes")
def test_large_blocks_are_used_again_once_the_engine_is_imported() -> None:
    # 20 blocks of 64 MB are 327,680 pages of 4 KB, or 640 of 2 MB where the kernel gives huge ones.
    plain, kept = faults("", {}), faults("import s2c2.engine", {})
    assert kept < plain / 4


@pytest.mark.skipif(not allocator.KEPT, reason="needs glibc that nobody tunes")
def test_a_person_who_tunes_glibc_is_left_alone() -> None:
    own = {"MALLOC_MMAP_THRESHOLD_": "1000000"}
    assert not allocator.keep_freed(own)
    assert faults("import s2c2.engine", own) > 4 * faults("import s2c2.engine", {})


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not allocator.keep_freed({})


def test_a_c_library_without_mallopt_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert not allocator.keep_freed({})
