"""The seam of a search method: one method, a pure function of the space, the trials so far, a number and a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from lightning_sweeps.messages import TrialState
from lightning_sweeps.sweeps.space import Space


@dataclass(frozen=True, slots=True)
class Observation:
    """A trial as a method sees it; trials in flight are among them.

    Attributes:
        number: the trial's place in the sweep, from 1; below 1 for what the sweep knew from others when it began.
        params: its parameter set, nested as the sweep file nests it.
        objective: the best value reported, oriented so that lower is better; None where there is none.
        state: what became of it.
        last: the last value reported, oriented likewise.
        objectives: where the sweep has several `metrics`, the last value of each, oriented likewise; empty until the
            trial has them all.
    """

    number: int
    params: dict[str, Any]
    objective: float | None
    state: TrialState
    last: float | None = None
    objectives: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Imputation:
    """What stands for a trial without a value (`metric.impute`), and for one in flight (`impute_while_running`)."""

    failed: Literal["worst", "best", "latest"] = "worst"
    running: Literal[False, "best", "worst", "latest"] = False


class Method(Protocol):
    """Chooses the next parameter set."""

    def suggest(self, space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
        """Return the parameter set of trial `number`, or None where a finite space is exhausted.

        The same arguments give the same answer, whatever the order of `history`.
        """
        ...
