"""Starts a trial's first process, shows its output, and ensures that no process outlives the agent."""

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

from lightning_sweeps.agents.display.messages import ERR, OUT, LogFile
from lightning_sweeps.agents.forking.forked import SHOW_STACKS
from lightning_sweeps.agents.launch.failure import AttemptStart
from lightning_sweeps.agents.launch.parent import tied_to_this_process
from lightning_sweeps.core.paths import PRIVATE_FILE, TrialFolder, make_private_folder, write_whole
from lightning_sweeps.errors import LaunchError
from lightning_sweeps.system.node import node_id
from lightning_sweeps.system.process_tree import (
    ProcessId,
    ProcessTree,
    Survivor,
    TrialProcess,
    children_of,
    identify,
    kill_tree,
    reap_adopted,
    send_signal,
)

LEFTOVER_GRACE_S = 1.0
POLL_S = 0.02


class Child(Protocol):
    """A child of this process, such as a `subprocess.Popen`."""

    pid: int

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal, or None while the child runs."""


@dataclass(slots=True)
class AdoptedChild:
    """A child that another process forked and this process adopted."""

    pid: int
    _exit_code: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal, or None while the child runs."""
        if self._exit_code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._exit_code = os.waitstatus_to_exitcode(status) if pid else None
        return self._exit_code


@dataclass(slots=True)
class TrialRun:
    """A running trial: its first process, its process tree and its logs.

    Attributes:
        child: the first process.
        tree: describes how to find all processes of the trial.
        logs: what its ranks print, from the start of this attempt.
        folder: the trial's files.
        start: where this attempt begins in the trial's own logs.
    """

    child: Child
    tree: ProcessTree
    logs: tuple[LogFile, ...]
    folder: TrialFolder
    start: AttemptStart
    _descriptor: int | None

    def wait(self, limit_s: float) -> int | None:
        """Wait at most `limit_s` seconds for the first process; return its exit code, or None while it runs."""
        if self._descriptor is not None:
            select.select([self._descriptor], [], [], limit_s)
            return self.child.poll()
        deadline = time.monotonic() + limit_s
        while (exit_code := self.child.poll()) is None and time.monotonic() < deadline:
            time.sleep(POLL_S)
        return exit_code

    def terminate(self) -> None:
        """Send SIGTERM to the first process only: if one rank ended alone, the others would wait for it."""
        send_signal(self.tree.first, signal.SIGTERM)

    def show_stacks(self) -> None:
        """Make the ranks write their stacks to stderr. Only forked ranks can."""
        if isinstance(self.child, AdoptedChild):
            send_signal(self.tree.first, SHOW_STACKS)

    def kill(self) -> list[Survivor]:
        """Send SIGKILL to all processes of the trial; return those that are still there."""
        return kill_tree(self.tree, reap=self.reap)

    def clear(self) -> list[Survivor]:
        """End the processes that outlived the first one; return those that are still there."""
        survivors = kill_tree(self.tree, grace_s=LEFTOVER_GRACE_S, reap=self.reap)
        self.reap()  # including children that were not reaped
        if not survivors:
            self.folder.process.unlink(missing_ok=True)
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        return survivors

    def reap(self) -> None:
        """Reap dead children, so that they count as gone."""
        self.child.poll()
        reap_adopted(keep=self.child.pid)


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """A trial to start, warm or cold.

    Attributes:
        trial_id: the trial.
        agent_id: the agent's id on the server.
        words: the command line.
        environment: the whole environment of the first process.
        folder: the trial's files.
        working_folder: where the first process starts.
        prefix: printed before each line of the trial's output.
        is_subreaper: whether the calling process adopts the trial's orphans.
    """

    trial_id: str
    agent_id: str
    words: Sequence[str]
    environment: Mapping[str, str]
    folder: TrialFolder
    working_folder: Path
    prefix: str
    is_subreaper: bool


@dataclass(frozen=True, slots=True)
class RankLogs:
    """The log files of a rank.

    Attributes:
        name: printed before each line of the rank's output; empty if the trial has one log.
        stdout, stderr: the rank's log files.
    """

    name: str
    stdout: Path
    stderr: Path


def start_cold(request: LaunchRequest) -> TrialRun:
    """Start a trial as a new process in its own session.

    The trial writes to files and not to pipes, so that it never waits for the agent. When the agent dies, the kernel
    kills the first process (Linux); with `TrialFolder.process`, the supervisor and the service find the rest.

    Raises:
        LaunchError: the program cannot be executed.
    """
    folder, words = request.folder, request.words
    make_private_folder(folder.root)
    logs = [RankLogs("", folder.stdout, folder.stderr)]
    before = _BeforeStart.record(request, logs)
    with _open_log(folder.stdout) as stdout, _open_log(folder.stderr) as stderr:
        try:
            child = subprocess.Popen(
                list(words),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                cwd=request.working_folder,
                env=dict(request.environment),
                start_new_session=True,
                preexec_fn=tied_to_this_process(signal.SIGKILL),  # noqa: PLW1509 - the agent has one thread
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise LaunchError(f"`{words[0]}` cannot be started: {error}") from error
    return before.to_run(child)


def start_forked(request: LaunchRequest, fork: Callable[[], int], logs: Sequence[RankLogs]) -> TrialRun:
    """Start a trial as a fork of the fork server.

    Args:
        request: the trial.
        fork: starts the trial's first process and returns its pid.
        logs: the logs of the trial's ranks.

    Raises:
        LaunchError: from `fork`.
    """
    make_private_folder(request.folder.root)
    before = _BeforeStart.record(request, logs)
    return before.to_run(AdoptedChild(fork()))


@dataclass(frozen=True, slots=True)
class _BeforeStart:
    """The state just before a trial starts: log sizes, and children that do not belong to the trial."""

    request: LaunchRequest
    logs: tuple[LogFile, ...]
    earlier_children: frozenset[ProcessId]
    start: AttemptStart

    @classmethod
    def record(cls, request: LaunchRequest, logs: Sequence[RankLogs]) -> _BeforeStart:
        files = tuple(
            LogFile(str(path), f"{request.prefix}{rank.name}", stream, _size(path))
            for rank in logs
            for stream, path in ((OUT, rank.stdout), (ERR, rank.stderr))
        )
        start = AttemptStart(_size(request.folder.stdout), _size(request.folder.stderr))
        return cls(request, files, children_of(os.getpid()), start)

    def to_run(self, child: Child) -> TrialRun:
        request = self.request
        first = identify(child.pid) or ProcessId(child.pid, 0.0)
        agent = identify(os.getpid()) or ProcessId(os.getpid(), 0.0)
        process = TrialProcess(request.trial_id, agent, first, node_id(), request.agent_id)
        write_whole(request.folder.process, msgspec.json.encode(process), is_synced=False)
        tree = ProcessTree(
            first,
            request.folder.parameters,
            is_subreaper=request.is_subreaper,
            earlier_children=self.earlier_children,
        )
        return TrialRun(child, tree, self.logs, request.folder, self.start, _pid_descriptor(child.pid))


def _open_log(path: Path) -> BinaryIO:
    return os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, PRIVATE_FILE), "ab", buffering=0
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _pid_descriptor(pid: int) -> int | None:
    """Return a descriptor that becomes readable when the process ends, or None if the system does not support it."""
    if sys.platform != "linux":
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:  # a kernel older than 5.3, or a sandbox
        return None
