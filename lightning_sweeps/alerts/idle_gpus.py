"""Measures for how long GPUs have been idle, from samples. Pure: the caller reads the samples and the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

IDLE_PERCENT = 5.0
"""A GPU with less utilization than this is idle."""


@dataclass(slots=True)
class IdleGpus:
    """Records since when each GPU has been idle. It starts again with the server."""

    _since: dict[str, float] = field(default_factory=dict)

    def update(self, utilization: Mapping[str, float], *, now: float) -> dict[str, float]:
        """Return for how many seconds each GPU has been idle.

        Args:
            utilization: the last sample of each GPU that has runs, in percent. Others are forgotten.
            now: the time of the samples, in seconds since the epoch.
        """
        idle = [gpu for gpu, percent in utilization.items() if percent < IDLE_PERCENT]
        self._since = {gpu: self._since.get(gpu, now) for gpu in idle}
        return {gpu: now - since for gpu, since in self._since.items()}
