"""Asynchronous successive halving: at each band the best `1 / eta` of the trials continue, and no trial waits.

Li and others, "A System for Massively Parallel Hyperparameter Tuning" (2020), algorithm 2, in the variant that stops
trials and never pauses them.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BeforeValidator

from lightning_sweeps.sweeps.fields import Count, CountOrZero, number
from lightning_sweeps.sweeps.stopping_rules.rule import (
    Judgement,
    Peers,
    RuleConfig,
    StoppingRule,
    TrialReport,
    judge_rank,
    rankable,
)


class AshaConfig(RuleConfig):
    """`early_terminate: {type: asha}`."""

    type: Literal["asha"]
    min: Count = 1
    max: Count | None = None
    eta: Annotated[float, BeforeValidator(number("a number > 1", check=lambda x: x > 1))] = 4
    min_trials: CountOrZero = 2


class Asha(StoppingRule):
    """Judges at `min`, `min * eta`, `min * eta ** 2`, ... below `max`. The first `min_trials` at a band continue."""

    config_model = AshaConfig
    config: AshaConfig

    def reached(self, previous: float, position: float) -> tuple[int, ...]:
        end = position if self.config.max is None else min(position, self.config.max - 1)
        found, band = [], float(self.config.min)
        while int(band) <= end:
            if int(band) > previous and int(band) not in found:
                found.append(int(band))
            band *= self.config.eta
        return tuple(found)

    def judge(self, report: TrialReport, peers: Peers) -> Judgement | None:
        """Judge the report that reaches a band, by its value."""
        reached = self.reached(report.previous, report.position)
        if not reached:
            return None
        value, others = report.values()[-1], rankable(peers.at_band(reached[-1]))
        count = len(others) + 1
        n_continue = math.ceil(count / self.config.eta) if count > self.config.min_trials else count
        return judge_rank(report, value, others, n_continue, own=value, band=reached[-1])
