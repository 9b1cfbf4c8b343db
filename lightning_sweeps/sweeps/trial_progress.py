"""What a trial has reported so far, as one value that can be stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lightning_sweeps.messages import Goal
from lightning_sweeps.sweeps import controller


@dataclass(slots=True)
class TrialProgress:
    """The reports of a trial's current attempt.

    Attributes:
        attempt: the attempt that made the reports.
        count: number of finite values of the metric.
        best: best of these values by the sweep's goal.
        last: last of these values.
        nonfinite: number of values that are not finite.
        position: furthest progress in the stopping rule's resource. Bands are 1 or more, so 0 has reached none.
        bands: bands at which the trial was judged.
        band_values: the trial's value when it reached each band.
        objectives: in a sweep with several metrics, last value of each.
    """

    attempt: int
    count: int = 0
    best: float | None = None
    last: float | None = None
    nonfinite: int = 0
    position: float = 0.0
    bands: list[int] = field(default_factory=list)
    band_values: dict[int, float] = field(default_factory=dict)
    objectives: dict[str, float] = field(default_factory=dict)

    @classmethod
    def load(
        cls, judged: Mapping[str, Any], *, attempt: int, count: int, best: float | None, last: float | None
    ) -> TrialProgress:
        """Return the stored progress.

        Args:
            judged: the map that `dump` made; empty for a new trial.
            attempt: the trial's attempt, if the map does not name one.
            count: number of finite values.
            best: best of these values.
            last: last of these values.
        """
        return cls(
            attempt=judged.get("attempt", attempt),
            count=count,
            best=best,
            last=last,
            nonfinite=judged.get("nonfinite", 0),
            position=judged.get("position", 0.0),
            bands=list(judged.get("bands", [])),
            band_values={int(band): value for band, value in judged.get("rungs", {}).items()},
            objectives=dict(judged.get("values", {})),
        )

    def dump(self, *, has_rule: bool) -> dict[str, Any]:
        """Return what `load` needs besides the columns of the trial."""
        judged: dict[str, Any] = {"bands": self.bands, "nonfinite": self.nonfinite, "attempt": self.attempt}
        if has_rule:
            rungs = {str(band): value for band, value in self.band_values.items()}
            judged |= {"rungs": rungs, "position": self.position}
        if self.objectives:
            judged["values"] = self.objectives
        return judged

    def add(self, value: float, *, goal: Goal) -> None:
        """Count a finite value."""
        self.count += 1
        self.last = value
        if controller.is_better(value, self.best, goal=goal):
            self.best = value

    def restart(self, attempt: int, kept: Sequence[float], *, goal: Goal) -> None:
        """Start a new attempt.

        Args:
            attempt: the new attempt.
            kept: values of earlier attempts that stay, because the attempt resumes from a checkpoint.
            goal: the sweep's goal.
        """
        self.attempt, self.count, self.best, self.last = attempt, 0, None, None
        for value in kept:
            self.add(value, goal=goal)
        if not kept:
            self.nonfinite, self.position = 0, 0.0
            self.bands, self.band_values, self.objectives = [], {}, {}
