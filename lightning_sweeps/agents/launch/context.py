"""Defines the context in which an agent runs: its settings, environment and folders."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps.core.paths import TunerFolder
from lightning_sweeps.core.settings import Settings


@dataclass(frozen=True, slots=True)
class LaunchContext:
    """Values that determine how a trial starts, besides the trial itself.

    Attributes:
        settings: the package's settings.
        environ: the agent's environment.
        working_folder: where trials run.
        launcher: environment of the process that started the agent; None if unknown.
        unset: variables that were set only for torchrun and must not reach trials.
        shared_folder: the folder that all agents of this machine share; None if there is only one agent.
    """

    settings: Settings
    environ: Mapping[str, str]
    working_folder: Path
    launcher: Mapping[str, str] | None = None
    unset: Collection[str] = ()
    shared_folder: TunerFolder | None = None
