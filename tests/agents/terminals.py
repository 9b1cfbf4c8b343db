"""Real pseudo terminals whose reader may stop reading."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import wait_until

STOP, START = b"\x13", b"\x11"
"""Ctrl-S and Ctrl-Q."""

LOCAL_MODES = 3
"""Index in what `termios.tcgetattr` returns."""

READ_S = 0.05
LONGEST_READ_S = 1.0


@dataclass(slots=True)
class Terminal:
    """A pseudo terminal with a program in it; what it printed is read only on request."""

    descriptor: int
    process: subprocess.Popen[bytes]
    shown: bytes = b""
    _is_open: bool = field(default=True)

    def type(self, keys: bytes) -> None:
        os.write(self.descriptor, keys)

    def read(self) -> bytes:
        """Read what is there; return everything that was ever shown."""
        until = time.monotonic() + LONGEST_READ_S
        while self._is_open and time.monotonic() < until and select.select([self.descriptor], [], [], READ_S)[0]:
            try:
                part = os.read(self.descriptor, 1 << 16)
            except OSError:  # every program that had the terminal has ended
                part = b""
            self.shown += part
            self._is_open = bool(part)
        return self.shown

    def wait_for(self, text: bytes, *, timeout_s: float = 30) -> None:
        wait_until(lambda: text in self.read(), timeout_s=timeout_s, what=f"{text!r} on the terminal")

    def wait(self, timeout_s: float = 30) -> int:
        """Read until the program ends; return its exit status."""
        deadline = time.monotonic() + timeout_s
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"the program did not end; shown:\n{self.shown.decode()}"
            self.read()
        self.read()
        return self.process.returncode


@contextlib.contextmanager
def in_terminal(
    words: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    size: tuple[int, int] = (24, 100),
    flags: int = 0,
) -> Iterator[Terminal]:
    """Run a program in a terminal of its own, as its foreground job. `flags` are added to its local modes."""
    ours, its = pty.openpty()
    modes = termios.tcgetattr(its)
    modes[LOCAL_MODES] |= flags
    termios.tcsetattr(its, termios.TCSANOW, modes)
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", _ENTER, *words],
        cwd=folder,
        stdin=its,
        stdout=its,
        stderr=its,
        env=dict(os.environ if environment is None else environment) | {"TERM": "xterm"},
        start_new_session=True,
    )
    os.close(its)
    terminal = Terminal(ours, process)
    try:
        yield terminal
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
        os.close(ours)


_ENTER = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
