"""A slow file system: every operation on a file name below a folder is delayed, as on a busy network file system.

The kernel holds the program's system calls and notifies this process (seccomp's user notification). Calls on other
names continue at once. Reads and writes of open files are not delayed: a network file system caches these, too.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import platform
import select
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_NO_NEW_PRIVS = 38
SET_FILTER, NEW_LISTENER = 1, 8
ALLOW, NOTIFY = 0x7FFF0000, 0x7FC00000
LOAD_SYSCALL, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
CONTINUE = 1
RECEIVE, SEND = 0xC0502100, 0xC0182101
MAX_PATH = 4096

AT_CALLS = {"x86_64": (257, 258, 263, 264, 316, 262, 437), "aarch64": (56, 34, 35, 38, 276, 79, 437)}
"""Numbers of openat, mkdirat, unlinkat, renameat, renameat2, newfstatat, openat2: the path is the second argument."""
PLAIN_CALLS: dict[str, tuple[int, ...]] = {"x86_64": (2, 4, 6, 21, 82, 83, 84, 87, 90), "aarch64": ()}
"""Numbers of open, stat, lstat, access, rename, mkdir, rmdir, unlink, chmod: the path is the first argument."""
SECCOMP = {"x86_64": 317, "aarch64": 277}
CAN_BE_SLOW = sys.platform == "linux" and platform.machine() in SECCOMP


class Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32))


class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("filter", ctypes.POINTER(Instruction)))


class Notice(ctypes.Structure):
    """A held system call: `struct seccomp_notif`."""

    _fields_ = (
        ("id", ctypes.c_uint64), ("pid", ctypes.c_uint32), ("flags", ctypes.c_uint32), ("call", ctypes.c_int32),
        ("architecture", ctypes.c_uint32), ("pointer", ctypes.c_uint64), ("arguments", ctypes.c_uint64 * 6),
    )  # fmt: skip


class Answer(ctypes.Structure):
    """The answer to a held call: `struct seccomp_notif_resp`."""

    _fields_ = (
        ("id", ctypes.c_uint64), ("value", ctypes.c_int64), ("error", ctypes.c_int32), ("flags", ctypes.c_uint32),
    )  # fmt: skip


@dataclass(slots=True)
class SlowFolder:
    """Delays the calls of programs that `started` starts by `delay_s` each."""

    folder: str
    delay_s: float
    operations: list[tuple[int, str]] = field(default_factory=list)
    """Process id and path of every delayed call."""

    @contextmanager
    def started(self, program: Sequence[str], **options: object) -> Iterator[subprocess.Popen[str]]:
        """Start a program on this file system. Leaving the context waits for it and its processes."""
        own, other = socket.socketpair()
        command = [sys.executable, "-m", __name__, str(other.fileno()), *program]
        with own, other:
            process: subprocess.Popen[str] = subprocess.Popen(  # type: ignore[call-overload]
                command, pass_fds=[other.fileno()], text=True, **options
            )
            other.close()
            _, descriptors, _, _ = socket.recv_fds(own, 1, 1)
        thread = threading.Thread(target=self._delay_calls, args=(descriptors[0],))
        thread.start()
        try:
            with process:
                yield process
        finally:
            thread.join()

    def _delay_calls(self, listener: int) -> None:
        """Delay every call below the folder, until the last process that is watched has ended."""
        poller = select.poll()
        poller.register(listener, select.POLLIN)
        held: deque[tuple[float, int]] = deque()
        while True:
            wait_s = max(0.0, held[0][0] - time.monotonic()) if held else None
            events = poller.poll(None if wait_s is None else 1000 * wait_s)
            while held and held[0][0] <= time.monotonic():
                _let_continue(listener, held.popleft()[1])
            if any(event & select.POLLHUP for _, event in events):
                return os.close(listener)
            if events:
                self._receive(listener, held)

    def _receive(self, listener: int, held: deque[tuple[float, int]]) -> None:
        notice = Notice()
        try:
            fcntl.ioctl(listener, RECEIVE, notice)
        except FileNotFoundError:  # the caller was killed in the meantime
            return
        path = _path(notice)
        if path.startswith(self.folder):
            self.operations.append((notice.pid, path))
            held.append((time.monotonic() + self.delay_s, notice.id))
        else:
            _let_continue(listener, notice.id)


def _let_continue(listener: int, identity: int) -> None:
    try:
        fcntl.ioctl(listener, SEND, Answer(identity, 0, 0, CONTINUE))
    except OSError:  # the caller was killed while its call was held
        return


def _path(notice: Notice) -> str:
    """Return the path argument of a call, or an empty string if it cannot be read."""
    pointer = notice.arguments[1 if notice.call in AT_CALLS[platform.machine()] else 0]
    try:
        with Path(f"/proc/{notice.pid}/mem").open("rb", buffering=0) as memory:
            memory.seek(pointer)
            return memory.read(MAX_PATH).split(b"\0", 1)[0].decode(errors="replace")
    except (OSError, OverflowError):
        return ""


def hold_calls() -> int:
    """Tell the kernel to hold this process's calls on file names, and return the descriptor that receives them."""
    machine = platform.machine()
    calls = AT_CALLS[machine] + PLAIN_CALLS[machine]
    instructions = [Instruction(LOAD_SYSCALL, 0, 0, 0)]
    instructions += [Instruction(JUMP_IF_EQUAL, len(calls) - place, 0, call) for place, call in enumerate(calls)]
    instructions += [Instruction(RETURN, 0, 0, ALLOW), Instruction(RETURN, 0, 0, NOTIFY)]
    libc = ctypes.CDLL(None, use_errno=True)
    program = Program(len(instructions), (Instruction * len(instructions))(*instructions))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs")
    listener: int = libc.syscall(SECCOMP[machine], SET_FILTER, NEW_LISTENER, ctypes.byref(program))
    if listener < 0:
        raise OSError(ctypes.get_errno(), "seccomp's user notification")
    return listener


def main() -> None:
    """Pass the listener to the process that started this one, and become the program."""
    with socket.socket(fileno=int(sys.argv[1])) as other:
        socket.send_fds(other, [b"."], [hold_calls()])
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606


if __name__ == "__main__":
    main()
