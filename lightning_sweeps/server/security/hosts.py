"""Checks the host names that browsers use to reach this server, as protection against DNS rebinding.

IP addresses are always allowed: rebinding needs a name. A request that carries a key in its header may use any name:
no page of another site has such a key.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from functools import lru_cache

ANY = "*"


class Hosts:
    """The host names that browsers may use to reach this server.

    Args:
        given: Names besides those of this machine. `.example.org` stands for all names that end in it, `*` for any.
    """

    def __init__(self, given: Iterable[str] = ()) -> None:
        names = {name.strip().lower().rstrip(".") for name in given} - {""}
        self._names = frozenset(names | own_names())
        self._ends = tuple(name for name in names if name.startswith("."))

    def allow(self, header: str) -> bool:
        """Return whether a request with this Host header is allowed."""
        name = host_name(header)
        if not name:
            return False
        if ANY in self._names or name in self._names or name.endswith((".localhost", *self._ends)):
            return True
        return is_address(name)


def host_name(header: str) -> str:
    """Return the name in a Host header, without its port, in lower case. It may be empty."""
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
    """Return the names of this machine, without a DNS request."""
    name = socket.gethostname().lower()
    return frozenset({"localhost", name, name.partition(".")[0], f"{name}.local"})
