"""Search methods: which parameter set comes next. One file a method; `METHODS` names them."""

from collections.abc import Callable
from functools import partial
from importlib import import_module

from lightning_sweeps.sweeps.methods.grid import Grid
from lightning_sweeps.sweeps.methods.method import Imputation, Method, Observation
from lightning_sweeps.sweeps.methods.random import Random


def _fitted(name: str, imputation: Imputation) -> Method:
    """Load a method's module only when it is asked: in the suggestion worker, where its libraries may be heavy."""
    module = import_module(f"lightning_sweeps.sweeps.methods.{_MODULES.get(name, name)}")
    made: Method = module.make(name, imputation)
    return made


_MODULES = {"tpe": "optuna", "nsga2": "optuna"}

METHODS: dict[str, Callable[[Imputation], Method]] = {
    "grid": lambda _: Grid(),
    "random": lambda _: Random(),
    **{name: partial(_fitted, name) for name in ("bayes", "tpe", "cmaes", "qmc", "nsga2")},
}
"""What the word `method` of a sweep file makes."""

INLINE_METHODS: frozenset[str] = frozenset({"grid", "random"})
"""Methods that answer at once; the others fit a model and are asked in a worker process."""

BLIND_METHODS: frozenset[str] = frozenset({"grid", "random", "qmc"})
"""Methods that do not look at results, and so need no `metric`."""

SEVERAL_METRICS: frozenset[str] = frozenset({"grid", "random", "qmc", "tpe", "nsga2"})
"""Methods that take `metrics`."""


def warm_up() -> None:
    """Load what the first fit needs."""
    import_module("lightning_sweeps.sweeps.methods.bayes")


__all__ = [
    "BLIND_METHODS",
    "INLINE_METHODS",
    "METHODS",
    "SEVERAL_METRICS",
    "Imputation",
    "Method",
    "Observation",
    "warm_up",
]
