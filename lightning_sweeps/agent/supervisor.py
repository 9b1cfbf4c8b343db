"""A thin parent around one slot's agent: torchrun sees it succeed, whatever becomes of the agent.

torchrun ends all workers when one fails. So each worker forks its agent, passes signals on, keeps the true exit status
in the tuner's folder and exits 0. It also ends what an agent that was killed left running. The fork comes before
anything that holds a thread or a connection.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

import msgspec

from lightning_sweeps.agent.process import die_with_parent
from lightning_sweeps.node import node_id, process_start
from lightning_sweeps.paths import Home, TunerFolder, write_whole
from lightning_sweeps.process_tree import ProcessId, Tree, TrialProcess, identify, kill_tree

PASSED_ON = (signal.SIGINT, signal.SIGTERM)


class AgentStatus(msgspec.Struct, frozen=True):
    """One slot: its supervisor while it lives, then how its agent ended (negative: by that signal)."""

    slot: int
    pid: int
    started: float
    exit_status: int | None = None


def supervise(work: Callable[[], int], *, slot: int, folder: TunerFolder, home: Home) -> int:
    """Run `work` in a child and return 0 when it has ended, however it did."""
    die_with_parent(signal.SIGTERM)
    status = AgentStatus(slot, os.getpid(), process_start(os.getpid()) or 0.0)
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    child = os.fork()
    if child == 0:
        _be_the_agent(work)
    _pass_on(child)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    write_whole(folder.agent(slot), msgspec.json.encode(status), is_synced=False)
    agent = identify(child)
    _, wait_status = os.waitpid(child, 0)
    if agent is not None and os.WIFSIGNALED(wait_status):
        _end_orphans(home, agent)
    ended = msgspec.structs.replace(status, exit_status=os.waitstatus_to_exitcode(wait_status))
    write_whole(folder.agent(slot), msgspec.json.encode(ended), is_synced=False)
    return 0


def _end_orphans(home: Home, agent: ProcessId) -> None:
    """End the trial of an agent that was killed: the kernel has ended the first process, others may live on."""
    for path in home.trials.glob("*/process.json"):
        running = msgspec.json.decode(path.read_bytes(), type=TrialProcess)
        if running.agent == agent and running.node == node_id():
            folder = home.trial(running.trial)
            for survivor in kill_tree(Tree(running.first, folder.parameters)):
                print(f"process {survivor} of trial `{running.trial}` could not be ended", file=sys.stderr, flush=True)


def _be_the_agent(work: Callable[[], int]) -> None:
    status = 1
    try:
        die_with_parent(signal.SIGTERM)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        status = work()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _pass_on(child: int) -> None:
    def pass_on(number: int, _frame: FrameType | None) -> None:
        os.kill(child, number)

    for number in PASSED_ON:
        signal.signal(number, pass_on)
