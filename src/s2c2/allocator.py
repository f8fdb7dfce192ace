"""How the C library keeps memory that was freed.

A training step frees and takes the same large blocks again and again. glibc maps each block above 32 MB anew
and gives it back at once, so that the kernel fills every page of it with zeros in every operation: 40 % of a
step's processor time with 960 views of 32 pixels. Kept in the heap, the pages are used again.
"""

import ctypes
import os
import sys
from collections.abc import Mapping

TRIM_THRESHOLD, MMAP_MAX = -1, -4
"""Parameters of ``mallopt`` in glibc's ``malloc.h``."""
LARGEST = 2**31 - 1
"""Largest value that a parameter takes."""


def keep_freed(environment: Mapping[str, str]) -> bool:
    """Tell glibc to keep freed memory for this process, and return whether it will.

    Another C library, another system, and a person who tunes glibc by environment variables are left alone.

    Args:
        environment: variables of the process.
    """
    if sys.platform != "linux" or tuned(environment):
        return False
    try:
        library = ctypes.CDLL("libc.so.6")
        version, mallopt = library.gnu_get_libc_version, library.mallopt
    except (OSError, AttributeError):
        return False
    version.restype = ctypes.c_char_p
    return bool(version()) and bool(mallopt(MMAP_MAX, 0)) and bool(mallopt(TRIM_THRESHOLD, LARGEST))


def tuned(environment: Mapping[str, str]) -> bool:
    """Return whether a person tunes glibc's allocator or has put another in its place.

    Example:
        >>> tuned({"MALLOC_ARENA_MAX": "1"}), tuned({"GLIBC_TUNABLES": "glibc.malloc.mmap_max=9"}), tuned({})
        (True, True, False)
    """
    return (
        any(name.startswith("MALLOC_") for name in environment)
        or "malloc" in environment.get("GLIBC_TUNABLES", "")
        or "malloc" in environment.get("LD_PRELOAD", "")
    )


KEPT = keep_freed(os.environ)
"""Whether this process keeps freed memory; it does so from the import of this module on."""


def give_back() -> None:
    """Give what was freed and kept back to the system, where what comes next may need less of it."""
    if KEPT:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
