"""What the system shows of a forked process: the arguments and the marked variable that it did not get by exec.

A fork shows the command line and the environment of the process that it is a fork of. Both lie in memory that a
process may write, which is how programs have always changed their title.
"""

from __future__ import annotations

import ctypes
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ARGUMENTS_START_FIELD = 45
ARGUMENTS_END_FIELD = 46
"""Of /proc/<pid>/stat, counted behind the name (proc_pid_stat(5): fields 48 and 49)."""

NOT_NUL = b" "
"""At the very end of the arguments: Linux then shows them up to the first zero byte, as a title."""

ROOM_BYTES = 4096
PLACEHOLDER = "-" * ROOM_BYTES
"""The first value of the variable: it keeps the room for the later ones."""


@dataclass(frozen=True, slots=True)
class Title:
    """Where this process's arguments and one variable of its first environment lie; forks have them in the same place.

    Make it before the environment changes.
    """

    variable: str
    variable_at: int
    arguments_at: int
    arguments_bytes: int

    @classmethod
    def find(cls, variable: str) -> Title | None:
        """Find them; None where the variable was not there at the start, or the system does not tell where they are."""
        getenv = ctypes.CDLL(None).getenv
        getenv.restype = ctypes.c_void_p
        variable_at = getenv(variable.encode())
        try:
            fields = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            return None
        start, end = int(fields[ARGUMENTS_START_FIELD]), int(fields[ARGUMENTS_END_FIELD])
        return cls(variable, variable_at, start, end - start) if variable_at and 0 < start < end else None

    def show(self, words: Sequence[str], value: str) -> None:
        """Show these words as the command line and this value of the variable, which has `ROOM_BYTES` for it."""
        encoded = value.encode()
        if len(encoded) >= ROOM_BYTES:
            raise ValueError(value)
        ctypes.memmove(self.variable_at, encoded.ljust(ROOM_BYTES, b"\0"), ROOM_BYTES)
        room = self.arguments_bytes - len(NOT_NUL) - 1
        title = shlex.join(words).encode(errors="replace")[:room]
        ctypes.memmove(self.arguments_at, title.ljust(room + 1, b"\0") + NOT_NUL, self.arguments_bytes)
