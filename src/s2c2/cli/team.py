"""``s2c2 annotate --accounts``: who may reach a server, and at which address."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from s2c2.cli import people
from s2c2.errors import UserError

if TYPE_CHECKING:
    from s2c2.web.entrance import Accounts
    from s2c2.web.store import Store


@dataclass(frozen=True)
class Reach:
    """Who may reach a server."""

    accounts: bool
    """Whether people log in."""
    url: str | None
    """Address at which people open it; None for that of the socket."""
    proxies: tuple[str, ...]
    """Addresses of proxies in front of it."""

    @property
    def hosts(self) -> frozenset[str]:
        """Host names that it answers to, beside those of this machine."""
        name = urlsplit(self.url or "").hostname
        return frozenset() if name is None else frozenset({name})


def reach(host: str, accounts: bool, url: str | None, proxy: str | None) -> Reach:
    """Return who may reach a server.

    Args:
        host: address that it listens on.
        accounts: whether people log in.
        url: address at which people open it.
        proxy: addresses of proxies in front of it, separated by commas.

    Raises:
        UserError: when others would reach it without accounts, or would not find it, or TLS ends nowhere.
    """
    from s2c2.web.serving import loopback

    proxies = tuple(part for item in (proxy or "").split(",") if (part := item.strip()))
    if not accounts and (not loopback(host) or url or proxies):
        what = f"--host {host}" if not loopback(host) else "--url" if url else "--trusted-proxy"
        raise UserError(f"{what} would let anybody annotate: add --accounts, so that people log in")
    if not loopback(host) and url is None:
        raise UserError(f"--host {host} needs --url: the address at which people open the server")
    if url is not None:
        _check(url, proxies)
    if "*" in proxies:
        raise UserError("--trusted-proxy '*' would believe everybody: name the address of the proxy")
    return Reach(accounts, url, proxies)


def entrance(store: "Store") -> "Accounts":
    """Return the accounts of an open database."""
    from s2c2.web.routes.accounts import with_accounts

    return with_accounts(people.people_of(store.engine), time.time)


def welcome(accounts: "Accounts", reached: Reach, place: str) -> None:
    """Print an invite for the first owner while there is none, and a warning where passwords travel openly.

    Args:
        accounts: the accounts of the server.
        reached: who reaches it.
        place: address of its socket.
    """
    from s2c2.web.identity import joining

    url = reached.url or place
    made = joining.first_owner(accounts.people, accounts.clock())
    if made is not None:
        people.show_link(made, url, "makes the first owner")
    if reached.url is not None and urlsplit(url).scheme == "http":
        people.say("passwords travel unencrypted: put a proxy with TLS in front (docs, howto/team)")


def _check(url: str, proxies: tuple[str, ...]) -> None:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UserError(f"--url {url}: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise UserError(f"--url {url} must be like https://annotate.example.org/")
    if parts.scheme == "https" and not proxies:
        raise UserError("--url is https: name the proxy that ends TLS, as in --trusted-proxy 127.0.0.1")
