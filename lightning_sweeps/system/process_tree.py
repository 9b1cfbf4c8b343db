"""Finds and ends all processes of a trial.

A process belongs to a trial if it is a descendant of the trial's first process, if its environment has the trial's
`LIGHTNING_SWEEPS_TRIAL` (in any session: torchrun gives each rank its own), or if the agent, a child subreaper, adopted
it. This package's service and server never belong to a trial, even if a trial started them. The agent uses this for its
own trial, and the service for the trials of agents that died.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil

from lightning_sweeps.core.settings import PREFIX
from lightning_sweeps.system.node import is_alive, process_start

TRIAL_VARIABLE = PREFIX + "TRIAL"
OWN_MODULES = frozenset({"lightning_sweeps.service", "lightning_sweeps.server"})

DEFAULT_GRACE_S = 10.0
LEFTOVER_GRACE_S = 2.0
"""How long processes that outlive the first one may take to end after SIGTERM."""

REAP_LIMIT_S = 0.5
"""How long a parent waits to reap what it killed."""

KILL_LIMIT_S = 10.0
"""How long killed processes may take to disappear: a process in an uninterruptible wait for a disk or a GPU can
stay."""

POLL_S = 0.02

_HAS_PROC = Path("/proc/self/environ").exists()


class ProcessId(msgspec.Struct, frozen=True):
    """A process, identified by its pid and the start time from `node.process_start`: pids are reused."""

    pid: int
    started: float

    @property
    def is_alive(self) -> bool:
        """Whether exactly this process is still running."""
        return is_alive(self.pid, self.started)


class TrialProcess(msgspec.Struct, frozen=True):
    """The processes that run a trial: the content of `TrialFolder.process`. Used to end the trial if the agent is dead.

    Attributes:
        trial: the trial's id.
        agent: the agent's process.
        first: the trial's first process.
        node: id of the machine of these processes: machines may share a home folder.
        agent_id: the agent's id on the server.
    """

    trial: str
    agent: ProcessId
    first: ProcessId
    node: str = ""
    agent_id: str = ""


@dataclass(frozen=True, slots=True)
class ProcessTree:
    """Identifies the processes of a trial.

    Attributes:
        first: the trial's first process.
        trial_file: the value of `LIGHTNING_SWEEPS_TRIAL` in its environment.
        is_subreaper: whether the calling process adopts the trial's orphans.
        earlier_children: children that the calling process had before the trial started.
    """

    first: ProcessId
    trial_file: Path
    is_subreaper: bool = False
    earlier_children: frozenset[ProcessId] = frozenset()


@dataclass(frozen=True, slots=True)
class Survivor:
    """A process that could not be ended."""

    pid: int
    command: str

    def __str__(self) -> str:
        return f"{self.pid} ({self.command})"


def identify(pid: int) -> ProcessId | None:
    """Return the identity of a live process, or None if no live process has this pid."""
    started = process_start(pid)
    return None if started is None else ProcessId(pid, started)


def children_of(pid: int) -> frozenset[ProcessId]:
    """Return the live children of a process."""
    children = _children_by_parent().get(pid, ())
    return frozenset(found for child in children if (found := identify(child)) is not None)


def find_tree(tree: ProcessTree) -> frozenset[ProcessId]:
    """Return every live process of the trial."""
    children = _children_by_parent()
    roots = {tree.first.pid} if tree.first.is_alive else set()
    roots |= set(_marked_pids(tree.trial_file))
    if tree.is_subreaper:
        known = {child.pid for child in tree.earlier_children if child.is_alive}
        roots |= set(children.get(os.getpid(), ())) - known
    pids: set[int] = set()
    waiting = [pid for pid in roots if not is_helper(pid)]
    while waiting:
        pid = waiting.pop()
        if pid not in pids and pid != os.getpid():
            pids.add(pid)
            waiting.extend(child for child in children.get(pid, ()) if not is_helper(child))
    return frozenset(found for pid in pids if (found := identify(pid)) is not None)


def end_tree(
    tree: ProcessTree, *, grace_s: float = DEFAULT_GRACE_S, reap: Callable[[], None] | None = None
) -> list[Survivor]:
    """End the trial: send SIGTERM to its first process, then SIGKILL to all.

    Only the first process gets SIGTERM, because a rank that ends alone leaves the others waiting in a collective.

    Args:
        tree: the trial's processes.
        grace_s: seconds between SIGTERM and SIGKILL.
        reap: called repeatedly, so that a parent can reap its dead children.

    Returns:
        The processes that are still there after `KILL_LIMIT_S` seconds, normally none.
    """
    if grace_s > 0 and send_signal(tree.first, signal.SIGTERM):
        _wait_until(lambda: not tree.first.is_alive, grace_s, reap)
    return kill_tree(tree, grace_s=min(grace_s, LEFTOVER_GRACE_S), reap=reap)


def kill_tree(tree: ProcessTree, *, grace_s: float = 0.0, reap: Callable[[], None] | None = None) -> list[Survivor]:
    """Send SIGKILL to all processes of the trial until none is left.

    Args:
        tree: the trial's processes.
        grace_s: if the first process has ended, send the others SIGTERM and wait this many seconds first.
        reap: called repeatedly, so that a parent can reap its dead children.

    Returns:
        The processes that are still there after `KILL_LIMIT_S` seconds, normally none.
    """
    found = find_tree(tree)
    ended = {process.pid for process in found}
    if found and grace_s > 0 and not tree.first.is_alive:
        for process in found:
            send_signal(process, signal.SIGTERM)
        _wait_until(lambda: not any(process.is_alive for process in found), grace_s, reap)
        found = find_tree(tree)
    deadline = time.monotonic() + KILL_LIMIT_S
    while found and time.monotonic() < deadline:
        for process in found:
            send_signal(process, signal.SIGKILL)
        killed = found
        _wait_until(lambda: not any(process.is_alive for process in killed), 1.0, reap)  # noqa: B023 - called here
        found = find_tree(tree)
        ended |= {process.pid for process in found}
    if reap is not None and ended:  # a dead process whose parent died after it is adopted, and can be reaped, only now
        _wait_until(lambda: not any(psutil.pid_exists(pid) for pid in ended), REAP_LIMIT_S, reap)
    return [Survivor(process.pid, _command(process.pid)) for process in found]


def send_signal(process: ProcessId, number: signal.Signals) -> bool:
    """Send a signal to exactly this process; return whether it received the signal."""
    if not process.is_alive:
        return False
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(process.pid, number)
        return True
    return False


def reap_adopted(*, keep: int | None) -> None:
    """Reap the dead children that this process adopted.

    Args:
        keep: pid of a child that is reaped elsewhere.
    """
    for pid in _children_by_parent(include_dead=True).get(os.getpid(), ()):
        if pid != keep and process_start(pid) is None:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def _wait_until(is_done: Callable[[], bool], limit_s: float, reap: Callable[[], None] | None) -> None:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if reap is not None:
            reap()
        if is_done():
            return
        time.sleep(POLL_S)


def children_of_all(pids: Iterable[int], *, include_dead: bool = True) -> dict[int, list[int]]:
    """Return the children among `pids` by the pid of their parent."""
    children: dict[int, list[int]] = {}
    for pid in pids:
        parent, is_dead = _linux_parent(pid) if _HAS_PROC else _portable_parent(pid)
        if parent and (include_dead or not is_dead):
            children.setdefault(parent, []).append(pid)
    return children


def is_helper(pid: int) -> bool:
    """Return whether a process is this package's service or server, which outlives the trial that started it."""
    try:
        words = psutil.Process(pid).cmdline()
    except psutil.Error:
        return False
    return any(word == "-m" and following in OWN_MODULES for word, following in itertools.pairwise(words))


def _children_by_parent(*, include_dead: bool = False) -> dict[int, list[int]]:
    return children_of_all(psutil.pids(), include_dead=include_dead)


def _linux_parent(pid: int) -> tuple[int, bool]:
    """Return the parent's pid (0 for none) and whether the process is dead. Ten times as fast as psutil."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0, True  # it has just ended
    state, parent = stat.rpartition(b")")[2].split()[:2]
    return int(parent), state in (b"Z", b"X")


def _portable_parent(pid: int) -> tuple[int, bool]:
    try:
        process = psutil.Process(pid)
        return process.ppid(), process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return 0, True


def _marked_pids(trial_file: Path) -> Iterable[int]:
    """Return the pids of this user's processes that were started with the trial's file in their environment."""
    wanted = str(trial_file)
    if _HAS_PROC:
        needle = f"{TRIAL_VARIABLE}={wanted}".encode()
        return [pid for pid in psutil.pids() if needle in _linux_environment(pid)]
    return [process.pid for process in psutil.process_iter() if _portable_value(process) == wanted]


def _linux_environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []  # it belongs to another user, or has ended


def _portable_value(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(TRIAL_VARIABLE)
    except psutil.Error:
        return None


def _command(pid: int) -> str:
    try:
        return " ".join(psutil.Process(pid).cmdline())[:80] or "?"
    except psutil.Error:
        return "?"
