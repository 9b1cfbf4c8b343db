"""Writes stacks on request: on SIGUSR2 this process writes the stacks of its Python threads to a file for the service.

faulthandler writes from C and needs no interpreter lock, so it works while a collective blocks forever.
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
class _StackFile:
    """The file that this process writes stacks to. It is opened once and closed at exit."""

    pid: int = 0
    file: IO[bytes] | None = None


_stack_file = _StackFile()


def print_stacks_on_demand(home: Home) -> None:
    """Install the signal handler, unless the program uses the signal itself or this is not the main thread.

    The file exists exactly as long as the handler: the service signals only processes that have a file.
    """
    pid = os.getpid()
    if _stack_file.pid == pid or threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(SIGNAL) is not signal.SIG_DFL:
        return
    path = home.stacks(pid, process_start(pid) or 0.0)
    try:
        file = os.fdopen(open_in_folder(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb")
    except OSError:
        return  # the journal reports a home folder that cannot be written
    faulthandler.register(SIGNAL, file=file, all_threads=True)
    _stack_file.pid, _stack_file.file = pid, file
    atexit.register(_remove, pid, path)


def _remove(pid: int, path: Path) -> None:
    if pid != os.getpid() or _stack_file.file is None:
        return
    path.unlink(missing_ok=True)
    faulthandler.unregister(SIGNAL)
    signal.signal(SIGNAL, signal.SIG_IGN)  # a request that is already on its way must not kill the exiting process
    _stack_file.file.close()
    _stack_file.file = None
