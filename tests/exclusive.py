"""Lets a test that measures run alone, even if pytest runs in several processes (`make test`)."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

GATE, MACHINE = 0, 1
"""Bytes of one file that are locked. A test that waits to be alone holds the gate, so no other test starts first."""


class ExclusiveLock:
    """Lets tests of several processes run side by side, except for those that run alone.

    Args:
        file: the lock file, which all processes open.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._is_kept = False

    @classmethod
    def of_run(cls, name: str) -> ExclusiveLock:
        """Return the lock of one pytest session.

        Args:
            name: the session's name, which all its processes know.
        """
        return cls(Path(tempfile.gettempdir(), f"ls-exclusive-{name}"))

    @contextmanager
    def hold(self, *, alone: bool, next_alone: bool) -> Iterator[None]:
        """Wait until this test may run. Consecutive tests that run alone keep the lock between them.

        Args:
            alone: this test runs alone.
            next_alone: the next test of this process runs alone.
        """
        if not self._is_kept:
            self._lock(GATE, fcntl.LOCK_EX)
            self._lock(MACHINE, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            if not alone:
                self._lock(GATE, fcntl.LOCK_UN)
        try:
            yield
        finally:
            self._is_kept = alone and next_alone
            if not self._is_kept:
                self._lock(MACHINE, fcntl.LOCK_UN)
                self._lock(GATE, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close and delete the file. Processes that have it open can still use it."""
        os.close(self._descriptor)
        self._file.unlink(missing_ok=True)

    def _lock(self, byte: int, kind: int) -> None:
        fcntl.lockf(self._descriptor, kind, 1, byte)
