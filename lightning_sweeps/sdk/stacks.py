"""Stacks on demand: SIGUSR2 makes this process print where all its Python threads stand, for the service to read.

faulthandler prints from C without the interpreter's lock, so it also works while a collective blocks for ever.
"""

from __future__ import annotations

import atexit
import faulthandler
import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lightning_sweeps.core.paths import Home, open_in_folder
from lightning_sweeps.system.node import process_start

SIGNAL = signal.SIGUSR2


@dataclass(slots=True)
class _Printer:
    """The file that this process prints to: opened once, closed with the process."""

    pid: int = 0
    file: IO[bytes] | None = None


_printer = _Printer()


def print_stacks_on_demand(home: Home) -> None:
    """Get ready to print stacks, unless the program uses the signal itself or this is not its main thread.

    The file is there exactly as long as the process can be asked: the service asks nobody else.
    """
    pid = os.getpid()
    if _printer.pid == pid or threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(SIGNAL) is not signal.SIG_DFL:
        return
    path = home.stacks(pid, process_start(pid) or 0.0)
    try:
        file = os.fdopen(open_in_folder(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb")
    except OSError:
        return  # a home that cannot be written is said by the journal
    faulthandler.register(SIGNAL, file=file, all_threads=True)
    _printer.pid, _printer.file = pid, file
    atexit.register(_end, pid, path)


def _end(pid: int, path: Path) -> None:
    if pid != os.getpid() or _printer.file is None:
        return
    path.unlink(missing_ok=True)
    faulthandler.unregister(SIGNAL)
    signal.signal(SIGNAL, signal.SIG_IGN)  # a request that was on its way must not kill what still ends
    _printer.file.close()
    _printer.file = None
