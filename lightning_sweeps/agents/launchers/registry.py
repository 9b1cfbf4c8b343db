"""Registers launchers, and creates one from the options on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lightning_sweeps.agents.launchers.base import Launcher
from lightning_sweeps.core.registry import Registry
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.errors import UsageError

LAUNCHERS: Registry[type[Launcher[Any]]] = Registry(
    "launcher",
    "lightning_sweeps.launchers",
    {
        "slurm": "lightning_sweeps.agents.launchers.slurm:SlurmLauncher",
        "sge": "lightning_sweeps.agents.launchers.sge:SgeLauncher",
        "pbs": "lightning_sweeps.agents.launchers.pbs:PbsLauncher",
        "lsf": "lightning_sweeps.agents.launchers.lsf:LsfLauncher",
        "hyperqueue": "lightning_sweeps.agents.launchers.hyperqueue:HyperQueueLauncher",
        "ray": "lightning_sweeps.agents.launchers.ray:RayLauncher",
        "kubernetes": "lightning_sweeps.agents.launchers.kubernetes:KubernetesLauncher",
        "ssh": "lightning_sweeps.agents.launchers.ssh:SshLauncher",
        "skypilot": "lightning_sweeps.agents.launchers.task_files:SkyPilotLauncher",
        "dstack": "lightning_sweeps.agents.launchers.task_files:DstackLauncher",
    },
    required=("options_model", "needs_shared_server", "submit"),
)
"""Name to subclass of `Launcher`."""


def make_launcher(name: str, options: Mapping[str, Sequence[str]], settings: Settings) -> Launcher[Any]:
    """Return a launcher with these options.

    Args:
        name: name in the registry.
        options: the values given for each option, in order.
        settings: the package's settings.

    Raises:
        UsageError: there is no such launcher, an option is not valid, or the jobs could not reach the server.
    """
    launcher = LAUNCHERS.get(name)
    parsed = launcher.options_model.parse(name, options)
    if launcher.needs_shared_server and not settings.url:
        raise UsageError(
            f"the launcher `{name}` was chosen without a server that the jobs' machines can reach",
            hint="start one with `lightning-sweeps server --host 0.0.0.0` and set `LIGHTNING_SWEEPS_URL` and"
            " `LIGHTNING_SWEEPS_API_KEY`",
        )
    return launcher(parsed, settings)
