"""What a model is asked for in the worker process, as data that crosses the process boundary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from lightning_sweeps.sweeps.distributions import Parameter
from lightning_sweeps.sweeps.methods import METHODS, Imputation, Observation
from lightning_sweeps.sweeps.space import Space

_parameters: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Parameter])


@dataclass(frozen=True, slots=True)
class FitRequest:
    """One question: which parameter set is trial `number`. `parameters` as the sweep file has them."""

    method: str
    parameters: dict[str, Any]
    imputation: Imputation
    history: list[Observation]
    number: int
    seed: int
    constraints: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FitAnswer:
    """The parameter set, or None where the space is exhausted; `error` where the method failed."""

    params: dict[str, Any] | None
    error: str = ""


def answer(request: FitRequest) -> FitAnswer:
    """Ask the method; a failure of the search engine is an answer too."""
    try:
        space = Space.of(_parameters.validate_python(request.parameters), request.constraints)
        method = METHODS[request.method](request.imputation)
        return FitAnswer(method.suggest(space, request.history, number=request.number, seed=request.seed))
    except Exception as error:  # whatever an engine raises must reach the server as words, not as a dead worker
        return FitAnswer(None, f"{type(error).__name__}: {error}")
