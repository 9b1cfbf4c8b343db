"""Notices when the file of an SQLite database is deleted, replaced or cut while it is open.

SQLite itself continues to write to the file that it has opened, where nobody will find the rows.

A process that closes any descriptor of the file loses all its locks on it, also those of its SQLite connections; then
another process that closes the database deletes the write-ahead log with what it holds
(https://www.sqlite.org/howtocorrupt.html, "POSIX advisory locks canceled by a separate thread doing close()"). So the
file of an open database is read through one descriptor that stays open as long as the connections.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from lightning_sweeps.errors import DatabaseLost

MAGIC = b"SQLite format 3\x00"
HEADER_BYTES = 100
PAGE_SIZE = slice(16, 18)
PAGE_COUNT = slice(28, 32)
"""Positions in the header: https://www.sqlite.org/fileformat.html#the_database_header"""
LARGEST_PAGE = 65536


class DatabaseFile:
    """The file of an open SQLite database. Threads may share it.

    Args:
        path: the file. It may not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._identity: tuple[int, int] | None = None
        self._descriptor: int | None = None
        self._opening = threading.Lock()

    def check_identity(self) -> None:
        """Check that the file is the one that was first seen here. This takes microseconds.

        Raises:
            DatabaseLost: it was deleted or replaced.
        """
        try:
            found = os.stat(self.path)  # noqa: PTH116  half as expensive as through `Path`
        except FileNotFoundError:
            if self._identity is None:
                return  # it is created by the first connection
            raise self._lost("was deleted") from None
        identity = (found.st_dev, found.st_ino)
        if self._identity is None:
            self._identity = identity
        elif self._identity != identity:
            raise self._lost("was replaced by another file")

    def check_contents(self) -> None:
        """Check also the header of the file, and that the file is as long as its header says.

        A file that a checkpoint is writing may be shorter for a moment.

        Raises:
            DatabaseLost: the file was deleted, replaced, overwritten or cut.
        """
        self.check_identity()
        with self._opening:
            if self._descriptor is None:
                self._descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        problem = _damage(self._descriptor)
        if problem:
            raise self._lost(problem)

    def close(self) -> None:
        """Close the descriptor. The connections to the database must be closed already."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _lost(self, what: str) -> DatabaseLost:
        return DatabaseLost(
            f"the database `{self.path}` {what} while it was in use; nothing is stored any more",
            hint="stop the server, then restore the file or run `lightning-sweeps db restore BACKUP`",
        )


def damage(path: Path) -> str:
    """Return what the header of a database file shows to be wrong with it, or an empty string.

    This process must have no connection to the database.
    """
    with path.open("rb") as file:
        return _damage(file.fileno())


def _damage(descriptor: int) -> str:
    header = os.pread(descriptor, HEADER_BYTES, 0)
    size = os.fstat(descriptor).st_size
    if not header:
        return ""  # SQLite takes an empty file for an empty database
    if not header.startswith(MAGIC) or len(header) < HEADER_BYTES:
        return "is no SQLite database"
    page_bytes = int.from_bytes(header[PAGE_SIZE], "big")
    expected = int.from_bytes(header[PAGE_COUNT], "big") * (LARGEST_PAGE if page_bytes == 1 else page_bytes)
    return f"is cut: it has {size} bytes, and its header says {expected}" if size < expected else ""
