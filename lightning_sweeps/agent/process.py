"""Start a trial's first process, show what it prints, and make sure that it does not outlive its agent."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from lightning_sweeps.agent.terminal import Terminal
from lightning_sweeps.errors import LaunchError
from lightning_sweeps.node import node_id
from lightning_sweeps.paths import PRIVATE_FILE, TrialFolder, make_private_folder, write_whole
from lightning_sweeps.process_tree import (
    ProcessId,
    Survivor,
    Tree,
    TrialProcess,
    children_of,
    identify,
    kill_tree,
    reap_adopted,
    send_signal,
)

LEFTOVER_GRACE_S = 1.0
RELAY_PART_BYTES = 1 << 20

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def become_subreaper() -> bool:
    """Make this process adopt the orphans among its descendants (Linux); return whether it does."""
    return _LIBC is not None and _LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def die_with_parent(number: signal.Signals) -> None:
    """Have the kernel send this process a signal when its parent ends (Linux); elsewhere nothing happens."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def tied_to_this_process(number: signal.Signals) -> Callable[[], None]:
    """Return what a child must run before exec to get a signal when the calling process ends."""
    parent = os.getpid()

    def tie() -> None:
        die_with_parent(number)
        if os.getppid() != parent:  # it ended before the kernel knew
            os._exit(1)

    return tie


@dataclass(slots=True)
class Relay:
    """Shows the complete lines that a log has gained, each behind a prefix."""

    path: Path
    prefix: str
    terminal: Terminal
    offset: int
    _rest: bytes = b""

    def show(self, *, last: bool = False) -> None:
        """Show what is new; `last`: also the line that has no end yet."""
        with self.path.open("rb") as stream:
            stream.seek(self.offset)
            while part := stream.read(RELAY_PART_BYTES):
                self.offset += len(part)
                *lines, self._rest = (self._rest + part).split(b"\n")
                self._write(lines)
        if last and self._rest:
            self._write([self._rest])
            self._rest = b""

    def _write(self, lines: Sequence[bytes]) -> None:
        if lines:
            prefix = self.prefix.encode()
            shown = (prefix + line.rstrip(b"\r").rpartition(b"\r")[2] + b"\n" for line in lines)  # bars: the last state
            self.terminal.write(b"".join(shown))


@dataclass(slots=True)
class TrialRun:
    """A trial that runs: its first process, its whole tree, its logs."""

    child: subprocess.Popen[bytes]
    tree: Tree
    relays: tuple[Relay, ...]
    folder: TrialFolder
    stderr_offset: int
    _descriptor: int | None

    def wait(self, limit_s: float) -> int | None:
        """Wait for the first process; return its exit code, None while it runs."""
        if self._descriptor is not None:
            select.select([self._descriptor], [], [], limit_s)
            return self.child.poll()
        try:
            return self.child.wait(limit_s)
        except subprocess.TimeoutExpired:
            return None

    def show(self, *, last: bool = False) -> None:
        for relay in self.relays:
            relay.show(last=last)

    def terminate(self) -> None:
        """SIGTERM to the first process: a rank that ended alone would leave the others waiting."""
        send_signal(self.tree.first, signal.SIGTERM)

    def kill(self) -> list[Survivor]:
        """SIGKILL to everything; return what is still there."""
        return kill_tree(self.tree, reap=self.reap)

    def clear(self) -> list[Survivor]:
        """After the first process has ended: end what outlived it; return what is still there."""
        survivors = kill_tree(self.tree, grace_s=LEFTOVER_GRACE_S, reap=self.reap)
        self.show(last=True)
        if not survivors:
            self.folder.process.unlink(missing_ok=True)
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        return survivors

    def reap(self) -> None:
        """Collect the dead, so that they count as gone."""
        self.child.poll()
        reap_adopted(keep=self.child.pid)


def start_trial(
    words: Sequence[str],
    *,
    trial_id: str,
    environment: Mapping[str, str],
    folder: TrialFolder,
    working_folder: Path,
    prefix: str,
    adopts: bool,
    quiet: bool,
) -> TrialRun:
    """Start a trial in a session of its own, its output going to its log files and no further.

    It writes to files and not to pipes, so that it never waits for the agent. When the agent dies, the kernel kills the
    first process (Linux); the rest is found through `TrialFolder.process`.

    Raises:
        LaunchError: the program cannot be executed.
    """
    make_private_folder(folder.root)
    strangers = children_of(os.getpid())
    offsets = [_size(path) for path in (folder.stdout, folder.stderr)]
    with _log(folder.stdout) as stdout, _log(folder.stderr) as stderr:
        try:
            child = subprocess.Popen(
                list(words),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                cwd=working_folder,
                env=dict(environment),
                start_new_session=True,
                preexec_fn=tied_to_this_process(signal.SIGKILL),  # noqa: PLW1509 - the agent has one thread
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise LaunchError(f"`{words[0]}` cannot be started: {error}") from error
    first = identify(child.pid) or ProcessId(child.pid, 0.0)
    this = identify(os.getpid()) or ProcessId(os.getpid(), 0.0)
    write_whole(folder.process, msgspec.json.encode(TrialProcess(trial_id, this, first, node_id())), is_synced=False)
    tree = Tree(first, folder.parameters, adopts=adopts, strangers=strangers)
    terminals = (Terminal(sys.stdout), Terminal(sys.stderr))
    relays = tuple(
        Relay(path, prefix, terminal, offset)
        for path, terminal, offset in zip((folder.stdout, folder.stderr), terminals, offsets, strict=True)
    )
    return TrialRun(child, tree, () if quiet else relays, folder, offsets[1], _watch(child.pid))


def _log(path: Path) -> BinaryIO:
    return os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, PRIVATE_FILE), "ab", buffering=0
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _watch(pid: int) -> int | None:
    """Return a descriptor that becomes readable when the process ends, where the system has such."""
    if sys.platform != "linux":
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:  # a kernel older than 5.3, or a sandbox
        return None
