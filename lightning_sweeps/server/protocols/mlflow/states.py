"""Maps the states of runs to MLflow's and back. Pure functions."""

from __future__ import annotations

from lightning_sweeps.errors import UsageError
from lightning_sweeps.journal.records import RunState

STATES: dict[RunState, str] = {
    "running": "RUNNING",
    "finished": "FINISHED",
    "failed": "FAILED",
    "killed": "KILLED",
    "stopped": "KILLED",
    "preempted": "KILLED",
    "lost": "KILLED",
}
WANTED: dict[str, RunState] = {
    "RUNNING": "running",
    "SCHEDULED": "running",
    "FINISHED": "finished",
    "FAILED": "failed",
    "KILLED": "killed",
}
"""The states that clients set."""


def state_of(name: str) -> RunState:
    """Return the state that a client sets.

    Raises:
        UsageError: there is none of this name.
    """
    if name not in WANTED:
        raise UsageError(f"Invalid status '{name[:40]}', allowed: {', '.join(WANTED)}")
    return WANTED[name]


def states_of(name: str) -> list[RunState]:
    """Return our states that clients call `name`."""
    return [ours for ours, theirs in STATES.items() if theirs == name]
