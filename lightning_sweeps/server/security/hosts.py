"""Under which names this server is asked: a page that rebinds its own name to our address must get nothing.

Addresses are always right: who rebinds needs a name. Requests that carry a key in their header are let through under
any name: no page of another site has one.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from functools import lru_cache

ANY = "*"


class Hosts:
    """The names under which browsers may ask.

    Args:
        given: names besides this machine's own; `.example.org` stands for all names that end so, `*` for all.
    """

    def __init__(self, given: Iterable[str] = ()) -> None:
        names = {name.strip().lower().rstrip(".") for name in given} - {""}
        self._names = frozenset(names | own_names())
        self._ends = tuple(name for name in names if name.startswith("."))

    def allow(self, header: str) -> bool:
        """Return whether a request with this Host header is for us."""
        name = host_name(header)
        if not name:
            return False
        if ANY in self._names or name in self._names or name.endswith((".localhost", *self._ends)):
            return True
        return is_address(name)


def host_name(header: str) -> str:
    """Return the name of a Host header, without its port, in lower case; empty where it holds none."""
    header = header.strip().lower()
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].rstrip(".")


def is_address(name: str) -> bool:
    """Return whether `name` is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1)
def own_names() -> frozenset[str]:
    """Return the names that this machine knows itself by; no name server is asked."""
    name = socket.gethostname().lower()
    return frozenset({"localhost", name, name.partition(".")[0], f"{name}.local"})
