"""Builds the manifests of jobs on Kubernetes. Pure: options in, maps out.

A job on one machine is a Job. Agents for trials over several nodes are one Indexed Job behind a headless Service, which
gives each pod a name that the others can reach.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, field_validator

from lightning_sweeps.agents.launchers.base import LaunchSpec
from lightning_sweeps.agents.launchers.options import IN_SWEEP_FILE, LauncherOptions
from lightning_sweeps.agents.launchers.time_limits import NOTICE_MARGIN_S, TimeLimit
from lightning_sweeps.errors import UsageError

MANAGED_BY = "app.kubernetes.io/managed-by"
OURS = "lightning-sweeps"
SWEEP_LABEL = "lightning-sweeps/sweep"
QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
CONTAINER = "agents"
KEPT_S = 86_400
"""How long the cluster keeps a job that has ended, with its logs."""


class KubernetesOptions(LauncherOptions):
    """Options of the Kubernetes launcher."""

    image: str = Field(description="Image with the training program's environment and this package.")
    namespace: str | None = Field(default=None, description="Namespace of the jobs (default: the context's).")
    context: str | None = Field(default=None, description="Context of the kubeconfig (default: the current one).")
    python: str = Field(default="python", description="Python of the image (default: python).")
    folder: str | None = Field(
        default=None, description="Folder of the training program in the image or a volume (default: the image's)."
    )
    cpus: str | None = Field(
        default=None, description="CPUs of a job, for example 4 or 500m.", json_schema_extra=IN_SWEEP_FILE
    )
    memory: str | None = Field(
        default=None, description="Memory of a job, for example 16Gi.", json_schema_extra=IN_SWEEP_FILE
    )
    time: TimeLimit | None = Field(
        default=None,
        description="Time limit of a job: minutes, or [days-]hours:minutes:seconds (default: none).",
        json_schema_extra=IN_SWEEP_FILE,
    )
    gpu_resource: str = Field(
        default="nvidia.com/gpu", description="Resource that counts a node's GPUs (default: nvidia.com/gpu)."
    )
    node_selector: list[str] = Field(
        default=[],
        description="Label that a job's node must have, name=value; may be repeated.",
        json_schema_extra=IN_SWEEP_FILE,
    )
    tolerate: list[str] = Field(
        default=[], description="Taint that a job tolerates, name or name=value; may be repeated."
    )
    volume: list[str] = Field(
        default=[], description="Volume claim and where the job has it, claim=/path; may be repeated."
    )
    pull_secret: str | None = Field(default=None, description="Secret with which the image is pulled.")
    service_account: str | None = Field(default=None, description="Service account of the pods.")
    queue: str | None = Field(
        default=None,
        description="Local queue of Kueue, which starts the jobs in turn.",
        json_schema_extra=IN_SWEEP_FILE,
    )

    @field_validator("node_selector", "volume")
    @classmethod
    def _check_pairs(cls, texts: list[str]) -> list[str]:
        for text in texts:
            if not all(text.partition("=")[::2]):
                raise UsageError(f"`{text}` was given for the launcher `kubernetes`, allowed: name=value")
        return texts


def job_manifests(
    spec: LaunchSpec, options: KubernetesOptions, name: str, variables: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the manifests of one job: the Job, a Secret with its variables, and for several nodes a Service.

    Args:
        spec: what to launch.
        options: the options.
        name: name of all of them.
        variables: the `LIGHTNING_SWEEPS_` variables of the agents. They stand only in the Secret.
    """
    labels = {MANAGED_BY: OURS, SWEEP_LABEL: spec.sweep_id}
    metadata = {"name": name, "labels": labels} | ({"namespace": options.namespace} if options.namespace else {})
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata | {"labels": labels | ({QUEUE_LABEL: options.queue} if options.queue else {})},
        "spec": _job_spec(spec, options, name, labels),
    }
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": dict(variables)}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"clusterIP": "None", "publishNotReadyAddresses": True, "selector": {"job-name": name}},
    }
    return [job, secret, *([service] if spec.nodes > 1 else [])]


def _job_spec(spec: LaunchSpec, options: KubernetesOptions, name: str, labels: dict[str, str]) -> dict[str, Any]:
    evicted = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}
    gang = {"completionMode": "Indexed", "completions": spec.nodes, "parallelism": spec.nodes}
    return {
        "backoffLimit": 0,  # an agent that fails has a reason; evicted pods do not count
        "podFailurePolicy": {"rules": [evicted]},
        "ttlSecondsAfterFinished": KEPT_S,
        **({"activeDeadlineSeconds": options.time * 60} if options.time else {}),
        **({"suspend": True} if options.queue else {}),
        **(gang if spec.nodes > 1 else {}),
        "template": {"metadata": {"labels": labels}, "spec": _pod_spec(spec, options, name)},
    }


def _pod_spec(spec: LaunchSpec, options: KubernetesOptions, name: str) -> dict[str, Any]:
    volumes = [text.partition("=")[::2] for text in options.volume]
    optional: dict[str, Any] = {
        "subdomain": name if spec.nodes > 1 else None,
        "nodeSelector": dict(text.partition("=")[::2] for text in options.node_selector),
        "tolerations": [_toleration(text) for text in options.tolerate],
        "serviceAccountName": options.service_account,
        "imagePullSecrets": [{"name": options.pull_secret}] if options.pull_secret else [],
        "volumes": [{"name": claim, "persistentVolumeClaim": {"claimName": claim}} for claim, _ in volumes],
    }
    mounts = [{"name": claim, "mountPath": path} for claim, path in volumes]
    return {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": int(spec.options.grace_s) + NOTICE_MARGIN_S,
        "containers": [_container(spec, options, name, mounts)],
        **{key: value for key, value in optional.items() if value},
    }


def _container(spec: LaunchSpec, options: KubernetesOptions, name: str, mounts: list[dict[str, str]]) -> dict[str, Any]:
    wanted = {
        "cpu": options.cpus,
        "memory": options.memory,
        options.gpu_resource: str(spec.gpus) if spec.gpus else None,
    }
    resources = {key: value for key, value in wanted.items() if value}
    optional: dict[str, Any] = {"workingDir": options.folder, "volumeMounts": mounts}
    words = [options.python, *spec.command[1:]]
    if spec.nodes > 1:  # the name of a pod of an Indexed Job, below the Service
        words.append(f"--address={name}-$(JOB_COMPLETION_INDEX).{name}")
    return {
        "name": CONTAINER,
        "image": options.image,
        "command": words,
        "envFrom": [{"secretRef": {"name": name}}],
        "resources": {"requests": resources, "limits": resources} if resources else {},
        **({"env": [_index_variable()]} if spec.nodes > 1 else {}),
        **{key: value for key, value in optional.items() if value},
    }


def _index_variable() -> dict[str, Any]:
    path = "metadata.annotations['batch.kubernetes.io/job-completion-index']"
    return {"name": "JOB_COMPLETION_INDEX", "valueFrom": {"fieldRef": {"fieldPath": path}}}


def _toleration(text: str) -> dict[str, str]:
    name, _, value = text.partition("=")
    return {"key": name, "operator": "Equal", "value": value} if value else {"key": name, "operator": "Exists"}
