"""Keeps the server's files in its home folder: the lock, the API key, and the file that tells clients where it is."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import msgspec
import psutil

from lightning_sweeps import __version__
from lightning_sweeps.core.handover import LastServer, ServerFile
from lightning_sweeps.core.paths import PRIVATE_FILE, Home, write_whole
from lightning_sweeps.errors import ServerStartFailed
from lightning_sweeps.server.security.api_keys import new_key
from lightning_sweeps.system.local_server import keep_last_server, read_server_file
from lightning_sweeps.system.node import node_id

REPLACE_DEADLINE_S = 20.0
"""How long a server may take to start, to be asked to end, and to end."""
POLL_INTERVAL_S = 0.05

_log = logging.getLogger(__name__)


@contextmanager
def server_lock(home: Home, *, replaces_automatic: bool) -> Iterator[None]:
    """Hold the home's server lock. The kernel releases it when the process ends, for whatever reason.

    Args:
        home: the home folder.
        replaces_automatic: whether to end a server that a command or the service started. The caller is a person or an
            init system, whose server has the address that others know.

    Raises:
        ServerStartFailed: another server holds the lock.
    """
    with home.server_lock.open("ab") as lock:
        if not _is_locked(lock) and not (replaces_automatic and _replace_automatic(home, lock)):
            raise ServerStartFailed(
                f"a server already runs on `{home.root}`{_address_of_other(home)}",
                hint="use that server, stop it first, or set LIGHTNING_SWEEPS_HOME to another folder for this one",
            )
        yield


def _is_locked(lock: IO[bytes]) -> bool:
    """Try to acquire the lock, and return whether this process has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _replace_automatic(home: Home, lock: IO[bytes]) -> bool:
    """End the server that holds the lock, if it was started automatically. Return whether this process has the lock."""
    asked: set[int] = set()
    deadline = time.monotonic() + REPLACE_DEADLINE_S
    while time.monotonic() < deadline:
        other = read_server_file(home.server_file)  # None while the other server starts or ends
        if other is not None and not other.is_automatic:
            return False
        if other is not None and other.pid not in asked:
            asked.add(other.pid)
            _log.warning("ending the server that was started automatically: %s (pid %d)", other.url, other.pid)
            with suppress(ProcessLookupError):
                os.kill(other.pid, signal.SIGTERM)
        if _is_locked(lock):
            return True
        time.sleep(POLL_INTERVAL_S)
    return False


def stored_key(home: Home) -> str:
    """Return the home's own API key. The first call creates it."""
    path: Path = home.server_key
    if not path.exists():
        write_whole(path, new_key().encode())
    path.chmod(PRIVATE_FILE)
    return path.read_text().strip()


def publish(home: Home, last: LastServer, url: str, key: str) -> None:
    """Write the files that tell clients on this machine the server's address and key, and how it was started."""
    process = psutil.Process()
    described = ServerFile(
        url,
        key,
        process.pid,
        process.create_time(),
        __version__,
        node_id(),
        socket.gethostname(),
        is_automatic=last.is_automatic,
        public_url=last.url,
    )
    keep_last_server(home, last)
    write_whole(home.server_file, msgspec.json.encode(described))


def _address_of_other(home: Home) -> str:
    try:
        other = msgspec.json.decode(home.server_file.read_bytes(), type=ServerFile)
    except (OSError, msgspec.DecodeError):
        return ", and is still starting"
    return f": {other.url} (pid {other.pid})"
