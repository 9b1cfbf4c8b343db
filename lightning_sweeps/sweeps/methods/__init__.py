"""Search methods: which parameter set comes next. One file a method; `METHODS` names them."""

from collections.abc import Callable
from importlib import import_module

from lightning_sweeps.sweeps.methods.grid import Grid
from lightning_sweeps.sweeps.methods.method import Imputation, Method, Observation
from lightning_sweeps.sweeps.methods.random import Random


def _bayes(imputation: Imputation) -> Method:
    module = import_module("lightning_sweeps.sweeps.methods.bayes")  # loads torch: in the suggestion worker alone
    made: Method = module.Bayes(imputation)
    return made


METHODS: dict[str, Callable[[Imputation], Method]] = {
    "grid": lambda _: Grid(),
    "random": lambda _: Random(),
    "bayes": _bayes,
}
"""What the word `method` of a sweep file makes."""

INLINE_METHODS: frozenset[str] = frozenset({"grid", "random"})
"""Methods that answer at once; the others fit a model and are asked in a worker process."""

__all__ = ["INLINE_METHODS", "METHODS", "Imputation", "Method", "Observation"]
