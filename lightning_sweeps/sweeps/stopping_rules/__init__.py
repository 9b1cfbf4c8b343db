"""Stopping rules by name. A rule is one file and one line in `BUILT_IN`."""

from lightning_sweeps.core.registry import Registry
from lightning_sweeps.sweeps.stopping_rules.rule import (
    Judgement,
    Peers,
    PeerValues,
    RuleConfig,
    StoppingRule,
    TrialReport,
    judge_rank,
    rankable,
)

BUILT_IN = {
    "hyperband": "lightning_sweeps.sweeps.stopping_rules.hyperband:Hyperband",
    "asha": "lightning_sweeps.sweeps.stopping_rules.asha:Asha",
    "median": "lightning_sweeps.sweeps.stopping_rules.percentile:Median",
    "percentile": "lightning_sweeps.sweeps.stopping_rules.percentile:Percentile",
    "patience": "lightning_sweeps.sweeps.stopping_rules.patience:PatienceRule",
    "threshold": "lightning_sweeps.sweeps.stopping_rules.threshold:Threshold",
}

STOPPING_RULES: Registry[type[StoppingRule]] = Registry(
    "stopping rule", "lightning_sweeps.stopping_rules", BUILT_IN, required=("config_model", "judge")
)
"""The values of `early_terminate.type` in a sweep file."""


def make_rule(config: RuleConfig) -> StoppingRule:
    """Return the rule of a checked `early_terminate` section."""
    return STOPPING_RULES.get(config.type)(config)


__all__ = [
    "BUILT_IN",
    "STOPPING_RULES",
    "Judgement",
    "PeerValues",
    "Peers",
    "RuleConfig",
    "StoppingRule",
    "TrialReport",
    "judge_rank",
    "make_rule",
    "rankable",
]
