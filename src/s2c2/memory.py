"""Memory that ran out, whoever noticed: Python, NumPy, torch, oneDNN, or a graphics card."""

import re

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
