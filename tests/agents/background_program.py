"""Runs an engine's program apart from the process of the tests: what the engine starts is no child of a test."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.servers import wait_until

DETACH = """
import os, pathlib
if os.fork():
    os._exit(0)
pathlib.Path("pid").write_text(str(os.getpid()))
"""
START_S = 60
END_S = 60


@dataclass(frozen=True, slots=True)
class DetachedProgram:
    """A running program. It ends when its standard input ends."""

    folder: Path

    @property
    def printed(self) -> str:
        return (self.folder / "printed.log").read_text(errors="replace")

    @property
    def is_running(self) -> bool:
        text = (self.folder / "pid").read_text() if (self.folder / "pid").exists() else ""
        return bool(text) and psutil.pid_exists(int(text))


@contextmanager
def detached_program(
    python: Path, program: str, *arguments: str, folder: Path, variables: Mapping[str, str] | None = None
) -> Iterator[DetachedProgram]:
    """Start a program in a folder, and at the end close its standard input and wait for its end."""
    words = [str(python), "-c", DETACH + program, *arguments]
    found = DetachedProgram(folder)
    with (folder / "printed.log").open("wb") as printed:
        started = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=printed,
            stderr=printed,
            cwd=folder,
            env=variables,
            start_new_session=True,
        )
    try:
        started.wait(START_S)
        wait_until(lambda: found.is_running, timeout_s=START_S, what="the program")
        yield found
    finally:
        assert started.stdin is not None
        started.stdin.close()
        wait_until(lambda: not found.is_running, timeout_s=END_S, what="the end of the program")
