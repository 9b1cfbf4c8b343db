"""The calls of MLflow's client, as `logger.experiment` has them with Lightning's MLFlowLogger.

Their first argument is the id of the run. `logger.run_id` is the id of this run.
"""

from __future__ import annotations

from typing import Any

from lightning_sweeps.sdk.guarded import guarded
from lightning_sweeps.sdk.run_base import RunBase

NOT_GIVEN: Any = object()


class MlflowCalls(RunBase):
    """Translates the calls to those of `Run`. The id of the run is not looked at: a `Run` logs to itself."""

    @guarded
    def log_metric(
        self, run_id: str, key: Any, value: Any = NOT_GIVEN, timestamp: Any = None, step: int | None = None
    ) -> None:
        """Log one number. The call without the id, `log_metric(key, value, step)`, is understood too."""
        if not isinstance(key, str):
            third = None if value is NOT_GIVEN else value
            run_id, key, value, step = "", run_id, key, third if step is None else step
        self.log({key: value}, step)

    @guarded
    def log_metrics(self, metrics: Any, step: int | None = None) -> None:
        """Log one row."""
        self.log(metrics, step)

    @guarded
    def log_param(self, run_id: str, key: Any, value: Any = NOT_GIVEN) -> None:
        """Add one value to the configuration. The call without the id is understood too."""
        name, stored = (run_id, key) if value is NOT_GIVEN else (key, value)
        self.config.update({name: stored})

    @guarded
    def log_params(self, params: Any) -> None:
        """Add values to the configuration."""
        self.config.update(params)

    @guarded
    def set_tag(self, run_id: str, key: Any, value: Any = NOT_GIVEN) -> None:
        """Add the tag `key=value`. The call without the id is understood too."""
        name, stored = (run_id, key) if value is NOT_GIVEN else (key, value)
        self._add_tag(f"{name}={stored}")

    def _add_tag(self, tag: str) -> None:
        raise NotImplementedError
