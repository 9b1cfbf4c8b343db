"""Defines the small JSON files that the processes of this package write for each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class TrialFile:
    """The trial that the agent passes to every rank: the JSON file at the path in `LIGHTNING_SWEEPS_TRIAL`."""

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
    """The GPUs of this trial on this node, as in the GPU vendor's visibility variable."""
    point: int = 0
    """Number of the trial's point, from 1. With `repeats` in the sweep file, several trials have the same point."""
    repeat: int = 1
    """Which trial of its point it is, from 1."""
    seed: int | None = None
    """The seed that this trial should train with; None if the sweep file has no `repeats`."""


@dataclass(frozen=True, slots=True)
class ServerFile:
    """Address and key of the local server: `server.json` in the home folder, mode 0600."""

    url: str
    token: str
    pid: int
    started: float
    """Start time of the server's process, from psutil. With the pid it identifies the process."""
    version: str
    node: str = ""
    """The server's machine or container. The pid says nothing elsewhere."""
    host: str = ""
    """Its name."""
    is_automatic: bool = False
    """Whether a command or the service started it. `lightning-sweeps server` may replace such a server."""
    public_url: str = ""
    """The address that other machines use."""


@dataclass(frozen=True, slots=True)
class LastServer:
    """How the newest local server ran: `server-last.json` in the home folder. It outlives the server."""

    url: str
    port: int
    """The next server listens on this port too, unless it is told another one."""
    is_automatic: bool
    """Whether a command or the service started it, not a person or an init system."""
    has_other_database: bool = False
    """Whether its database is not the one in the home folder."""
    is_stopped: bool = False
    """Whether somebody stopped it with `lightning-sweeps server --stop`."""
