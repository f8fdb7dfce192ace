"""Memory that ran out, whoever noticed: Python, NumPy, torch, oneDNN, or a graphics card.

Linux promises more memory than there is, and kills a process that takes it at its word. A process that is
bounded by what is free is told no instead, and can say so.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

SAID = re.compile(
    r"out of memory|can(?:'t|not) allocate memory|bad_alloc|ALLOC_FAILED"
    r"|could not create a (?:memory|primitive)\b(?! descriptor)|could not execute a primitive"
)
"""What libraries say then; most raise a ``RuntimeError``.

oneDNN reports the memory that its compiled kernels and its scratchpad lack as a primitive that could not be
created or executed; a primitive *descriptor* fails for an operation that it does not know.
"""


def exhausted(error: BaseException) -> bool:
    """Return whether an error says that memory ran out.

    Example:
        >>> exhausted(MemoryError()), exhausted(RuntimeError("CUDA out of memory.")), exhausted(OSError())
        (True, True, False)
        >>> exhausted(RuntimeError("could not create a primitive"))
        True
        >>> exhausted(RuntimeError("could not create a primitive descriptor for a matmul primitive"))
        False
    """
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and SAID.search(str(error)) is not None


@contextmanager
def bounded(root: Path = Path("/")) -> Iterator[None]:
    """Have the kernel refuse more memory than is free now, where it can be asked to; it is Linux that can.

    Memory that other processes take meanwhile is not known of, nor is that of a graphics card.

    Args:
        root: where ``proc`` and ``sys`` are.
    """
    most = limit(root)
    if most is None:
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = most if soft == resource.RLIM_INFINITY else min(most, soft)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def rebound(root: Path = Path("/")) -> None:
    """Bound this process anew by what is free now, for example after it gave memory back."""
    most = limit(root)
    if most is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (most, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def limit(root: Path = Path("/")) -> int | None:
    """Return the bytes that this process may ask for: what it has and what is free. None if unknown."""
    free, had = available(root), taken(root)
    if sys.platform != "linux" or free is None or had is None:
        return None
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    return had + free if hard == resource.RLIM_INFINITY else min(had + free, hard)


def taken(root: Path = Path("/")) -> int | None:
    """Return the bytes that this process has asked for, as ``RLIMIT_DATA`` counts them; None if unknown."""
    return bytes_of(root / "proc/self/status", "VmData")


def available(root: Path = Path("/")) -> int | None:
    """Return the bytes that this process can still take: of the machine, and of each of its control groups.

    Args:
        root: where ``proc`` and ``sys`` are.

    Returns:
        None where that cannot be read.
    """
    meminfo = root / "proc/meminfo"
    machine, swap = bytes_of(meminfo, "MemAvailable"), bytes_of(meminfo, "SwapFree")
    known = [] if machine is None else [machine + (swap or 0)]
    return min([*known, *_groups(root)], default=None)


FILES = {
    "": ("memory.max", "memory.current", "inactive_file"),
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}
"""Most, what is used, and the line of ``memory.stat`` with files that can be let go, by a group's
controllers; those of version 2 have no name."""


def _groups(root: Path) -> Iterator[int]:
    """Yield what is left in each control group that this process is in, of version 1 and 2."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, name = line.split(":", 2)
        if controllers not in FILES:
            continue
        mounted, (most, current, files) = root / "sys/fs/cgroup" / controllers, FILES[controllers]
        place = PurePosixPath(name.lstrip("/"))
        # A container may see its own group at the root, under a name from outside.
        for group in (mounted / one for one in (place, *place.parents)):
            limit, used = (_text(group / file).strip() for file in (most, current))
            if limit.isdigit() and used.isdigit():
                found = re.search(rf"^{files} (\d+)$", _text(group / "memory.stat"), re.MULTILINE)
                yield max(int(limit) - int(used) + (int(found[1]) if found else 0), 0)


def bytes_of(path: Path, name: str) -> int | None:
    """Return what a file of the kernel says in kB of a name, in bytes; None where it does not."""
    found = re.search(rf"^{name}:\s+(\d+) kB$", _text(path), re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _text(path: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="ascii")
    return ""
