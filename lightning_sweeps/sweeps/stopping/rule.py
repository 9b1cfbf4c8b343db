"""The seam of a stopping rule: one method, called for every report that arrives; a pure function of stored values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a rule may look at. Values are oriented: lower is better, whatever the sweep's goal.

    Attributes:
        number: how many finite values the trial has reported, this one included.
        values: reads those values, in order; the last one has just arrived.
        others: reads what every other trial of the sweep reported as its value of a given number.
        show: writes an oriented value as the user logged it.
    """

    number: int
    values: Callable[[], Sequence[float]]
    others: Callable[[int], Sequence[float]]
    show: Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision at one band; each trial gets at most one for each band. `reason` says it in words."""

    band: int
    stop: bool
    reason: str


class StoppingRule(Protocol):
    """Decides whether a trial goes on."""

    def judge(self, evidence: Evidence) -> Judgement | None:
        """Return the decision that is due at this report, or None where none is."""
        ...

    def is_band(self, number: int) -> bool:
        """Tell whether a trial is judged at its report `number`."""
        ...
