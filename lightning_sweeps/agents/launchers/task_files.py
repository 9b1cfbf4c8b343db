"""Task files for SkyPilot and dstack, which rent machines and start the agents there.

Both tools have their own command for a file: they look for machines, copy the program, and manage what runs. So these
launchers only write the file (`--dry-run`), and submit nothing themselves.
"""

from __future__ import annotations

import shlex
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import yaml
from pydantic import Field

from lightning_sweeps.agents.launchers.base import Job, Launcher, LaunchSpec, Options
from lightning_sweeps.agents.launchers.options import IN_SWEEP_FILE, LauncherOptions
from lightning_sweeps.core.settings import PREFIX
from lightning_sweeps.errors import UsageError

NAME = "lightning-sweeps"
VARIABLES = (f"{PREFIX}URL", f"{PREFIX}API_KEY")
"""The tool takes their values from the environment of its own command, so no key stands in the file."""


class TaskOptions(LauncherOptions):
    """Options of a task file."""

    gpu: str | None = Field(
        default=None, description="Kind of the GPUs, for example A100 or H100.", json_schema_extra=IN_SWEEP_FILE
    )
    cpus: str | None = Field(
        default=None, description="CPUs of a machine, for example 8 or 8+.", json_schema_extra=IN_SWEEP_FILE
    )
    memory: str | None = Field(
        default=None, description="Memory of a machine in GB, for example 32 or 32+.", json_schema_extra=IN_SWEEP_FILE
    )
    image: str | None = Field(default=None, description="Image of the container (default: the tool's).")
    spot: bool = Field(default=False, description="Use spot machines, which may be taken away.")
    setup: list[str] = Field(
        default=["pip install lightning-sweeps"],
        description="Command that prepares a machine; may be repeated (default: pip install lightning-sweeps).",
    )
    python: str = Field(default="python", description="Python of the machines (default: python).")


class TaskFileLauncher(Launcher[Options]):
    """Writes a task file. The command of `command` submits it.

    Attributes:
        command: how a person launches the file.
    """

    assigns_gpus = True
    requeues = True
    command: ClassVar[str]

    def render(self, spec: LaunchSpec) -> str:
        """Return the task file."""
        return str(yaml.safe_dump(self.task(spec), sort_keys=False))

    def check(self, spec: LaunchSpec) -> None:
        """Refuse to submit anything.

        Raises:
            UsageError: always; the message says how to launch the file.
        """
        raise UsageError(
            f"this launcher writes a task file for sweep `{spec.sweep_id}` and submits nothing",
            hint=f"save what `--dry-run` prints as task.yaml, then `{self.command}`",
        )

    def submit(self, spec: LaunchSpec) -> list[str]:
        """Submit nothing.

        Raises:
            UsageError: always, as `check`.
        """
        self.check(spec)
        return []

    def jobs(self, job_ids: Sequence[str]) -> list[Job]:
        """Return the jobs as `unknown`: the tool has them."""
        return [Job(job_id, "unknown") for job_id in job_ids]

    def cancel(self, job_ids: Sequence[str]) -> None:
        """Do nothing: no job was submitted."""

    def logs(self, job_id: str) -> str:  # noqa: ARG002 - no job was submitted
        """Return nothing: the tool has the output."""
        return ""

    @abstractmethod
    def task(self, spec: LaunchSpec) -> dict[str, Any]:
        """Return the contents of the task file."""


class SkyPilotLauncher(TaskFileLauncher[TaskOptions]):
    """Writes a task of SkyPilot (https://docs.skypilot.co/en/latest/reference/yaml-spec.html)."""

    options_model = TaskOptions
    command = "sky jobs launch --secret LIGHTNING_SWEEPS_API_KEY --env LIGHTNING_SWEEPS_URL task.yaml"

    def task(self, spec: LaunchSpec) -> dict[str, Any]:
        """Return the task. With several machines, each one runs an agent."""
        options = self.options
        gpus = f"{options.gpu}:{spec.gpus}" if options.gpu and spec.gpus else None
        resources = {
            "accelerators": gpus,
            "cpus": options.cpus,
            "memory": options.memory,
            "image_id": f"docker:{options.image}" if options.image else None,
            "use_spot": options.spot or None,
        }
        url, key = VARIABLES
        return {
            "name": NAME,
            "num_nodes": spec.jobs * spec.nodes,
            "resources": {name: value for name, value in resources.items() if value is not None},
            "workdir": ".",
            "envs": {url: None},
            "secrets": {key: None},
            "setup": "\n".join(options.setup) + "\n",
            "run": _words(spec, options) + "\n",
        }


class DstackLauncher(TaskFileLauncher[TaskOptions]):
    """Writes a task of dstack (https://dstack.ai/docs/reference/dstack.yml/task/)."""

    options_model = TaskOptions
    command = "dstack apply -f task.yaml"

    def task(self, spec: LaunchSpec) -> dict[str, Any]:
        """Return the task. With several machines, each one runs an agent."""
        options = self.options
        gpu = {"name": options.gpu, "count": spec.gpus} if options.gpu else spec.gpus
        resources = {
            "gpu": gpu if spec.gpus else None,
            "cpu": _range(options.cpus),
            "memory": f"{_range(options.memory, unit='GB')}" if options.memory else None,
        }
        nodes = spec.jobs * spec.nodes
        optional = {"image": options.image, "spot_policy": "spot" if options.spot else None}
        return {
            "type": "task",
            "name": NAME,
            **({"nodes": nodes} if nodes > 1 else {}),
            **{name: value for name, value in optional.items() if value},
            "env": list(VARIABLES),
            "repos": ["."],
            "commands": [*options.setup, _words(spec, options)],
            "resources": {name: value for name, value in resources.items() if value is not None},
        }


def _words(spec: LaunchSpec, options: TaskOptions) -> str:
    return shlex.join([options.python, *spec.command[1:]])


def _range(text: str | None, *, unit: str = "") -> str | None:
    """Return an amount as dstack writes it: `8+` is `8..`."""
    if text is None:
        return None
    return f"{text[:-1]}{unit}.." if text.endswith("+") else f"{text}{unit}"
