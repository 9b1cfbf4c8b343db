"""Reads the exit statuses that the agents of one machine write to their shared folder."""

from __future__ import annotations

import contextlib
import sys

import msgspec

from lightning_sweeps.agents.supervisor import AgentStatus, shell_exit_status
from lightning_sweeps.core.paths import TunerFolder
from lightning_sweeps.core.signals import signal_name
from lightning_sweeps.errors import EXIT_FAILURE


def read_statuses(folder: TunerFolder, count: int) -> list[AgentStatus]:
    """Return the statuses of the agents that have started, of `count` slots."""
    found = []
    for slot in range(count):
        with contextlib.suppress(FileNotFoundError):
            found.append(msgspec.json.decode(folder.agent(slot).read_bytes(), type=AgentStatus))
    return found


def exit_status(folder: TunerFolder, count: int, returncode: int) -> int:
    """Return one exit status for all agents, and print which agents failed.

    Args:
        folder: the agents' shared folder.
        count: number of slots.
        returncode: torchrun's exit code.
    """
    statuses = read_statuses(folder, count)
    failed = [status for status in statuses if status.exit_status != 0]
    for status in failed:
        print(f"agent {status.slot}: {_describe(status)}", file=sys.stderr, flush=True)
    if len(statuses) < count:
        print(
            f"torchrun started {len(statuses)} of {count} agents (exit code {returncode})", file=sys.stderr, flush=True
        )
        return EXIT_FAILURE
    return max(_failure_status(status) for status in failed) if failed else 0


def _describe(status: AgentStatus) -> str:
    if status.exit_status is None:
        return "ended without an exit status"
    if status.exit_status < 0:
        return f"killed by {signal_name(-status.exit_status)}"
    return f"gave up with exit status {status.exit_status}"


def _failure_status(status: AgentStatus) -> int:
    return EXIT_FAILURE if status.exit_status is None else shell_exit_status(status.exit_status)
