"""Early stopping with patience: a trial stops when its own value no longer improves.

Prechelt, "Early Stopping - But When?" (1998), criterion UP, with a minimum improvement.
"""

from __future__ import annotations

from typing import Literal

from lightning_sweeps.sweeps.fields import Count, CountOrZero, NotNegative
from lightning_sweeps.sweeps.stopping_rules.rule import Judgement, Peers, RuleConfig, StoppingRule, TrialReport


class PatienceConfig(RuleConfig):
    """`early_terminate: {type: patience, reports: 5}`."""

    type: Literal["patience"]
    reports: Count = 5
    min_delta: NotNegative = 0
    warmup: CountOrZero = 0


class PatienceRule(StoppingRule):
    """Stops a trial if none of its last `reports` values is better than all earlier ones by more than `min_delta`."""

    config_model = PatienceConfig
    config: PatienceConfig

    def judge(self, report: TrialReport, peers: Peers) -> Judgement | None:
        del peers
        wait = self.config.reports
        if report.position <= self.config.warmup or report.number <= wait:
            return None
        values = report.values()
        before, since = min(values[:-wait]), min(values[-wait:])
        if since < before - self.config.min_delta:
            return None
        why = f"no value better than {report.show(before)} in the last {wait} reports"
        return Judgement(report.number, stop=True, reason=f"stopped at report {report.number}: {why}")
