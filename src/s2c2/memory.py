"""Memory that ran out, whoever noticed: Python, NumPy, torch, or a graphics card."""

SAID = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "bad_alloc",
    "could not create a memory",
    "ALLOC_FAILED",
)
"""What libraries say then; most raise a ``RuntimeError``."""


def exhausted(error: BaseException) -> bool:
    """Return whether an error says that memory ran out.

    Example:
        >>> exhausted(MemoryError()), exhausted(RuntimeError("CUDA out of memory.")), exhausted(OSError())
        (True, True, False)
    """
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(part in str(error) for part in SAID)
