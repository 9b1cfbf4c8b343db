"""The calls of MLflow's client, as `logger.experiment` has them with Lightning's MLFlowLogger.

Their first argument is the id of the run. `logger.run_id` is the id of this run.
"""

from __future__ import annotations

from typing import Any

from lightning_sweeps.sdk.guarded import guarded
from lightning_sweeps.sdk.run_base import RunBase


class MlflowCalls(RunBase):
    """Translates the calls to those of `Run`. The id of the run is not looked at: a `Run` logs to itself."""

    @guarded
    def log_metric(
        self, run_id: str, key: str, value: Any = None, timestamp: Any = None, step: int | None = None
    ) -> None:
        """Log one number. The call without the id, `log_metric(key, value)`, is the same."""
        if value is None:
            run_id, key, value = "", run_id, key
        self.log({key: value}, step)

    @guarded
    def log_metrics(self, metrics: Any, step: int | None = None) -> None:
        """Log one row."""
        self.log(metrics, step)

    @guarded
    def log_param(self, run_id: str, key: str, value: Any = None) -> None:
        """Add one value to the configuration."""
        if value is None:
            run_id, key, value = "", run_id, key
        self.config.update({key: value})

    @guarded
    def log_params(self, params: Any) -> None:
        """Add values to the configuration."""
        self.config.update(params)

    @guarded
    def set_tag(self, run_id: str, key: str, value: Any = None) -> None:
        """Add the tag `key=value`."""
        if value is None:
            run_id, key, value = "", run_id, key
        self._add_tag(f"{key}={value}")

    def _add_tag(self, tag: str) -> None:
        raise NotImplementedError
