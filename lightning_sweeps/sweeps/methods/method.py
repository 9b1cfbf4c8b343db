"""The base class of search methods.

A method is one class in one file. Register a built-in method by one line in `BUILT_IN` (`methods/__init__.py`), and a
method of another package by an entry point in the group `lightning_sweeps.methods`. `docs/extending.md` has an example,
and `lightning_sweeps.testing.methods.SearchMethodContract` tests an implementation.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from lightning_sweeps.messages import TrialState
from lightning_sweeps.sweeps.space import Space


@dataclass(frozen=True, slots=True)
class Observation:
    """A trial as a search method sees it. Trials that are still running are observations too.

    In a sweep with repeats, the trials of a point are one observation, which is running until they have ended.

    Attributes:
        number: position of the point in the sweep, from 1. Results that the sweep started with have numbers below 1.
        params: the parameter set, nested as in the sweep file.
        objective: best reported value, with the sign that makes lower better; None if the trial reported no value.
        state: the trial's state.
        last: last reported value, with the same sign.
        objectives: in a sweep with several `metrics`, the last value of each metric, lower is better. Empty until the
            trial has reported all of them.
        spread: standard deviation of the values of the repeats; None if fewer than two have a value.
        repeats: number of values that `objective` is computed from, in a sweep with repeats.
    """

    number: int
    params: dict[str, Any]
    objective: float | None
    state: TrialState
    last: float | None = None
    objectives: tuple[float, ...] = ()
    spread: float | None = None
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class Imputation:
    """The values that replace missing objectives.

    Attributes:
        failed: the value of a trial that failed or reported nothing (`metric.impute`).
        running: the value of a running trial (`metric.impute_while_running`); False: the method sees it as running.
    """

    failed: Literal["worst", "best", "latest"] = "worst"
    running: Literal[False, "best", "worst", "latest"] = False


@dataclass(frozen=True, slots=True)
class Predicted:
    """What a model expects at a point, in units of the objective, lower is better.

    Attributes:
        expected: the median.
        low: one standard deviation below it.
        high: one standard deviation above it.
        chance: the probability that the point is better than the best one.
    """

    expected: float
    low: float
    high: float
    chance: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model expects at some points.

    Attributes:
        best: the best value that the model expects at any point that was tried.
        points: one entry for each point that was asked for.
    """

    best: float
    points: list[Predicted]


class Method(ABC):
    """Chooses the next parameter set of a sweep.

    The contract:

    - `suggest` is a pure function: the same arguments give the same parameter set, in any process and for any order of
      `history`. Take all randomness from `seed` and `number`. Keep no state between calls.
    - `suggest` returns a point of `space` that meets the constraints (`space.allows`).
    - In a finite space, no point is suggested twice, and `suggest` returns None once every point is in `history`.
      `new_points.ask_new` does this for a method that only chooses coordinates.
    - Importing the class is cheap: the command line and the server import it to read its attributes. Import numpy,
      scipy and other large libraries inside `suggest`, and in `load`.

    Attributes:
        needs_metric: whether a sweep with this method must have a `metric`. If so, an agent waits until the results of
            ended trials are there before it gets a point.
        is_fitted: True: `suggest` is slow or needs large libraries. The server calls it in a worker process. False:
            the server calls it directly when an agent asks for a trial.
        is_multi_objective: whether the method accepts several `metrics`.
        is_exhaustive: whether the method tries all points of a finite space in a fixed order. Such a method accepts
            neither continuous parameters nor extra points, and does not learn from earlier trials.
        estimates_improvement: whether the method has `expected_improvement`, which `stop_when` needs.
        predicts: whether the method has `predict`, which the dashboard shows.
        fidelity: the resource (`report`, `step`, ...) whose partial results the method uses; None: it uses the result
            of a whole trial. All built-in methods use whole trials.

    Args:
        imputation: the values that replace missing objectives.
    """

    needs_metric: ClassVar[bool] = True
    is_fitted: ClassVar[bool] = True
    is_multi_objective: ClassVar[bool] = False
    is_exhaustive: ClassVar[bool] = False
    estimates_improvement: ClassVar[bool] = False
    predicts: ClassVar[bool] = False
    fidelity: ClassVar[str | None] = None

    def __init__(self, imputation: Imputation | None = None) -> None:
        self.imputation = imputation or Imputation()

    @abstractmethod
    def suggest(self, space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
        """Return the parameter set of a trial.

        Args:
            space: the space to search.
            history: all earlier trials, in any order.
            number: number of the new trial, from 1.
            seed: the sweep's seed.

        Returns:
            The nested parameter set, or None if a finite space is exhausted.
        """

    @classmethod  # noqa: B027
    def load(cls) -> None:
        """Import what `suggest` needs. The worker process calls this at its start, so that the first call is fast."""

    def initial_count(self, space: Space) -> int:  # noqa: ARG002
        """Return how many initial points of a sweep need no model. The server suggests these without the worker."""
        return 0

    def needs_model(self, space: Space, history: Sequence[Observation], *, number: int) -> bool:  # noqa: ARG002
        """Return whether the point of trial `number` comes from a fitted model; otherwise from `initial_point`."""
        return True

    def initial_point(
        self, space: Space, history: Sequence[Observation], *, number: int, seed: int
    ) -> dict[str, Any] | None:
        """Return the parameter set of a trial that needs no model. The arguments are those of `suggest`."""
        raise NotImplementedError

    def expected_improvement(
        self, space: Space, history: Sequence[Observation], *, number: int, seed: int
    ) -> float | None:
        """Return by how much the point of `suggest` is expected to improve the best value, in units of the objective.

        Called only if `estimates_improvement`, with the arguments of `suggest`. None: no model chooses the point.
        """
        raise NotImplementedError

    def predict(
        self,
        space: Space,
        history: Sequence[Observation],
        points: Sequence[dict[str, Any]],
        *,
        number: int,
        seed: int,
    ) -> Prediction | None:
        """Return what the model that chooses trial `number` expects at some points of the space.

        Called only if `predicts`, with the arguments of `suggest`. None: no model chooses the trial.
        """
        raise NotImplementedError
