"""Compares a trial at each report with the other trials' values at the same number of reports.

The median rule of Golovin and others, "Google Vizier: A Service for Black-Box Optimization" (2017), section 3.2, and
the same rule with another percentile.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator

from lightning_sweeps.sweeps.fields import Count, CountOrZero, number
from lightning_sweeps.sweeps.stopping_rules.rule import (
    Judgement,
    Peers,
    RuleConfig,
    StoppingRule,
    TrialReport,
    rankable,
)


class MedianConfig(RuleConfig):
    """`early_terminate: {type: median}`: stop trials that are worse than half of the others."""

    type: Literal["median"]
    min_trials: Count = 5
    warmup: CountOrZero = 0

    @property
    def keep(self) -> float:
        return 50.0


class PercentileConfig(RuleConfig):
    """`early_terminate: {type: percentile, keep: 25}`: stop trials that are not among the best `keep` percent."""

    type: Literal["percentile"]
    keep: Annotated[float, BeforeValidator(number("a number from 0 to 100", check=lambda x: 0 < x < 100))] = 25.0
    min_trials: Count = 5
    warmup: CountOrZero = 0


class Percentile(StoppingRule):
    """Judges a trial's best value after `warmup`, as soon as `min_trials` other trials have reported as often."""

    config_model: ClassVar[type[RuleConfig]] = PercentileConfig
    config: MedianConfig | PercentileConfig

    def judge(self, report: TrialReport, peers: Peers) -> Judgement | None:
        if report.position <= self.config.warmup:
            return None
        others = rankable(peers.at_report(report.number))
        count = len(others)
        if count < self.config.min_trials:
            return None
        best = min(report.values())
        threshold = others.ranked(min(int(self.config.keep / 100 * count), count - 1))
        stop = best > threshold
        verb = "stopped" if stop else "continues"
        limit = f"{report.show(threshold)}, the best {self.config.keep:g} % of {count} others"
        return Judgement(report.number, stop, f"{verb} at report {report.number}: {report.show(best)} against {limit}")


class Median(Percentile):
    """`Percentile` that keeps the best half."""

    config_model = MedianConfig
