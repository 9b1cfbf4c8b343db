"""Decisions about a whole sweep, as pure functions of its state and trial counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lightning_sweeps.errors import ServerRefused
from lightning_sweeps.messages import OPEN_TRIAL_STATES, Goal, SweepState

STATE_CHANGES: dict[SweepState, tuple[SweepState, ...]] = {
    "running": ("paused", "stopped", "cancelled"),
    "paused": ("running", "stopped", "cancelled"),
    "stopped": ("running", "cancelled"),
    "cancelled": ("running",),
    "finished": ("running",),
}
"""The states that a user may set for a sweep. Requesting the current state changes nothing.

A sweep that is over can run again if there is something left to do, see `check_resumable`.
"""

END_STATES: frozenset[str] = frozenset({"stopped", "cancelled", "finished"})
"""States in which a sweep no longer leases trials."""


@dataclass(frozen=True, slots=True)
class SweepStatus:
    """The state of a sweep and its trial counts.

    Attributes:
        state: the sweep's state.
        run_cap: maximum number of trials; None: no limit.
        exhausted: whether the method has no more points.
        counts: number of trials in each state.
        limit: which other limit of the sweep is reached, in words; empty if none is.
        is_repeat_due: whether a point of an exhausted space gets another trial.
    """

    state: SweepState
    run_cap: int | None
    exhausted: bool
    counts: Mapping[str, int]
    limit: str = ""
    is_repeat_due: bool = False

    @property
    def open_trials(self) -> int:
        return sum(self.counts.get(state, 0) for state in OPEN_TRIAL_STATES)

    @property
    def counted_trials(self) -> int:
        """Trials that count toward `run_cap`: all except lost ones."""
        return sum(self.counts.values()) - self.counts.get("lost", 0)

    @property
    def has_room(self) -> bool:
        """Whether `run_cap` allows another trial."""
        return self.run_cap is None or self.counted_trials < self.run_cap


def has_limits(config: Mapping[str, Any]) -> bool:
    """Return whether a stored sweep may end for another reason than `run_cap` or an exhausted space."""
    metric = (config.get("metrics") or [config.get("metric") or {}])[0]
    return any(config.get(key) is not None for key in ("budget", "stop_when")) or metric.get("target") is not None


def may_suggest(progress: SweepStatus) -> bool:
    """Return whether another trial may be suggested now."""
    return progress.state == "running" and not end_reason(progress)


def is_done(progress: SweepStatus) -> bool:
    """Return whether a running or paused sweep has nothing left to do."""
    return progress.state in ("running", "paused") and progress.open_trials == 0 and bool(end_reason(progress))


def end_reason(progress: SweepStatus) -> str:
    """Return why no more trials are suggested; empty if the search goes on."""
    if not progress.has_room:
        return f"`run_cap` of {progress.run_cap} trials is reached"
    is_complete = progress.exhausted and not progress.is_repeat_due
    return progress.limit or ("every point of the space has been tried" if is_complete else "")


def pause_reason(failures_in_row: int, max_failures: int, last_error: str, *, lacks_value: bool = False) -> str | None:
    """Return why the sweep pauses after consecutive failures, or None if there are fewer than `max_failures`.

    Args:
        failures_in_row: consecutive trials that failed or had no value of the metric.
        max_failures: how many pause the sweep.
        last_error: why the last one failed.
        lacks_value: whether the last one finished without a value.
    """
    if failures_in_row < max_failures:
        return None
    count = "a trial" if failures_in_row == 1 else f"{failures_in_row} trials in a row"
    what = "had no value of the metric" if lacks_value else "failed"
    return f"{count} {what} (`max_failures` is {max_failures}); the last one: {last_error}"


def is_target_met(objective: float, *, target: float | None, goal: Goal) -> bool:
    """Return whether a value reaches the metric's target."""
    if target is None:
        return False
    return objective <= target if goal == "minimize" else objective >= target


def target_reason(name: str, value: float, *, metric: str, target: float | None, goal: Goal) -> str:
    """Return why the value of a trial or point ends the sweep; empty if it does not reach the target.

    Args:
        name: of the trial or point: `trial 7`.
        value: its value.
        metric: name of the metric.
        target: the value that ends the sweep, if there is one.
        goal: whether to minimize or maximize the metric.
    """
    if target is None or not is_target_met(value, target=target, goal=goal):
        return ""
    return f"{name} met the target: `{metric}` is {value:g}, wanted {target:g}"


def is_better(value: float, than: float | None, *, goal: Goal) -> bool:
    """Return whether a value is better than another. Every value is better than None."""
    return than is None or (value < than if goal == "minimize" else value > than)


def change_state(state: SweepState, wanted: SweepState) -> SweepState:
    """Return the sweep's state after a user's request.

    Raises:
        ServerRefused: status 409; this change is not allowed.
    """
    if wanted == state or wanted in STATE_CHANGES[state]:
        return wanted
    allowed = ", ".join(f"`{choice}`" for choice in STATE_CHANGES[state])
    raise ServerRefused(f"a sweep that is `{state}` cannot become `{wanted}`, allowed: {allowed}", status=409)


def check_resumable(status: SweepStatus, *, sweep_id: str) -> None:
    """Check that a finished sweep has something left to do.

    Raises:
        ServerRefused: status 409; it has not, and the hint says what gives it more to do.
    """
    if status.state == "finished" and (reason := end_reason(status)):
        raise ServerRefused(
            f"the sweep has nothing left to do: {reason}",
            status=409,
            hint=f"give it more: `lightning-sweeps sweep {sweep_id} --extend 20`, `--retry-failed`, `--enqueue`, or"
            " `--update` with other settings, a larger space or other seeds",
        )


def check_reopenable(state: SweepState, *, sweep_id: str) -> None:
    """Check that more work may make the sweep run again. One that a user ended runs again only when a user says so.

    Raises:
        ServerRefused: status 409; a user stopped or cancelled the sweep.
    """
    if state in ("stopped", "cancelled"):
        raise ServerRefused(
            f"the sweep is `{state}`",
            status=409,
            hint=f"let it run again first: `lightning-sweeps sweep {sweep_id} --resume`",
        )
