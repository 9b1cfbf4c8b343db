"""Stops a trial whose value leaves the bounds that the user sets."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator
from typing_extensions import Self

from lightning_sweeps.sweeps.fields import CountOrZero, Number, refuse
from lightning_sweeps.sweeps.stopping_rules.rule import Judgement, Peers, RuleConfig, StoppingRule, TrialReport


class ThresholdConfig(RuleConfig):
    """`early_terminate: {type: threshold, upper: 10}`."""

    type: Literal["threshold"]
    upper: Number | None = None
    lower: Number | None = None
    warmup: CountOrZero = 0

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.upper is None and self.lower is None:
            raise refuse("has neither `upper` nor `lower`, allowed: one of them or both")
        return self


class Threshold(StoppingRule):
    """Stops a trial after `warmup` if its value, as logged, is above `upper` or below `lower`."""

    config_model = ThresholdConfig
    config: ThresholdConfig

    def judge(self, report: TrialReport, peers: Peers) -> Judgement | None:
        del peers
        if report.position <= self.config.warmup:
            return None
        value = report.sign * report.values()[-1]
        upper, lower = self.config.upper, self.config.lower
        if upper is not None and value > upper:
            bound = f"above {upper:g}"
        elif lower is not None and value < lower:
            bound = f"below {lower:g}"
        else:
            return None
        reason = f"stopped at report {report.number}: {value:.6g} is {bound}"
        return Judgement(report.number, stop=True, reason=reason)
