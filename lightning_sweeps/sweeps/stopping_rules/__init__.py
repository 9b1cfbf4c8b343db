"""Stopping rules: when a running trial is not worth going on with. One file a rule; `CONFIGS` names them."""

from typing import Annotated, Any

from pydantic import Discriminator, Tag

from lightning_sweeps.sweeps.fields import Section
from lightning_sweeps.sweeps.stopping_rules.asha import AshaConfig
from lightning_sweeps.sweeps.stopping_rules.hyperband import HyperbandConfig
from lightning_sweeps.sweeps.stopping_rules.patience import PatienceConfig
from lightning_sweeps.sweeps.stopping_rules.percentile import MedianConfig, PercentileConfig
from lightning_sweeps.sweeps.stopping_rules.rule import Evidence, Judgement, StoppingRule
from lightning_sweeps.sweeps.stopping_rules.threshold import ThresholdConfig

CONFIGS: dict[str, type[Section]] = {
    "hyperband": HyperbandConfig,
    "asha": AshaConfig,
    "median": MedianConfig,
    "percentile": PercentileConfig,
    "patience": PatienceConfig,
    "threshold": ThresholdConfig,
}
"""The words that `early_terminate.type` takes."""


def _tag(raw: Any) -> str:
    """Return which model reads the map; the first one, which names all types, where its type is none of them."""
    kind = raw.get("type") if isinstance(raw, dict) else getattr(raw, "type", None)
    return f"<{kind}>" if isinstance(kind, str) and kind in CONFIGS else "<hyperband>"


EarlyTerminate = Annotated[
    Annotated[HyperbandConfig, Tag("<hyperband>")]
    | Annotated[AshaConfig, Tag("<asha>")]
    | Annotated[MedianConfig, Tag("<median>")]
    | Annotated[PercentileConfig, Tag("<percentile>")]
    | Annotated[PatienceConfig, Tag("<patience>")]
    | Annotated[ThresholdConfig, Tag("<threshold>")],
    Discriminator(_tag),
]

__all__ = ["CONFIGS", "EarlyTerminate", "Evidence", "HyperbandConfig", "Judgement", "StoppingRule"]
