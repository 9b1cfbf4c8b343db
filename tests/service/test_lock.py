"""One service per node on every file system, with and without file locks."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment
from lightning_sweeps.system import service_lock
from tests.servers import running_server, wait_until
from tests.service.services import IDLE_EXIT_S

FLOCK = {"x86_64": 73, "aarch64": 32}
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
SECCOMP_RET_ALLOW = 0x7FFF0000
SECCOMP_RET_ERRNO = 0x00050000
LOAD_SYSCALL, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06


class Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32))


class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("filter", ctypes.POINTER(Instruction)))


def forbid_locks() -> None:
    """Make `flock` fail in this process and its children, as on a file system without locks."""
    instructions = (Instruction * 4)(
        Instruction(LOAD_SYSCALL, 0, 0, 0),
        Instruction(JUMP_IF_EQUAL, 0, 1, FLOCK[platform.machine()]),
        Instruction(RETURN, 0, 0, SECCOMP_RET_ERRNO | errno.ENOLCK),
        Instruction(RETURN, 0, 0, SECCOMP_RET_ALLOW),
    )
    libc = ctypes.CDLL(None, use_errno=True)
    program = Program(4, instructions)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0
    ):
        raise OSError(ctypes.get_errno(), "seccomp")


def test_a_lock_has_one_holder_and_is_free_after_it_ends(home: Path) -> None:
    paths = Home(home)
    assert not service_lock.is_held(paths)
    descriptor = service_lock.take(paths)
    assert descriptor is not None
    assert service_lock.is_held(paths)
    assert service_lock.take(paths) is None
    os.close(descriptor)
    assert not service_lock.is_held(paths)


@pytest.mark.fault
@pytest.mark.skipif(platform.machine() not in FLOCK or sys.platform != "linux", reason="needs Linux's seccomp")
def test_without_file_locks_one_service_runs_and_uploads(home: Path) -> None:
    code = (
        "import lightning_sweeps as ls, sys, time\nrun = ls.init('lockless')\n"
        "for i in range(100): run.log({'x': i})\nls.finish(timeout_s=20)\n"
    )
    with running_server(home) as (client, file):
        variables = {
            **environment(),
            "LIGHTNING_SWEEPS_SERVICE": "process",
            "LIGHTNING_SWEEPS_URL": file.url,
            "LIGHTNING_SWEEPS_API_KEY": file.token,
            "LIGHTNING_SWEEPS_IDLE_EXIT_S": IDLE_EXIT_S,
        }
        programs = [
            subprocess.Popen([sys.executable, "-c", code], env=variables, preexec_fn=forbid_locks)  # noqa: PLW1509
            for _ in range(3)
        ]
        assert [program.wait(60) for program in programs] == [0, 0, 0]
        wait_until(lambda: sum(run.rows for run in client.runs(project="lockless").runs) == 300, what="all rows")
        log = Home(home).service_log
        wait_until(lambda: " ended" in log.read_text(), what="the end of the service")
        assert log.read_text().count(" started") == 1
