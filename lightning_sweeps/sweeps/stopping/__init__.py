"""Stopping rules: when a running trial is not worth going on with. One file a rule; `CONFIGS` names them."""

from lightning_sweeps.sweeps.stopping.hyperband import HyperbandConfig
from lightning_sweeps.sweeps.stopping.rule import Evidence, Judgement, StoppingRule

CONFIGS: dict[str, type[HyperbandConfig]] = {"hyperband": HyperbandConfig}
"""The words that `early_terminate.type` takes."""

__all__ = ["CONFIGS", "Evidence", "HyperbandConfig", "Judgement", "StoppingRule"]
