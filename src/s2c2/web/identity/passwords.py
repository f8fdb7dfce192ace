"""Passwords: what makes a good one, and argon2id hashes of them."""

import unicodedata
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from s2c2.errors import UserError
from s2c2.web.identity.names import folded

SHORTEST = 10
"""Characters that a password has at least."""

LONGEST = 1000
"""Characters that a password has at most."""

AT_ONCE = 2
"""Hashes that are computed at the same time: each takes the hasher's memory, and anybody may ask for one."""


def hasher() -> PasswordHasher:
    """Return argon2id with the second recommended parameters of RFC 9106 (64 MiB, 3 passes), in one lane."""
    return PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)


def checked_password(given: str, name: str) -> str:
    """Return a new password in the form that is hashed.

    Args:
        given: what the person typed.
        name: the name of the account.

    Raises:
        UserError: says which rule it breaks; never the password.
    """
    if len(given) > LONGEST:
        raise UserError(f"the password has {len(given)} characters: use {LONGEST} or fewer")
    if len(form(given)) < SHORTEST:
        raise UserError(f"the password has {len(form(given))} characters: use {SHORTEST} or more")
    if any(0xD800 <= ord(letter) <= 0xDFFF for letter in given):
        raise UserError("the password holds half a character: type it again")
    if folded(given) is not None and folded(given) == folded(name):
        raise UserError("the password is the name: choose another one")
    return form(given)


class Passwords:
    """Argon2id hashes, computed a few at a time.

    Args:
        hasher: the parameters of new hashes; older hashes keep working and are renewed at the next log-in.
    """

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self._turns = BoundedSemaphore(AT_ONCE)
        self._nobody = hasher.hash("nobody has this password")

    def hash(self, checked: str) -> str:
        """Return the hash of a password that was checked."""
        with self._turns:
            return self._hasher.hash(checked)

    def verify(self, stored: str | None, given: str) -> bool:
        """Say whether a password fits a hash.

        Args:
            stored: the hash; None where there is no such account. Then a hash is computed all the same, so
                that the time of an answer does not say which names exist.
            given: what the person typed.
        """
        attempt = form(given[: LONGEST + 1]).encode("utf-8", errors="surrogatepass")
        fits = self._fits(self._nobody if stored is None else stored, attempt)
        return fits and stored is not None and len(given) <= LONGEST

    def outdated(self, stored: str) -> bool:
        """Say whether a hash was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(stored)

    def _fits(self, stored: str, attempt: bytes) -> bool:
        with self._turns:
            try:
                return self._hasher.verify(stored, attempt)
            except (VerificationError, InvalidHashError):
                return False


def form(given: str) -> str:
    """Return one spelling for what keyboards send for the same characters (NFKC, NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", given)
