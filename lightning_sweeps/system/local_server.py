"""Finds the local server of a home folder, and decides whether another one may be started when none is running."""

from __future__ import annotations

import fcntl
from dataclasses import replace
from pathlib import Path

import msgspec
import psutil

from lightning_sweeps.core.handover import LastServer, ServerFile
from lightning_sweeps.core.ownership import check_file
from lightning_sweeps.core.paths import Home, write_whole
from lightning_sweeps.errors import ServerUnreachable
from lightning_sweeps.system.node import node_id

SAME_START_S = 1.5
"""Maximum difference between two readings of a process's start time; psutil derives it from the adjustable clock."""


def read_server_file(path: Path) -> ServerFile | None:
    """Return the contents of `server.json`, or None if the server that wrote it is not running.

    The server of another container or machine on the same home folder counts as running while it holds its lock.

    Raises:
        UsageError: another user could have written the file.
    """
    try:
        check_file(path)
        file = msgspec.json.decode(path.read_bytes(), type=ServerFile)
        if file.node not in ("", node_id()):
            return file if _is_locked(Home(path.parent).server_lock) else None
        process = psutil.Process(file.pid)
        lives = process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - file.started) < SAME_START_S
    except (OSError, msgspec.DecodeError, psutil.Error):
        return None
    return file if lives else None


def _is_locked(path: Path) -> bool:
    """Return whether a process, here or in another container, holds a lock. Without locks: no."""
    with path.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def read_last_server(home: Home) -> LastServer | None:
    """Return how the newest server of a home folder ran; None if there was none."""
    try:
        return msgspec.json.decode(home.last_server.read_bytes(), type=LastServer)
    except (OSError, msgspec.DecodeError):
        return None


def keep_last_server(home: Home, last: LastServer) -> None:
    """Save how the newest server of a home folder ran."""
    write_whole(home.last_server, msgspec.json.encode(last))


def mark_stopped(home: Home, server: ServerFile) -> None:
    """Record that somebody stops this server, so that no background process starts another one."""
    last = read_last_server(home) or LastServer(server.url, port=0, is_automatic=server.is_automatic)
    keep_last_server(home, replace(last, is_stopped=True))


def last_port(home: Home) -> int:
    """Return the port of the newest server of a home folder; 0 if there was none."""
    last = read_last_server(home)
    return 0 if last is None else last.port


def why_not_start(last: LastServer | None, *, is_background: bool) -> ServerUnreachable | None:
    """Return why no local server may be started, or None. Pure.

    Args:
        last: how the newest server of the home folder ran.
        is_background: whether a service or an agent asks, so that no person waits for the answer.
    """
    if last is None:
        return None
    if last.has_other_database:
        return ServerUnreachable(
            f"the server at `{last.url}` has ended, and its database is not in the home folder",
            hint="start it again with `lightning-sweeps server --database ...`",
        )
    if not is_background or (last.is_automatic and not last.is_stopped):
        return None
    if last.is_stopped:
        reason = "the server was stopped with `lightning-sweeps server --stop`"
    else:
        reason = f"the server at `{last.url}` has ended, which was started with `lightning-sweeps server`"
    return ServerUnreachable(
        f"{reason}; rows wait in the journals",
        hint="`lightning-sweeps server`, or any command that needs a server, starts one",
    )
