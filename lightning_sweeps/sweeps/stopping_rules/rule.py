"""The seam of a stopping rule: one method, called for every report that arrives; a pure function of stored values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol

from pydantic import BeforeValidator

from lightning_sweeps.sweeps.fields import refuse, shown

TYPES = ("hyperband", "asha", "median", "percentile", "patience", "threshold")
"""The words that `early_terminate.type` takes."""


def _resource(value: object) -> object:
    if not isinstance(value, str) or not value.strip():
        allowed = "report, step, seconds, or a key that your program logs beside the metric, such as epoch"
        raise refuse(f"is {shown(value)}, allowed: {allowed}")
    return value


Resource = Annotated[str, BeforeValidator(_resource)]
"""What a trial's progress is counted in: values of the metric, steps, seconds, or a key that is logged beside it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a rule may look at. Values are oriented: lower is better, whatever the sweep's goal.

    Attributes:
        number: how many finite values the trial has reported, this one included.
        values: reads those values, in order; the last one has just arrived.
        others: reads what every other trial of the sweep reported at a band (of reports: as its value of that number).
        show: writes an oriented value as the user logged it.
        position: how far the trial is, in the rule's resource.
        previous: how far it was at the report before; 0, which is below every band, at the first one.
        sign: 1 where the goal is to minimise, -1 where the oriented values are negated ones.
        unit: how a reason names the resource.
    """

    number: int
    values: Callable[[], Sequence[float]]
    others: Callable[[int], Sequence[float]]
    show: Callable[[float], str]
    position: float = 0.0
    previous: float = 0.0
    sign: Literal[1, -1] = 1
    unit: str = "report"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision at one band; each trial gets at most one for each band. `reason` says it in words."""

    band: int
    stop: bool
    reason: str


class StoppingRule(Protocol):
    """Decides whether a trial goes on."""

    @property
    def config(self) -> Any:
        """The rule's section of the sweep file; its `resource` says what `position` counts."""
        ...

    def judge(self, evidence: Evidence) -> Judgement | None:
        """Return the decision that is due at this report, or None where none is."""
        ...

    def reached(self, previous: float, position: float) -> Sequence[int]:
        """Return the bands that lie after `previous` and not after `position`, ascending."""
        ...


def ordinal(number: int) -> str:
    """Return `1st`, `2nd`, `3rd`, `4th`, `11th`, ..."""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def ranked(evidence: Evidence, value: float, at_band: Sequence[float], going_on: int, *, band: int) -> Judgement:
    """Return the decision that the best `going_on` of the values at a band go on, ties with the last of them too."""
    threshold = sorted(at_band)[going_on - 1]
    rank = 1 + sum(other < value for other in at_band)
    best = "the best goes on" if going_on == 1 else f"the best {going_on} go on"
    stop = value > threshold
    verb = "stopped" if stop else "goes on"
    place = f"{evidence.show(value)} ranks {ordinal(rank)} of {len(at_band)}"
    return Judgement(band, stop, f"{verb} at {evidence.unit} {band}: {place}, {best}")
