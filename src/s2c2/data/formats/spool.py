"""Encoded images out of a compressed archive: in memory while they are few, else in one unnamed file."""

import weakref
from collections.abc import Callable
from functools import partial
from tempfile import SpooledTemporaryFile
from threading import Lock

from s2c2.errors import UserError


class Spool:
    """Bytes that were added, to be read again in any order and from any thread.

    An archive that is compressed as a whole can be read once from start to end; reading its members one
    by one would start again for each of them. The file has no name and goes when the spool does.
    """

    def __init__(self, memory: int) -> None:
        self._file = SpooledTemporaryFile(max_size=memory)  # noqa: SIM115 (closed with the spool)
        self._lock = Lock()
        self._end = 0
        weakref.finalize(self, self._file.close)

    def add(self, data: bytes) -> Callable[[], bytes]:
        """Keep ``data``; returns the function that reads it again.

        Raises:
            UserError: when the temporary folder is full.
        """
        start = self._end
        with self._lock:
            try:
                self._file.seek(start)
                self._file.write(data)
            except OSError as error:
                raise UserError(
                    f"cannot keep the images in the temporary folder: {error.strerror}"
                ) from error
        self._end += len(data)
        return partial(self._read, start, len(data))

    def _read(self, start: int, size: int) -> bytes:
        with self._lock:
            self._file.seek(start)
            return self._file.read(size)
