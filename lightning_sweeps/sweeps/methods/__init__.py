"""Search methods by name. A method is one file and one line in `BUILT_IN`."""

from lightning_sweeps.core.registry import Registry
from lightning_sweeps.sweeps.methods.method import Imputation, Method, Observation

BUILT_IN = {
    "grid": "lightning_sweeps.sweeps.methods.grid:Grid",
    "random": "lightning_sweeps.sweeps.methods.random:RandomSearch",
    "bayes": "lightning_sweeps.sweeps.methods.bayes:Bayes",
    "tpe": "lightning_sweeps.sweeps.methods.optuna:Tpe",
    "cmaes": "lightning_sweeps.sweeps.methods.cmaes:CmaEs",
    "qmc": "lightning_sweeps.sweeps.methods.qmc:QuasiRandom",
    "nsga2": "lightning_sweeps.sweeps.methods.optuna:Nsga2",
}

METHODS: Registry[type[Method]] = Registry(
    "search method", "lightning_sweeps.methods", BUILT_IN, required=("suggest", "is_fitted", "needs_metric")
)
"""The values of `method` in a sweep file."""

__all__ = ["BUILT_IN", "METHODS", "Imputation", "Method", "Observation"]
