"""Requests to the suggestion worker and its answers, as data that crosses the process boundary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from lightning_sweeps.errors import SuggestionFailed
from lightning_sweeps.sweeps.distributions import Parameter
from lightning_sweeps.sweeps.methods import METHODS, Imputation, Observation
from lightning_sweeps.sweeps.methods.new_points import RandomPoint
from lightning_sweeps.sweeps.space import Space
from lightning_sweeps.sweeps.suggestion import check_suggestion

_parameters: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Parameter])


@dataclass(frozen=True, slots=True)
class FitRequest:
    """The request for the parameter set of one trial.

    Attributes:
        method: name of the search method.
        parameters: `parameters` as in the sweep file.
        imputation: the values that replace missing objectives.
        history: all earlier trials.
        number: number of the new trial, from 1.
        seed: the sweep's seed.
        constraints: `constraints` as in the sweep file.
        needs_improvement: whether the answer must say by how much the point is expected to improve the best value.
    """

    method: str
    parameters: dict[str, Any]
    imputation: Imputation
    history: list[Observation]
    number: int
    seed: int
    constraints: list[str] = field(default_factory=list)
    needs_improvement: bool = False


@dataclass(frozen=True, slots=True)
class FitAnswer:
    """The answer to a fit request.

    Attributes:
        params: the parameter set, or None if the space is exhausted.
        error: why the method failed; empty if it did not.
        is_random: whether the parameter set was drawn at random because the model chose no new point.
        expected_improvement: by how much it is expected to improve the best value, in units of the metric; None: the
            request did not ask, or no model chose the point.
    """

    params: dict[str, Any] | None
    error: str = ""
    is_random: bool = False
    expected_improvement: float | None = None


def answer(request: FitRequest) -> FitAnswer:
    """Return the method's suggestion. An exception of the method becomes `FitAnswer.error`."""
    try:
        space = Space.of(_parameters.validate_python(request.parameters), request.constraints)
        method = METHODS.get(request.method)(request.imputation)
        suggestion = method.suggest(space, request.history, number=request.number, seed=request.seed)
        improvement = None
        if request.needs_improvement and suggestion is not None:
            improvement = method.expected_improvement(space, request.history, number=request.number, seed=request.seed)
        params = check_suggestion(space, suggestion)
        return FitAnswer(params, is_random=isinstance(suggestion, RandomPoint), expected_improvement=improvement)
    except SuggestionFailed as error:
        return FitAnswer(None, error.message)
    except Exception as error:  # a method may raise anything; the server needs the message, not a dead worker
        return FitAnswer(None, f"{type(error).__name__}: {error}")
