"""The base class of stopping rules.

A rule is one class in one file, with a pydantic model of its section in the sweep file. Register a built-in rule by one
line in `BUILT_IN` (`stopping_rules/__init__.py`), and a rule of another package by an entry point in the group
`lightning_sweeps.stopping_rules`. `docs/extending.md` has an example, and
`lightning_sweeps.testing.stopping_rules.StoppingRuleContract` tests an implementation.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Protocol

from pydantic import BeforeValidator

from lightning_sweeps.sweeps.fields import Section, refuse, shown


def _resource(value: object) -> object:
    if not isinstance(value, str) or not value.strip():
        allowed = "report, step, seconds, or a key that your program logs with the metric, such as epoch"
        raise refuse(f"is {shown(value)}, allowed: {allowed}")
    return value


Resource = Annotated[str, BeforeValidator(_resource)]
"""The unit of a trial's progress: `report` (values of the metric), `step`, `seconds`, or a logged key."""


class RuleConfig(Section):
    """The `early_terminate` section of a sweep file. A rule's own model derives from this class and adds its keys."""

    type: str
    resource: Resource = "report"


@dataclass(frozen=True, slots=True)
class TrialReport:
    """A value that a trial has just reported. Values have the sign that makes lower better.

    Attributes:
        number: count of finite values that the trial has reported, including this one.
        values: returns these values in order; the last one is the new one.
        show: formats a value with the sign that the user logged.
        position: the trial's progress in the rule's resource.
        previous: its progress at the report before; 0 for the first report.
        sign: 1 if the goal is to minimize, -1 if values are negated.
        unit: singular name of the resource, for reasons.
    """

    number: int
    values: Callable[[], Sequence[float]]
    show: Callable[[float], str]
    position: float = 0.0
    previous: float = 0.0
    sign: Literal[1, -1] = 1
    unit: str = "report"


class PeerValues(Sequence[float]):
    """Values of other trials, lower is better, that can be ranked without reading each of them."""

    @abstractmethod
    def count_better(self, value: float) -> int:
        """Return how many values are better than `value`."""

    @abstractmethod
    def ranked(self, position: int) -> float:
        """Return the value at a position, from 0, best first."""


class ValueList(list[float], PeerValues):
    """Values in memory."""

    def count_better(self, value: float) -> int:
        return sum(other < value for other in self)

    def ranked(self, position: int) -> float:
        return sorted(self)[position]


def rankable(values: Sequence[float]) -> PeerValues:
    """Return the values that `Peers` gave, so that they can be ranked."""
    return values if isinstance(values, PeerValues) else ValueList(values)


class Peers(Protocol):
    """The values of the sweep's other trials, lower is better. Ignored trials are left out.

    What the server returns may be read like a list. `rankable` ranks it without reading it.
    """

    def at_report(self, number: int) -> Sequence[float]:
        """Return value `number` of each other trial that has reported that many."""
        ...

    def at_band(self, band: int) -> Sequence[float]:
        """Return each other trial's value at the time it reached a band. `StoppingRule.reached` defines the bands."""
        ...


@dataclass(frozen=True, slots=True)
class Judgement:
    """A rule's decision about a trial.

    Attributes:
        band: the band that was judged; for a rule without bands the number of the report.
        stop: whether the trial stops.
        reason: the decision in words, which users read.
    """

    band: int
    stop: bool
    reason: str


class StoppingRule(ABC):
    """Decides whether a trial continues.

    The contract:

    - `judge` is a pure function of its arguments and `config`. It runs in the server's transaction, so it is fast.
    - A rule may define bands: marks in the trial's progress at which trials are compared. It overrides `reached`, and
      reads the other trials' values with `peers.at_band`. A rule without bands judges each report, and reads them with
      `peers.at_report`.
    - A trial is judged once for each band. The engine ignores a second decision for the same band unless
      `is_judged_again` is True.

    Attributes:
        config_model: the model of the rule's section in the sweep file.

    Args:
        config: the section, checked.
    """

    config_model: ClassVar[type[RuleConfig]]

    def __init__(self, config: Any) -> None:
        self.config = config

    @abstractmethod
    def judge(self, report: TrialReport, peers: Peers) -> Judgement | None:
        """Return the decision about the trial that made this report, or None if no decision is due."""

    def reached(self, previous: float, position: float) -> Sequence[int]:  # noqa: ARG002
        """Return the bands after `previous` and up to `position`, ascending. Bands are 1 or more."""
        return ()

    @property
    def is_judged_again(self) -> bool:
        """Whether a trial that passed a band can still be stopped at this band by a later report."""
        return False

    def stops_nonfinite(self, number: int) -> bool:  # noqa: ARG002
        """Return whether a value that is not finite stops the trial.

        The engine always stops a trial whose first value is not finite.

        Args:
            number: count of all values that the trial has reported, including this one.
        """
        return True


def ordinal(number: int) -> str:
    """Return `1st`, `2nd`, `3rd`, `4th`, `11th`, ..."""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def judge_rank(
    report: TrialReport, value: float, others: PeerValues, n_continue: int, *, own: float, band: int
) -> Judgement:
    """Return the decision that the best `n_continue` values at a band continue, including ties with the last of them.

    Args:
        report: the report that reached the band.
        value: the value that is judged.
        others: the values of the other trials at the band.
        n_continue: how many continue, at least 1.
        own: the trial's value at the band.
        band: the band.
    """
    n_better = others.count_better(value) + (own < value)
    best = "the best continues" if n_continue == 1 else f"the best {n_continue} continue"
    stop = n_better >= n_continue
    verb = "stopped" if stop else "continues"
    place = f"{report.show(value)} ranks {ordinal(1 + n_better)} of {len(others) + 1}"
    return Judgement(band, stop, f"{verb} at {report.unit} {band}: {place}, {best}")
