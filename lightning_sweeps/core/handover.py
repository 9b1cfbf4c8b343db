"""The small JSON files by which processes of this package find and tell each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class TrialFile:
    """The trial as the agent hands it to every rank: the JSON file that `LIGHTNING_SWEEPS_TRIAL` names."""

    id: str
    sweep: str
    sweep_name: str
    project: str
    number: int
    attempt: int
    params: dict[str, Any]
    metric: str | None
    goal: Literal["minimize", "maximize"]
    gpus: list[str] = field(default_factory=list)
    """The GPUs of this trial on this node, as the GPU vendor's visibility variable names them."""


@dataclass(frozen=True, slots=True)
class ServerFile:
    """How the local server is found: `server.json` in the home folder, mode 0600."""

    url: str
    token: str
    pid: int
    started: float
    """Start time of the server's process, as psutil gives it: with the pid it tells whether that server still lives."""
    version: str
