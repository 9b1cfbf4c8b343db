"""A thin parent around one slot's agent: torchrun sees it succeed, whatever becomes of the agent.

torchrun ends all workers when one fails. So each worker forks its agent, passes signals on, keeps the true exit status
in the tuner's folder and exits 0. The fork comes before anything that holds a thread or a connection.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

import msgspec

from lightning_sweeps.agent.process import die_with_parent
from lightning_sweeps.node import process_start
from lightning_sweeps.paths import TunerFolder, write_whole

PASSED_ON = (signal.SIGINT, signal.SIGTERM)


class AgentStatus(msgspec.Struct, frozen=True):
    """One slot: its supervisor while it lives, then how its agent ended (negative: by that signal)."""

    slot: int
    pid: int
    started: float
    exit_status: int | None = None


def supervise(work: Callable[[], int], *, slot: int, folder: TunerFolder) -> int:
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
    _, wait_status = os.waitpid(child, 0)
    ended = msgspec.structs.replace(status, exit_status=os.waitstatus_to_exitcode(wait_status))
    write_whole(folder.agent(slot), msgspec.json.encode(ended), is_synced=False)
    return 0


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
