"""Adds up how an agent spends its time, so that its summary shows where the GPU hours went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Activity = Literal[
    "trials",
    "imports",
    "starting and ending trials",
    "waiting for a trial",
    "waiting for GPU memory",
    "waiting for the server",
]
"""`starting and ending trials`: from a lease to the program, and from its end to the next lease."""

NOTABLE_S = 0.05
"""The summary leaves out shorter activities."""


@dataclass(slots=True)
class TimeAccounting:
    """Adds up an agent's seconds by activity. Every moment belongs to exactly one activity.

    Attributes:
        gpus: number of GPUs of the agent's slot.
        since: monotonic time in seconds at which `activity` began.
        activity: the current activity.
        trials: number of trials so far.
        spent_s: seconds by activity, without the current one.
    """

    gpus: int
    since: float
    activity: Activity = "imports"
    trials: int = 0
    spent_s: dict[Activity, float] = field(default_factory=dict)

    def switch_to(self, activity: Activity, *, now: float) -> None:
        """Add the time since the last switch to the current activity, and start `activity`.

        Args:
            activity: the new activity.
            now: monotonic time in seconds.
        """
        self.spent_s[self.activity] = self.spent_s.get(self.activity, 0.0) + now - self.since
        if activity == "trials" and self.activity != "trials":
            self.trials += 1
        self.activity, self.since = activity, now

    def totals(self, *, now: float) -> dict[str, float]:
        """Return the seconds by activity until now."""
        self.switch_to(self.activity, now=now)
        return {activity: round(seconds, 3) for activity, seconds in self.spent_s.items()}

    def summary(self, *, now: float) -> str:
        """Return one line with the trials, their share of the time, GPU seconds, and the other activities."""
        self.switch_to(self.activity, now=now)
        return describe(self.spent_s, trials=self.trials, gpus=self.gpus)


def describe(spent_s: Mapping[str, float] | Mapping[Activity, float], *, trials: int, gpus: int) -> str:
    """Return the summary line.

    Args:
        spent_s: seconds by activity.
        trials: number of trials.
        gpus: number of GPUs that each trial had.
    """
    total_s = sum(spent_s.values())
    busy_s = spent_s.get("trials", 0.0)
    share = f"{busy_s / total_s:.0%}" if total_s else "0%"
    on_gpus = f", {busy_s * gpus:.0f} GPU seconds" if gpus else ""
    rest = [
        (seconds, activity) for activity, seconds in spent_s.items() if activity != "trials" and seconds >= NOTABLE_S
    ]
    idle = "; ".join(f"{seconds:.1f} s {activity}" for seconds, activity in sorted(rest, reverse=True))
    count = f"{trials} trial{'' if trials == 1 else 's'}"
    return f"{count} took {share} of {total_s:.1f} s{on_gpus}" + (f"; the rest: {idle}" if idle else "")
