"""Turns a fork of the fork server into a trial's first process: its only rank, or the leader of several.

The leader replaces torchrun: each rank has its own session, a failed rank ends the others, and all receive SIGTERM.
There is no store; the ranks connect through a port that the leader reserves.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import resource
import signal
import socket
import sys
import time
import traceback
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NoReturn

import msgspec

from lightning_sweeps.agents.forking import library_state
from lightning_sweeps.agents.forking.process_title import ProcessTitle
from lightning_sweeps.agents.forking.protocol import FailedRank, Launch, RankLaunch
from lightning_sweeps.agents.forking.python_end import PythonEnd
from lightning_sweeps.agents.launch.parent import tie_to
from lightning_sweeps.agents.launch.program import run_program
from lightning_sweeps.core.paths import PRIVATE_FILE, make_private_folder, write_whole
from lightning_sweeps.core.settings import replace_environment

ADOPTION_S = 10.0
OTHER_RANKS_GRACE_S = 30
"""Time for the other ranks to end after one has failed, as in torchrun."""

SHOW_STACKS = signal.SIGUSR2
"""Makes a rank write the stacks of its threads to stderr, unless the program handles the signal itself."""

PORT_VARIABLE = "MASTER_PORT"


@dataclass(frozen=True, slots=True)
class ForkContext:
    """Values that a fork needs from the fork server.

    Attributes:
        title: where the process title is stored.
        added: variables that imports have added to the environment.
        removed: variables that imports have removed from it.
        seeded: libraries whose random generator an import has seeded.
        python_end: how ranks end.
    """

    title: ProcessTitle
    added: Mapping[str, str]
    removed: Set[str]
    seeded: Set[str]
    python_end: PythonEnd


def become_trial(launch: Launch, context: ForkContext) -> NoReturn:
    """Run the trial in this process, then exit with its status.

    Raises:
        SystemExit: the trial's only rank, or a rank that this process has forked, has ended.
    """
    try:
        os.setsid()
        _wait_for_adoption(launch.agent)
        tie_to(launch.agent, signal.SIGKILL)
        if len(launch.ranks) == 1:
            _become_rank(launch, launch.ranks[0], {}, context)
        _lead(launch, context)
    except SystemExit:
        raise
    except BaseException:  # a fault of this package; the trial's stderr shows it
        traceback.print_exc()
        os._exit(1)


def _wait_for_adoption(agent: int) -> None:
    """Wait until the intermediate process has ended and the agent has become this process's parent."""
    deadline = time.monotonic() + ADOPTION_S
    while os.getppid() != agent:
        if time.monotonic() > deadline:
            os._exit(1)  # the agent has ended
        os.sched_yield()


def _become_rank(launch: Launch, rank: RankLaunch, added: Mapping[str, str], context: ForkContext) -> NoReturn:
    environ = {**launch.environment, **context.added, **rank.environment, **added}
    environ = {name: value for name, value in environ.items() if name not in context.removed}
    replace_environment(environ)
    os.chdir(launch.working_folder)
    _write_to(rank.stdout, rank.stderr)
    context.title.show([sys.executable, launch.program, *launch.arguments], launch.marker)
    library_state.restore(environ, seeded=context.seeded)
    faulthandler.register(SHOW_STACKS, file=2, all_threads=True)
    context.python_end.prepare_fork()
    outcome = run_program(launch.program, launch.arguments)
    context.python_end.begin(outcome.status, is_interrupted=outcome.is_interrupted)


def _write_to(stdout: str, stderr: str) -> None:
    for path, descriptor in ((stdout, 1), (stderr, 2)):
        make_private_folder(Path(path).parent)
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE)
        os.dup2(opened, descriptor)
        os.close(opened)


@dataclass(slots=True)
class _Ranks:
    """The running ranks by pid, and the first rank that failed."""

    running: dict[int, int] = field(default_factory=dict)
    failed: FailedRank | None = None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to every running rank."""
        for pid in self.running:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.kill(pid, number)

    def end(self) -> None:
        """Send SIGTERM now, and SIGKILL after a grace period."""
        self.send(signal.SIGTERM)
        signal.alarm(OTHER_RANKS_GRACE_S)


def _lead(launch: Launch, context: ForkContext) -> NoReturn:
    context.title.show([f"leader of {len(launch.ranks)} ranks:", launch.program, *launch.arguments], launch.marker)
    ranks = _Ranks()
    handled = {signal.SIGTERM, signal.SIGINT, signal.SIGALRM, SHOW_STACKS}
    signal.pthread_sigmask(signal.SIG_BLOCK, handled)
    with _free_port() as port:
        added = {PORT_VARIABLE: str(port.getsockname()[1])}
        leader = os.getpid()
        for number, rank in enumerate(launch.ranks):
            pid = os.fork()
            if pid == 0:
                os.setsid()
                tie_to(leader, signal.SIGKILL)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, handled)
                port.close()
                _become_rank(launch, rank, added, context)
            ranks.running[pid] = number
        _install_handlers(ranks)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, handled)
        _wait(ranks)
    if ranks.failed is None:
        os._exit(0)
    write_whole(Path(launch.failed_rank), msgspec.json.encode(ranks.failed), is_synced=False)
    _end_like(ranks.failed.exit_code)


def _install_handlers(ranks: _Ranks) -> None:
    def forward(number: int, _frame: FrameType | None) -> None:
        ranks.send(signal.Signals(number))

    def kill_all(_number: int, _frame: FrameType | None) -> None:
        ranks.send(signal.SIGKILL)

    for number in (signal.SIGTERM, signal.SIGINT, SHOW_STACKS):
        signal.signal(number, forward)
    signal.signal(signal.SIGALRM, kill_all)


def _wait(ranks: _Ranks) -> None:
    """Wait for all ranks; when the first fails, end the others."""
    while ranks.running:
        pid, status = os.wait()
        rank = ranks.running.pop(pid, None)
        exit_code = os.waitstatus_to_exitcode(status)
        if rank is not None and exit_code != 0 and ranks.failed is None:
            ranks.failed = FailedRank(rank, exit_code)
            ranks.end()


def _end_like(exit_code: int) -> NoReturn:
    """End this process in the same way as the rank that failed first."""
    if exit_code < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the rank's own core dump is the useful one
        if -exit_code != signal.SIGKILL:
            signal.signal(-exit_code, signal.SIG_DFL)
        os.kill(os.getpid(), -exit_code)
    os._exit(exit_code)


def _free_port() -> socket.socket:
    """Return a socket that reserves a port. A process that listens with SO_REUSEADDR can use it."""
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("", 0))
    return reserved
