"""A sweep's definition: its configuration, space, search method and stopping rule, made once from the stored map."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from lightning_sweeps.messages import Goal
from lightning_sweeps.sweeps.config import Metric, SweepConfig, read_config
from lightning_sweeps.sweeps.methods import METHODS, Imputation, Method
from lightning_sweeps.sweeps.space import Space
from lightning_sweeps.sweeps.stopping_rules import StoppingRule, make_rule

CACHED_DEFINITIONS = 256


@dataclass(frozen=True, slots=True)
class SweepDefinition:
    """The parsed content of a sweep file. Immutable, and shared by all threads of a process.

    Attributes:
        config: the checked sweep file.
        space: the space to search.
        method: the search method.
        imputation: the values that replace missing objectives.
        rule: the stopping rule, if the sweep has one.
        metric: the metric that trials are judged and ranked by, if the sweep has one.
        goal: whether to minimize or maximize it.
        sign: 1 to minimize, -1 to maximize: values times `sign` are better when they are lower.
    """

    config: SweepConfig
    space: Space
    method: Method
    imputation: Imputation
    rule: StoppingRule | None
    metric: Metric | None
    goal: Goal
    sign: Literal[1, -1]

    @classmethod
    def of(cls, config: SweepConfig) -> SweepDefinition:
        """Return the definition of a checked configuration."""
        metric = config.primary
        imputation = Imputation() if metric is None else Imputation(metric.impute, metric.impute_while_running)
        return cls(
            config,
            Space.of(config.parameters, config.constraints),
            METHODS.get(config.method)(imputation),
            imputation,
            None if config.early_terminate is None else make_rule(config.early_terminate),
            metric,
            config.goal,
            1 if config.goal == "minimize" else -1,
        )

    @property
    def has_limits(self) -> bool:
        """Whether the search may end for another reason than `run_cap` or an exhausted space."""
        has_target = self.metric is not None and self.metric.target is not None
        return has_target or self.config.budget is not None or self.config.stop_when is not None


def define_sweep(raw: dict[str, Any]) -> SweepDefinition:
    """Return the definition of a stored sweep.

    The definition is cached by the content of the map. So a change of the sweep takes effect at once, even if another
    server process made it.

    Raises:
        UsageError: a search method or stopping rule of the sweep is not installed here.
    """
    return _define(json.dumps(raw))


@lru_cache(maxsize=CACHED_DEFINITIONS)
def _define(text: str) -> SweepDefinition:
    return SweepDefinition.of(read_config(json.loads(text)))
