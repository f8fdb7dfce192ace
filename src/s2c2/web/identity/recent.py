"""Who was let in a moment ago: what saves a page of pictures one look into the database for each of them."""

from threading import Lock

from s2c2.web.identity.credentials import Kind, digest

LASTS = 3.0
"""Seconds for which a check counts. Other processes are heard of no later than this."""

MOST = 10_000
"""Secrets that are remembered at once."""


class Recent:
    """Digests of secrets that were found good; several threads may ask at once."""

    def __init__(self) -> None:
        self._checked: dict[tuple[Kind, str], float] = {}
        self._changes = 0
        self._lock = Lock()

    @property
    def changes(self) -> int:
        """How often accounts, sessions or tokens were changed by this process."""
        return self._changes

    def add(self, kind: Kind, secret: str, changes: int, now: float) -> None:
        """Note that a secret was found good.

        Args:
            kind: what it opens.
            secret: the secret; only its digest is kept.
            changes: ``changes`` before it was looked up; when there were others since, nothing is noted.
            now: when it was looked up, in seconds since 1970.
        """
        with self._lock:
            if changes != self._changes:
                return
            if len(self._checked) >= MOST:
                self._checked.clear()
            self._checked[kind, digest(secret)] = now

    def known(self, kind: Kind, secret: str, now: float) -> bool:
        """Say whether a secret was found good less than ``LASTS`` seconds ago, with no change since."""
        checked = self._checked.get((kind, digest(secret)))
        return checked is not None and 0 <= now - checked < LASTS

    def forget(self) -> None:
        """Check everybody anew: accounts, sessions or tokens were changed."""
        with self._lock:
            self._changes += 1
            self._checked.clear()
