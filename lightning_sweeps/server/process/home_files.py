"""Keeps the server's files in its home folder: the lock, the API key, and the file that tells clients where it is."""

from __future__ import annotations

import fcntl
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil

from lightning_sweeps import __version__
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.paths import PRIVATE_FILE, Home, write_whole
from lightning_sweeps.errors import ServerStartFailed
from lightning_sweeps.server.security.api_keys import new_key
from lightning_sweeps.system.node import node_id


@contextmanager
def server_lock(home: Home) -> Iterator[None]:
    """Hold the home's server lock. The kernel releases it when the process ends, for whatever reason.

    Raises:
        ServerStartFailed: another server holds the lock.
    """
    with home.server_lock.open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServerStartFailed(
                f"a server already runs on `{home.root}`{_address_of_other(home)}",
                hint="use that server, stop it first, or set LIGHTNING_SWEEPS_HOME to another folder for this one",
            ) from None
        yield


def stored_key(home: Home) -> str:
    """Return the home's own API key. The first call creates it."""
    path: Path = home.server_key
    if not path.exists():
        write_whole(path, new_key().encode())
    path.chmod(PRIVATE_FILE)
    return path.read_text().strip()


def publish(home: Home, url: str, key: str) -> None:
    """Write the file that tells clients on this machine the server's address and key."""
    process = psutil.Process()
    described = ServerFile(url, key, process.pid, process.create_time(), __version__, node_id(), socket.gethostname())
    write_whole(home.server_file, msgspec.json.encode(described))


def _address_of_other(home: Home) -> str:
    try:
        other = msgspec.json.decode(home.server_file.read_bytes(), type=ServerFile)
    except (OSError, msgspec.DecodeError):
        return ", and is still starting"
    return f": {other.url} (pid {other.pid})"
