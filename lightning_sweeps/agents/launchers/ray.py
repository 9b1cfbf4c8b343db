"""Runs agents as jobs of a Ray cluster, through its HTTP interface for jobs (Ray's dashboard)."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import requests
from pydantic import Field, field_validator

from lightning_sweeps.agents.launchers.base import Job, JobState, Launcher, LaunchSpec
from lightning_sweeps.agents.launchers.options import IN_SWEEP_FILE, LauncherOptions
from lightning_sweeps.core.ids import new_id
from lightning_sweeps.core.settings import PREFIX, environment
from lightning_sweeps.errors import LaunchError, UsageError

DEFAULT_ADDRESS = "http://127.0.0.1:8265"
ANSWER_S = 60.0
NOT_FOUND = 404
NOT_ALLOWED = (401, 403)
END_MARGIN_S = 30
"""Seconds between the end of a trial's grace period and the moment in which Ray kills its job."""

STATES: dict[str, JobState] = {
    "PENDING": "pending",
    "RUNNING": "running",
    "SUCCEEDED": "finished",
    "FAILED": "failed",
    "STOPPED": "cancelled",
}


class RayOptions(LauncherOptions):
    """Options of the Ray launcher."""

    dashboard: str | None = Field(
        default=None,
        description="Address of Ray's dashboard, http://host:port"
        f" (default: RAY_API_SERVER_ADDRESS, RAY_ADDRESS if it is such an address, or {DEFAULT_ADDRESS}).",
    )
    cpus: float = Field(default=1, gt=0, description="CPUs of a job (default: 1).", json_schema_extra=IN_SWEEP_FILE)
    resource: list[str] = Field(
        default=[],
        description="Custom resource of a job, name=number, for example accelerator_type:A100=0.001; may be repeated.",
        json_schema_extra=IN_SWEEP_FILE,
    )
    folder: str | None = Field(
        default=None, description="Folder of the training program on the nodes (default: the same as here)."
    )
    python: str = Field(
        default=sys.executable,
        description="Python of the nodes, with this package installed (default: the path of this one).",
    )
    runtime_env: Path | None = Field(
        default=None, description="File (JSON) with a runtime environment of Ray, for example an image or packages."
    )

    @field_validator("resource")
    @classmethod
    def _check_resource(cls, texts: list[str]) -> list[str]:
        for text in texts:
            _resource(text)
        return texts


class RayLauncher(Launcher[RayOptions]):
    """Submits each machine's agents as a job of Ray. Ray chooses the node and its GPUs."""

    options_model = RayOptions
    assigns_gpus = True

    @property
    def address(self) -> str:
        """The address of the dashboard."""
        known = environment()
        named = [self.options.dashboard, known.get("RAY_API_SERVER_ADDRESS"), known.get("RAY_ADDRESS")]
        return next((one.rstrip("/") for one in named if one and one.startswith("http")), DEFAULT_ADDRESS)

    def check(self, spec: LaunchSpec) -> None:  # noqa: ARG002 - the same for all specs
        """Check that Ray answers.

        Raises:
            LaunchError: it does not.
        """
        self._ask("GET", "/api/version")

    def submit(self, spec: LaunchSpec) -> list[str]:
        """Submit the jobs.

        Raises:
            LaunchError: Ray does not answer, or rejects a job.
        """
        submitted: list[str] = []
        try:
            for _ in range(spec.jobs):
                body = job_request(spec, self.options, environment(), f"lightning-sweeps-{new_id()}")
                submitted.append(self._ask("POST", "/api/jobs/", body)["submission_id"])
        except BaseException:
            self.cancel(submitted)
            raise
        return submitted

    def jobs(self, job_ids: Sequence[str]) -> list[Job]:
        """Return the jobs. Ray keeps them until its head node ends."""
        return [self._job(job_id) for job_id in job_ids]

    def cancel(self, job_ids: Sequence[str]) -> None:
        """Stop the jobs: their agents get SIGTERM, and time to write checkpoints."""
        for job in self.jobs(job_ids):
            if job.is_active:
                self._ask("POST", f"/api/jobs/{job.id}/stop")

    def logs(self, job_id: str) -> str:
        """Return what the job has printed."""
        return str((self._ask("GET", f"/api/jobs/{job_id}/logs", is_optional=True) or {}).get("logs", ""))

    def _job(self, job_id: str) -> Job:
        found = self._ask("GET", f"/api/jobs/{job_id}", is_optional=True)
        if not found:
            return Job(job_id, "unknown")
        state = STATES.get(found["status"], "unknown")
        node = found.get("driver_node_id") if state == "running" else None
        said = str(found.get("message") or "") if state in ("pending", "failed") else ""
        return Job(job_id, state, self._host(node) if node else "", said.strip())

    def _host(self, node: str) -> str:
        found = self._ask("GET", f"/nodes/{node}", is_optional=True) or {}
        return str(found.get("data", {}).get("detail", {}).get("hostname", ""))

    def _ask(self, method: str, path: str, body: object = None, *, is_optional: bool = False) -> Any:
        """Send a request and return the answer; None if it may be missing and is.

        Raises:
            LaunchError: Ray does not answer, or rejects the request. The message has its own words.
        """
        try:
            headers = authorization(environment())
            answer = requests.request(method, f"{self.address}{path}", json=body, headers=headers, timeout=ANSWER_S)
        except requests.RequestException as error:
            raise LaunchError(
                f"no Ray dashboard answers at `{self.address}`: {type(error).__name__}",
                hint="start a cluster with `ray start --head` (package `ray[default]`), or set RAY_API_SERVER_ADDRESS",
            ) from error
        if answer.status_code == NOT_FOUND and is_optional:
            return None
        if answer.status_code in NOT_ALLOWED:
            raise LaunchError(
                f"Ray does not accept the token for `{self.address}`: {answer.text.strip()[-500:]}",
                hint="set RAY_AUTH_TOKEN, or RAY_AUTH_TOKEN_PATH to a file with the cluster's token",
            )
        if not answer.ok:
            raise LaunchError(f"Ray rejects `{method} {path}`: {answer.text.strip()[-500:]}")
        return answer.json()


def authorization(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the header with the token of the cluster, from where Ray's own commands take it; empty without a token."""
    token = variables.get("RAY_AUTH_TOKEN", "")
    path = Path(variables.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
    if not token and path.exists():
        token = path.read_text().strip()
    return {"Authorization": f"Bearer {token}"} if token else {}


def job_request(
    spec: LaunchSpec, options: RayOptions, variables: Mapping[str, str], submission_id: str
) -> dict[str, Any]:
    """Return the request for one job (https://docs.ray.io/en/latest/cluster/running-applications/job-submission).

    Raises:
        UsageError: the file with the runtime environment cannot be read.
    """
    words = [options.python, *spec.command[1:]]
    folder = options.folder or str(spec.working_folder)
    runtime_env = _read_runtime_env(options.runtime_env)
    own = {name: value for name, value in variables.items() if name.startswith(PREFIX)}
    own["RAY_JOB_STOP_WAIT_TIME_S"] = str(int(spec.options.grace_s) + END_MARGIN_S)
    runtime_env["env_vars"] = {**runtime_env.get("env_vars", {}), **own}
    return {
        "entrypoint": f"cd {shlex.quote(folder)} && exec {shlex.join(words)}",
        "submission_id": submission_id,
        "runtime_env": runtime_env,
        "entrypoint_num_cpus": options.cpus,
        "entrypoint_num_gpus": spec.gpus,
        "entrypoint_resources": dict(_resource(text) for text in options.resource),
        "metadata": {"sweep": spec.sweep_id},
    }


def _read_runtime_env(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(f"`--runtime-env {path}` cannot be read: {error}", hint="give a file with JSON") from error


def _resource(text: str) -> tuple[str, float]:
    name, _, number = text.rpartition("=")
    try:
        return name, float(number)
    except ValueError:
        raise UsageError(f"`--resource {text}` was given, allowed: name=number") from None
