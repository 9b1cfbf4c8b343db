"""The engines that benchmarks/search.py compares, with one interface.

Each engine gets the problem in its native form: real numbers with their scale, integers, categories. None is tuned.
"""

from __future__ import annotations

import logging
import warnings
from typing import Any, Protocol

from benchmarks.search_problems import Problem
from lightning_sweeps.messages import TrialState
from lightning_sweeps.sweeps.config import validate
from lightning_sweeps.sweeps.methods import METHODS, Observation
from lightning_sweeps.sweeps.space import Space


class Engine(Protocol):
    """Chooses points. A trial runs between `ask` and `tell`."""

    def ask(self, number: int) -> dict[str, Any]:
        """Return the parameters of trial `number`, from 1."""
        ...

    def tell(self, number: int, value: float) -> None:
        """Record the result of trial `number`. Results arrive in any order."""
        ...


class Ours:
    """A search method of this package, called as the server calls it: a pure function of the trials so far."""

    def __init__(self, method: str, problem: Problem, seed: int) -> None:
        self._method = METHODS.get(method)()
        self._space = Space.of(validate({"method": "random", "parameters": problem.parameters}).config.parameters)
        self._seed = seed
        self._params: dict[int, dict[str, Any]] = {}
        self._values: dict[int, float] = {}

    def ask(self, number: int) -> dict[str, Any]:
        history = [self._observation(tried) for tried in self._params]
        params = self._method.suggest(self._space, history, number=number, seed=self._seed)
        if params is None:
            raise RuntimeError("the space is exhausted")
        self._params[number] = params
        return params

    def tell(self, number: int, value: float) -> None:
        self._values[number] = value

    def _observation(self, number: int) -> Observation:
        value = self._values.get(number)
        state: TrialState = "running" if value is None else "finished"
        return Observation(number, self._params[number], value, state, value)


class Optuna:
    """An Optuna sampler with its defaults, on Optuna's own distributions."""

    def __init__(self, sampler: str, problem: Problem, seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.simplefilter("ignore")
        chosen: Any = {"tpe": optuna.samplers.TPESampler, "gp": optuna.samplers.GPSampler}[sampler](seed=seed)
        self._study = optuna.create_study(sampler=chosen)
        self._trials: dict[int, Any] = {}
        self._distributions: dict[str, Any] = {}
        for name, form in problem.parameters.items():
            if "values" in form:
                self._distributions[name] = optuna.distributions.CategoricalDistribution(form["values"])
            elif form["distribution"] == "int_uniform":
                self._distributions[name] = optuna.distributions.IntDistribution(form["min"], form["max"])
            else:
                is_log = "log" in form["distribution"]
                self._distributions[name] = optuna.distributions.FloatDistribution(form["min"], form["max"], log=is_log)

    def ask(self, number: int) -> dict[str, Any]:
        self._trials[number] = self._study.ask(self._distributions)
        return dict(self._trials[number].params)

    def tell(self, number: int, value: float) -> None:
        self._study.tell(self._trials[number], value)


class WandbSweeps:
    """The `bayes` of W&B's open source engine, the package `sweeps`."""

    def __init__(self, problem: Problem, seed: int) -> None:
        import random

        import numpy as np
        import sweeps

        warnings.simplefilter("ignore")
        random.seed(seed)
        np.random.seed(seed)
        self._sweeps = sweeps
        self._config = {"method": "bayes", "metric": {"name": "loss", "goal": "minimize"}}
        self._config["parameters"] = problem.parameters
        self._runs: dict[int, Any] = {}

    def ask(self, number: int) -> dict[str, Any]:
        run = self._sweeps.next_run(self._config, list(self._runs.values()))
        run.state = self._sweeps.RunState.running
        self._runs[number] = run
        return {name: chosen["value"] for name, chosen in run.config.items()}

    def tell(self, number: int, value: float) -> None:
        run = self._runs[number]
        run.state = self._sweeps.RunState.finished
        run.summary_metrics = {"loss": value}
        run.history = [{"loss": value}]


class Ax:
    """Ax with its defaults."""

    def __init__(self, problem: Problem, seed: int) -> None:
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        from ax.api.client import Client
        from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig

        self._client = Client(random_seed=seed)
        parameters: list[Any] = []
        for name, form in problem.parameters.items():
            if "values" in form:
                values = form["values"]
                kind = {bool: "bool", int: "int", str: "str"}[type(values[0])]
                is_ordered = kind == "int"
                parameters.append(
                    ChoiceParameterConfig(name=name, values=values, parameter_type=kind, is_ordered=is_ordered)
                )
                continue
            kind = "int" if form["distribution"] == "int_uniform" else "float"
            scaling = "log" if "log" in form["distribution"] else None
            bounds = (form["min"], form["max"])
            parameters.append(RangeParameterConfig(name=name, bounds=bounds, parameter_type=kind, scaling=scaling))
        self._client.configure_experiment(parameters=parameters)
        self._client.configure_optimization(objective="-loss")
        self._indices: dict[int, int] = {}

    def ask(self, number: int) -> dict[str, Any]:
        ((index, params),) = self._client.get_next_trials(max_trials=1).items()
        self._indices[number] = index
        return dict(params)

    def tell(self, number: int, value: float) -> None:
        self._client.complete_trial(self._indices[number], raw_data={"loss": value})


def make(name: str, problem: Problem, seed: int) -> Engine:
    """Return a fresh engine: `ours:<method>`, `optuna:tpe`, `optuna:gp`, `wandb`, `ax`."""
    family, _, word = name.partition(":")
    if family == "ours":
        return Ours(word, problem, seed)
    if family == "optuna":
        return Optuna(word, problem, seed)
    return WandbSweeps(problem, seed) if family == "wandb" else Ax(problem, seed)
