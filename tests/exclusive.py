"""Tests that measure have the machine to themselves, also where pytest runs in several processes (`make test`)."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

GATE, ROOM = 0, 1
"""Bytes of one file that are locked. Whoever waits to be alone holds the gate, so that nobody enters before him."""


class ExclusiveLock:
    """Lets tests of several processes run side by side, but for those that run alone.

    Args:
        file: which all of them open.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._is_kept = False

    @classmethod
    def of_run(cls, name: str) -> ExclusiveLock:
        """Return the lock of one run of pytest, whose processes all know its name."""
        return cls(Path(tempfile.gettempdir(), f"ls-exclusive-{name}"))

    @contextmanager
    def hold(self, *, alone: bool, next_alone: bool) -> Iterator[None]:
        """Wait until this test may run. Tests that run alone one after the other keep the machine in between."""
        if not self._is_kept:
            self._lock(GATE, fcntl.LOCK_EX)
            self._lock(ROOM, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            if not alone:
                self._lock(GATE, fcntl.LOCK_UN)
        try:
            yield
        finally:
            self._is_kept = alone and next_alone
            if not self._is_kept:
                self._lock(ROOM, fcntl.LOCK_UN)
                self._lock(GATE, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file; whoever has it open goes on with it."""
        os.close(self._descriptor)
        self._file.unlink(missing_ok=True)

    def _lock(self, byte: int, kind: int) -> None:
        fcntl.lockf(self._descriptor, kind, 1, byte)
