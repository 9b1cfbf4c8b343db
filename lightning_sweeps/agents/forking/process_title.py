"""Changes the command line and one environment variable that the system shows for a forked process.

A fork shows the command line and the environment of its parent. Both are in memory that the process can write, which is
how programs such as PostgreSQL change their title.
"""

from __future__ import annotations

import ctypes
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ARGUMENTS_START_FIELD = 45
ARGUMENTS_END_FIELD = 46
"""Fields of /proc/<pid>/stat, counted after the process name (fields 48 and 49 in proc_pid_stat(5))."""

NOT_NUL = b" "
"""The last byte of the arguments. If it is not zero, Linux shows the arguments up to the first zero byte."""

VALUE_BYTES = 4096
PLACEHOLDER = "-" * VALUE_BYTES
"""The variable's first value, which reserves memory for later values."""


@dataclass(frozen=True, slots=True)
class ProcessTitle:
    """The addresses of this process's arguments and of one variable of its first environment; the same in its forks.

    Attributes:
        variable: the environment variable.
        variable_at: address of its value.
        arguments_at: address of the arguments.
        arguments_bytes: size of the arguments.
    """

    variable: str
    variable_at: int
    arguments_at: int
    arguments_bytes: int

    @classmethod
    def find(cls, variable: str) -> ProcessTitle | None:
        """Find the addresses. Call it before the environment changes.

        Returns:
            None if the variable was not set when the process started, or the system does not report the addresses.
        """
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
        """Show these words as the command line, and this value of the variable (at most `VALUE_BYTES` - 1 bytes).

        Raises:
            ValueError: the value is too long.
        """
        encoded = value.encode()
        if len(encoded) >= VALUE_BYTES:
            raise ValueError(value)
        ctypes.memmove(self.variable_at, encoded.ljust(VALUE_BYTES, b"\0"), VALUE_BYTES)
        room = self.arguments_bytes - len(NOT_NUL) - 1
        title = shlex.join(words).encode(errors="replace")[:room]
        ctypes.memmove(self.arguments_at, title.ljust(room + 1, b"\0") + NOT_NUL, self.arguments_bytes)
