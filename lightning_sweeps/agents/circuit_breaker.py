"""Stops an agent on a broken machine before it uses up the sweep's trials."""

from __future__ import annotations

from dataclasses import dataclass

from lightning_sweeps.messages import TrialEnd

QUICK_S = 10.0
"""If a trial fails within this time, the machine or the program probably does not work."""


@dataclass(slots=True)
class CircuitBreaker:
    """Counts consecutive trials that failed within `QUICK_S` seconds of their start.

    Attributes:
        limit: number of consecutive quick failures that trips the breaker.
        consecutive: number of quick failures since the last other trial.
        last_reason: why the last trial failed.
    """

    limit: int
    consecutive: int = 0
    last_reason: str = ""

    def record(self, end: TrialEnd | None, *, ran_s: float) -> None:
        """Count the end of a trial.

        A lost, stopped or preempted trial does not count, because the machine did not cause its end.

        Args:
            end: how the trial ended; None if its lease was lost.
            ran_s: seconds for which its program ran.
        """
        if end is None or end.state in ("stopped", "preempted"):
            return
        is_quick_failure = end.state == "failed" and ran_s < QUICK_S
        self.consecutive = self.consecutive + 1 if is_quick_failure else 0
        self.last_reason = end.reason

    def reset(self) -> None:
        """Start counting from zero."""
        self.consecutive = 0

    @property
    def trip_reason(self) -> str:
        """Why the agent must start no more trials; empty if it may."""
        if self.consecutive < self.limit:
            return ""
        which = "the last trial" if self.consecutive == 1 else f"the last {self.consecutive} trials"
        return f"{which} of this agent failed within {QUICK_S:g} s of the start; last reason: {self.last_reason}"
