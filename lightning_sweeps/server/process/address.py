"""Opens the socket that the server listens on, and makes the server's URLs."""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from lightning_sweeps.errors import ServerStartFailed, UsageError

EVERY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104  only compared with
BACKLOG = 2048
PORTS = 65536

_log = logging.getLogger(__name__)


@contextmanager
def listening(host: str, port: int, *, preferred: int = 0) -> Iterator[socket.socket]:
    """Provide a socket that listens on `host` and `port`.

    Args:
        host: Name or IP address; empty for all addresses of the machine.
        port: Port number; 0 takes the preferred port or a free one.
        preferred: The port to take for 0 if it is free.

    Raises:
        UsageError: the host or the port is not valid.
        ServerStartFailed: the address is in use.
    """
    if not 0 <= port < PORTS:  # getaddrinfo would silently reduce it modulo 65536
        raise UsageError(f"the port is `{port}`, allowed: 0 (a free port) to {PORTS - 1}")
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"cannot listen on the host `{host}` ({error})") from None
    # asyncio sets TCP_NODELAY only if the protocol is named; without it every response waits 40 ms for an ACK
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            _bind(listener, address, preferred if port == 0 else 0)
        except OSError as error:
            raise ServerStartFailed(
                f"cannot listen on {host}:{port} ({error})", hint="`--port 0` takes a free port"
            ) from None
        listener.listen(BACKLOG)
        yield listener


def _bind(listener: socket.socket, address: tuple[Any, ...], preferred: int) -> None:
    if preferred:
        try:
            listener.bind((address[0], preferred, *address[2:]))
            return
        except OSError as error:
            _log.warning("the port %d of the last server is taken (%s): using a free one", preferred, error)
    listener.bind(address)


def url_of(name: str, listener: socket.socket, scheme: str = "http") -> str:
    """Return the URL of a listening socket under a host name or an IP address."""
    port = listener.getsockname()[1]
    return f"{scheme}://[{name}]:{port}" if ":" in name else f"{scheme}://{name}:{port}"


def networks(given: Iterable[str]) -> list[str]:
    """Return addresses and networks in their standard form.

    Raises:
        UsageError: one of them is neither.
    """
    found = []
    for one in given:
        try:
            found.append(str(ipaddress.ip_network(one.strip())))
        except ValueError:
            raise UsageError(
                f"`{one}` is not the address of a proxy", hint="allowed: `10.0.0.5`, `10.0.0.0/24`, `::1`"
            ) from None
    return found


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach the host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
