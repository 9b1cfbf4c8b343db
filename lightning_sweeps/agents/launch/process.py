"""Start a trial's first process, show what it prints, and make sure that it does not outlive its agent."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from lightning_sweeps.agents.forking.forked import SHOW_STACKS
from lightning_sweeps.agents.launch.parent import tied_to_this_process
from lightning_sweeps.agents.terminal import Terminal
from lightning_sweeps.core.paths import PRIVATE_FILE, TrialFolder, make_private_folder, write_whole
from lightning_sweeps.errors import LaunchError
from lightning_sweeps.system.node import node_id
from lightning_sweeps.system.process_tree import (
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
POLL_S = 0.02


class Child(Protocol):
    """A child of this process, as `subprocess.Popen` is one."""

    pid: int

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal, or None while it runs."""


@dataclass(slots=True)
class AdoptedChild:
    """A child that another process has forked."""

    pid: int
    _exit_code: int | None = None

    def poll(self) -> int | None:
        if self._exit_code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._exit_code = os.waitstatus_to_exitcode(status) if pid else None
        return self._exit_code


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
        try:
            stream = self.path.open("rb")
        except FileNotFoundError:  # the rank has not come so far
            return
        with stream:
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

    child: Child
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
        deadline = time.monotonic() + limit_s
        while (exit_code := self.child.poll()) is None and time.monotonic() < deadline:
            time.sleep(POLL_S)
        return exit_code

    def show(self, *, last: bool = False) -> None:
        for relay in self.relays:
            relay.show(last=last)

    def terminate(self) -> None:
        """SIGTERM to the first process: a rank that ended alone would leave the others waiting."""
        send_signal(self.tree.first, signal.SIGTERM)

    def show_stacks(self) -> None:
        """Have the ranks write their stacks into their stderr; only forked ones know how."""
        if isinstance(self.child, AdoptedChild):
            send_signal(self.tree.first, SHOW_STACKS)

    def kill(self) -> list[Survivor]:
        """SIGKILL to everything; return what is still there."""
        return kill_tree(self.tree, reap=self.reap)

    def clear(self) -> list[Survivor]:
        """After the first process has ended: end what outlived it; return what is still there."""
        survivors = kill_tree(self.tree, grace_s=LEFTOVER_GRACE_S, reap=self.reap)
        self.reap()  # the dead that nobody had to wait for
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


@dataclass(frozen=True, slots=True)
class Launching:
    """What a trial is started with, however it is.

    Attributes:
        words: its command line.
        adopts: whether the calling process is a child subreaper.
        quiet: do not show what it prints.
    """

    trial_id: str
    agent_id: str
    words: Sequence[str]
    environment: Mapping[str, str]
    folder: TrialFolder
    working_folder: Path
    prefix: str
    adopts: bool
    quiet: bool


def start_cold(launching: Launching) -> TrialRun:
    """Start a trial in a session of its own, its output going to its log files and no further.

    It writes to files and not to pipes, so that it never waits for the agent. When the agent dies, the kernel kills the
    first process (Linux); the rest is found through `TrialFolder.process`.

    Raises:
        LaunchError: the program cannot be executed.
    """
    folder, words = launching.folder, launching.words
    make_private_folder(folder.root)
    logs = [RankLogs("", folder.stdout, folder.stderr)]
    start = _Start.now(launching, logs)
    with _log(folder.stdout) as stdout, _log(folder.stderr) as stderr:
        try:
            child = subprocess.Popen(
                list(words),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                cwd=launching.working_folder,
                env=dict(launching.environment),
                start_new_session=True,
                preexec_fn=tied_to_this_process(signal.SIGKILL),  # noqa: PLW1509 - the agent has one thread
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise LaunchError(f"`{words[0]}` cannot be started: {error}") from error
    return start.to_run(child)


def start_forked(launching: Launching, fork: Callable[[], int], logs: Sequence[RankLogs]) -> TrialRun:
    """Start a trial through `fork`, which returns the pid of its first process; `logs` are its ranks'.

    Raises:
        LaunchError: from `fork`.
    """
    make_private_folder(launching.folder.root)
    start = _Start.now(launching, logs)
    return start.to_run(AdoptedChild(fork()))


@dataclass(frozen=True, slots=True)
class RankLogs:
    """Where a rank prints; `name` is shown before each line where there are several."""

    name: str
    stdout: Path
    stderr: Path


@dataclass(frozen=True, slots=True)
class _Start:
    """How things were just before the start."""

    launching: Launching
    relays: tuple[Relay, ...]
    strangers: frozenset[ProcessId]
    stderr_offset: int

    @classmethod
    def now(cls, launching: Launching, logs: Sequence[RankLogs]) -> _Start:
        terminals = (Terminal(sys.stdout), Terminal(sys.stderr))
        relays = tuple(
            Relay(path, f"{launching.prefix}{rank.name}", terminal, _size(path))
            for rank in logs
            for path, terminal in zip((rank.stdout, rank.stderr), terminals, strict=True)
        )
        return cls(launching, relays, children_of(os.getpid()), _size(launching.folder.stderr))

    def to_run(self, child: Child) -> TrialRun:
        given = self.launching
        first = identify(child.pid) or ProcessId(child.pid, 0.0)
        this = identify(os.getpid()) or ProcessId(os.getpid(), 0.0)
        about = TrialProcess(given.trial_id, this, first, node_id(), given.agent_id)
        write_whole(given.folder.process, msgspec.json.encode(about), is_synced=False)
        tree = Tree(first, given.folder.parameters, adopts=given.adopts, strangers=self.strangers)
        relays = () if given.quiet else self.relays
        return TrialRun(child, tree, relays, given.folder, self.stderr_offset, _watch(child.pid))


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
