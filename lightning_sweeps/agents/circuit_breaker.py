"""When an agent stops taking trials because all of them fail at once here: a broken machine must not use up a sweep."""

from __future__ import annotations

from dataclasses import dataclass

from lightning_sweeps.messages import TrialEnd

QUICK_S = 10.0
"""A trial that fails sooner has hardly trained: its machine, or the program itself, does not work."""


@dataclass(slots=True)
class Brake:
    """Counts trials that failed within `QUICK_S` seconds of their start, one after the other; `limit` is too many."""

    limit: int
    in_row: int = 0
    last: str = ""

    def note(self, end: TrialEnd | None, *, ran_s: float) -> None:
        """Count one end; None, or one that was wished for, says nothing about the machine."""
        if end is None or end.state in ("stopped", "preempted"):
            return
        is_quick_failure = end.state == "failed" and ran_s < QUICK_S
        self.in_row = self.in_row + 1 if is_quick_failure else 0
        self.last = end.reason

    @property
    def reason(self) -> str:
        """Why to take no more; empty while there is no reason."""
        if self.in_row < self.limit:
            return ""
        which = "the last trial" if self.in_row == 1 else f"the last {self.in_row} trials"
        return f"{which} of this agent failed within {QUICK_S:g} s of the start; the last one: {self.last}"
