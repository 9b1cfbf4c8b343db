"""Supervises one slot's agent from a thin parent process.

If the agent is killed, the supervisor ends its trial and tells the server at once. Under torchrun it also hides the
agent's exit status, because torchrun ends all workers when one fails: the supervisor writes the status to a file and
exits with 0. It forks the agent before anything has started a thread or opened a connection.
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
from lightning_sweeps.system.process_tree import ProcessId, ProcessTree, TrialProcess, identify, kill_tree

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
SIGNAL_BASE = 128
SERVER_DEADLINE_S = 5.0


class AgentStatus(msgspec.Struct, frozen=True):
    """The state of one slot's agent.

    Attributes:
        slot: the slot.
        pid, started: the agent's supervisor.
        exit_status: how the agent ended, negative for a signal; None while it runs.
    """

    slot: int
    pid: int
    started: float
    exit_status: int | None = None


def supervise(work: Callable[[], int], *, settings: Settings) -> int:
    """Run `work` in a child process and return its exit status as a shell would.

    This process forwards signals. The child has its own process group, so that it receives Ctrl-C only once.
    """
    return shell_exit_status(_run(work, settings, lambda: None))


def supervise_under_torchrun(work: Callable[[], int], *, slot: int, folder: TunerFolder, settings: Settings) -> int:
    """Run `work` in a child process; write its exit status to `folder` and return 0. Ends when torchrun ends."""
    die_with_parent(signal.SIGTERM)
    status = AgentStatus(slot, os.getpid(), process_start(os.getpid()) or 0.0)
    exit_status = _run(
        work, settings, lambda: write_whole(folder.agent(slot), msgspec.json.encode(status), is_synced=False)
    )
    ended = msgspec.structs.replace(status, exit_status=exit_status)
    write_whole(folder.agent(slot), msgspec.json.encode(ended), is_synced=False)
    return 0


def shell_exit_status(exit_status: int) -> int:
    """Return an exit status as shells report it: 128 + n for signal n."""
    return exit_status if exit_status >= 0 else SIGNAL_BASE - exit_status


def _run(work: Callable[[], int], settings: Settings, on_start: Callable[[], None]) -> int:
    """Return the child's exit status, negative for a signal."""
    handled = [number for number in FORWARDED if signal.getsignal(number) != signal.SIG_IGN]  # respect `nohup`
    sys.stdout.flush()
    sys.stderr.flush()
    signal.pthread_sigmask(signal.SIG_BLOCK, handled)
    child = os.fork()
    if child == 0:
        _become_agent(work, handled)
    handlers = {number: signal.signal(number, _forward_to(child)) for number in handled}
    signal.pthread_sigmask(signal.SIG_UNBLOCK, handled)
    try:
        on_start()
        agent = identify(child)
        _, wait_status = os.waitpid(child, 0)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if agent is not None and os.WIFSIGNALED(wait_status):
        _end_orphans(settings, agent)
    return os.waitstatus_to_exitcode(wait_status)


def _end_orphans(settings: Settings, agent: ProcessId) -> None:
    """End the trial of a killed agent. The kernel has ended the trial's first process; others may still be running."""
    home = Home(settings.home)
    for path in home.trials.glob("*/process.json"):
        running = msgspec.json.decode(path.read_bytes(), type=TrialProcess)
        if running.agent == agent and running.node == node_id():
            folder = home.trial(running.trial)
            survivors = kill_tree(ProcessTree(running.first, folder.parameters))
            if not survivors:
                folder.process.unlink(missing_ok=True)
                _return_trial(running, settings)
            for survivor in survivors:
                print(f"process {survivor} of trial `{running.trial}` could not be ended", file=sys.stderr, flush=True)


def _return_trial(running: TrialProcess, settings: Settings) -> None:
    """Return the trial to the sweep at once, before its lease expires."""
    try:
        with connect(start_local=False, deadline_s=SERVER_DEADLINE_S, settings=settings) as client:
            client.leave(running.agent_id)
    except ServerError as error:
        print(
            f"trial `{running.trial}` returns to the sweep when its lease expires: {error.message}",
            file=sys.stderr,
            flush=True,
        )


def _become_agent(work: Callable[[], int], handled: list[signal.Signals]) -> None:
    status = 1
    try:
        os.setpgid(0, 0)
        die_with_parent(signal.SIGTERM)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, handled)
        status = work()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _forward_to(child: int) -> Callable[[int, FrameType | None], None]:
    return lambda number, _frame: os.kill(child, number)
