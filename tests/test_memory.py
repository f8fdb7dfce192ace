"""What is free, from files as Linux writes them, and a kernel that says no."""

import subprocess
import sys
from pathlib import Path

import pytest

from s2c2.memory import available, taken

MEMINFO = "MemTotal:       2000 kB\nMemAvailable:    900 kB\nSwapFree:        100 kB\n"
"""A machine of which 1000 kB are free."""


def written(root: Path, **files: str) -> Path:
    """Write files below a folder; two underscores stand for a slash, one dot is left out of ``memory``."""
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("memory_", "memory.", 1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_machine_without_groups_has_what_is_free_and_what_can_be_swapped(tmp_path: Path) -> None:
    assert available(written(tmp_path, proc__meminfo=MEMINFO)) == 1000 * 1024


def test_what_cannot_be_read_is_not_known(tmp_path: Path) -> None:
    assert available(tmp_path) is None
    assert taken(tmp_path) is None


GROUPS = {
    "version 2": {
        "proc__self__cgroup": "0::/jobs/7\n",
        "sys__fs__cgroup__jobs__7__memory_max": "5000\n",
        "sys__fs__cgroup__jobs__7__memory_current": "3000\n",
        "sys__fs__cgroup__jobs__7__memory_stat": "anon 9\ninactive_file 400\n",
        "sys__fs__cgroup__jobs__memory_max": "max\n",
        "sys__fs__cgroup__jobs__memory_current": "3000\n",
    },
    "version 2, the group above": {
        "proc__self__cgroup": "0::/jobs/7\n",
        "sys__fs__cgroup__jobs__7__memory_max": "max\n",
        "sys__fs__cgroup__jobs__7__memory_current": "100\n",
        "sys__fs__cgroup__jobs__memory_max": "5400\n",
        "sys__fs__cgroup__jobs__memory_current": "3000\n",
    },
    "version 1, named from outside a container": {
        "proc__self__cgroup": "3:cpuset:/docker/ab\n4:memory:/docker/ab\n0::/\n",
        "sys__fs__cgroup__memory__memory_limit_in_bytes": "5000\n",
        "sys__fs__cgroup__memory__memory_usage_in_bytes": "3000\n",
        "sys__fs__cgroup__memory__memory_stat": "inactive_file 1\ntotal_inactive_file 400\n",
    },
}


@pytest.mark.parametrize("case", GROUPS)
def test_a_group_leaves_less_than_the_machine(case: str, tmp_path: Path) -> None:
    assert available(written(tmp_path, proc__meminfo=MEMINFO, **GROUPS[case])) == 2400


def test_a_full_group_leaves_nothing(tmp_path: Path) -> None:
    files = {"sys__fs__cgroup__memory_max": "10", "sys__fs__cgroup__memory_current": "30"}
    assert available(written(tmp_path, proc__meminfo=MEMINFO, proc__self__cgroup="0::/", **files)) == 0


ASKED = """
import resource, sys
from pathlib import Path
import s2c2.memory
s2c2.memory.available = lambda root: 50 * 2**20
before = resource.getrlimit(resource.RLIMIT_DATA)
with s2c2.memory.bounded():
    kept = bytearray(20 * 2**20)
    try:
        bytearray(60 * 2**20)
    except MemoryError:
        print("no")
assert resource.getrlimit(resource.RLIMIT_DATA) == before
bytearray(60 * 2**20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_more_than_is_free_is_refused_and_the_bound_is_lifted_again() -> None:
    done = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "no\n"), done.stderr
