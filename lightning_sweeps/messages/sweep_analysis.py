"""Messages about what decides the results of a sweep: importance, and the model of its search."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ParameterShare:
    """How much a parameter decides whether a trial is among the best ones. The shares of all parameters sum to 1."""

    name: str
    share: float


@dataclass(frozen=True, slots=True)
class PairShare:
    """How much two parameters decide together beyond what each decides alone, as a part of all that is decided."""

    first: str
    second: str
    share: float


@dataclass(frozen=True, slots=True)
class SweepImportance:
    """The importance of a sweep's parameters, by PED-ANOVA.

    Attributes:
        trials: number of results that it was computed from.
        metric: the metric.
        shares: the parameters that vary, most important first; empty if there are too few results.
        pairs: pairs of the most important parameters that decide something together, most important first.
    """

    trials: int
    metric: str
    shares: list[ParameterShare]
    pairs: list[PairShare] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ModelPoint:
    """What a model expects at a point, in units of the metric.

    Attributes:
        expected: the median.
        low: the lower end of a range that is one standard deviation wide to each side.
        high: its upper end.
        value: in a slice, the parameter's value.
    """

    expected: float
    low: float
    high: float
    value: Any = None


@dataclass(frozen=True, slots=True)
class ModelSlice:
    """What a model expects along one parameter, while all others keep their values."""

    name: str
    points: list[ModelPoint]


@dataclass(frozen=True, slots=True)
class SweepModel:
    """What the model of a sweep's method expects now.

    Attributes:
        predicts: whether the method has a model that predicts values.
        at: the parameter set that the slices go through, that of the best trial; None: too few results for a model.
        slices: one for each searched parameter.
    """

    predicts: bool
    at: dict[str, Any] | None = None
    slices: list[ModelSlice] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TrialModel:
    """What the model expected of a trial's point when it suggested it.

    Attributes:
        point: the expected value of the metric.
        best: the best value that it expected of any earlier point.
        chance: the probability that the point is better than that.
    """

    point: ModelPoint
    best: float
    chance: float
