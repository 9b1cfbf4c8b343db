"""A thin parent around one slot's agent: what the agent leaves when it is killed is ended and told at once.

Under a tuner it also keeps torchrun content: torchrun ends all workers when one fails. So each worker forks its agent,
passes signals on, keeps the true exit status in the tuner's folder and exits 0. The fork comes before anything that
holds a thread or a connection.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

import msgspec

from lightning_sweeps.agents.launch.parent import die_with_parent
from lightning_sweeps.client.connection import connect
from lightning_sweeps.core.paths import Home, TunerFolder, write_whole
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.errors import ServerError
from lightning_sweeps.system.node import node_id, process_start
from lightning_sweeps.system.process_tree import ProcessId, Tree, TrialProcess, identify, kill_tree

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
SIGNAL_BASE = 128
SERVER_DEADLINE_S = 5.0


class AgentStatus(msgspec.Struct, frozen=True):
    """One slot: its supervisor while it lives, then how its agent ended (negative: by that signal)."""

    slot: int
    pid: int
    started: float
    exit_status: int | None = None


def supervise(work: Callable[[], int], *, settings: Settings) -> int:
    """Run `work` in a child, pass signals on to it, and return its exit status as a shell would.

    The child has a process group of its own: Ctrl-C comes once, through this process.
    """
    return as_shell(_run(work, settings, lambda: None))


def supervise_for_tuner(work: Callable[[], int], *, slot: int, folder: TunerFolder, settings: Settings) -> int:
    """Run `work` in a child and return 0 when it has ended, however it did; end with the process that started this."""
    die_with_parent(signal.SIGTERM)
    status = AgentStatus(slot, os.getpid(), process_start(os.getpid()) or 0.0)
    exit_status = _run(
        work, settings, lambda: write_whole(folder.agent(slot), msgspec.json.encode(status), is_synced=False)
    )
    ended = msgspec.structs.replace(status, exit_status=exit_status)
    write_whole(folder.agent(slot), msgspec.json.encode(ended), is_synced=False)
    return 0


def as_shell(exit_status: int) -> int:
    """Return 128 + n for signal n."""
    return exit_status if exit_status >= 0 else SIGNAL_BASE - exit_status


def _run(work: Callable[[], int], settings: Settings, when_up: Callable[[], None]) -> int:
    """Return how the child ended, negative for a signal."""
    heard = [number for number in PASSED_ON if signal.getsignal(number) != signal.SIG_IGN]  # `nohup` stays in force
    sys.stdout.flush()
    sys.stderr.flush()
    signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    child = os.fork()
    if child == 0:
        _be_the_agent(work, heard)
    handlers = {number: signal.signal(number, _pass_on(child)) for number in heard}
    signal.pthread_sigmask(signal.SIG_UNBLOCK, heard)
    try:
        when_up()
        agent = identify(child)
        _, wait_status = os.waitpid(child, 0)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if agent is not None and os.WIFSIGNALED(wait_status):
        _end_orphans(settings, agent)
    return os.waitstatus_to_exitcode(wait_status)


def _end_orphans(settings: Settings, agent: ProcessId) -> None:
    """End the trial of an agent that was killed: the kernel has ended the first process, others may live on."""
    home = Home(settings.home)
    for path in home.trials.glob("*/process.json"):
        running = msgspec.json.decode(path.read_bytes(), type=TrialProcess)
        if running.agent == agent and running.node == node_id():
            folder = home.trial(running.trial)
            survivors = kill_tree(Tree(running.first, folder.parameters))
            for survivor in survivors:
                print(f"process {survivor} of trial `{running.trial}` could not be ended", file=sys.stderr, flush=True)
            if not survivors:
                folder.process.unlink(missing_ok=True)
                _give_back(running, settings)


def _give_back(running: TrialProcess, settings: Settings) -> None:
    """Tell the server now what it would see for itself when the lease expires."""
    try:
        with connect(start_local=False, deadline_s=SERVER_DEADLINE_S, settings=settings) as client:
            client.leave(running.agent_id)
    except ServerError as error:
        print(f"trial `{running.trial}` goes back to the sweep later: {error.message}", file=sys.stderr, flush=True)


def _be_the_agent(work: Callable[[], int], heard: list[signal.Signals]) -> None:
    status = 1
    try:
        os.setpgid(0, 0)
        die_with_parent(signal.SIGTERM)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, heard)
        status = work()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _pass_on(child: int) -> Callable[[int, FrameType | None], None]:
    return lambda number, _frame: os.kill(child, number)
