"""Runs agents as Jobs of Kubernetes, through its official client."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import yaml

from lightning_sweeps.agents.launchers.base import Job, JobState, Launcher, LaunchSpec
from lightning_sweeps.agents.launchers.kubernetes_manifests import OURS, KubernetesOptions, job_manifests
from lightning_sweeps.core.ids import new_id
from lightning_sweeps.core.settings import PREFIX, environment
from lightning_sweeps.errors import LaunchError

NOT_FOUND = 404
NOT_STARTED = 400
"""Status of a request for the log of a container that waits."""

ANSWER_S = 60
NOT_FOR_JOBS = frozenset({f"{PREFIX}HOME", f"{PREFIX}CA_FILE"})
"""Variables with a path of this machine."""

PLACEHOLDER = "made when the jobs are submitted"


class KubernetesLauncher(Launcher[KubernetesOptions]):
    """Submits each machine's agents as a Job. A pod that the cluster evicts or preempts is started again."""

    options_model = KubernetesOptions
    assigns_gpus = True
    requeues = True

    def check(self, spec: LaunchSpec) -> None:  # noqa: ARG002 - the same for all specs
        """Check that the cluster answers and allows to list jobs.

        Raises:
            LaunchError: it does not. The message has its own words.
        """
        batch = self._batch
        with _own_words("list jobs"):
            batch.list_namespaced_job(self._namespace, limit=1, _request_timeout=ANSWER_S)

    def render(self, spec: LaunchSpec) -> str:
        """Return the manifests as YAML, without the API key."""
        variables = _variables(environment()) | {f"{PREFIX}API_KEY": PLACEHOLDER}
        jobs = (job_manifests(spec, self.options, f"{OURS}-{new_id()}", variables) for _ in range(spec.jobs))
        return str(yaml.safe_dump_all((one for manifests in jobs for one in manifests), sort_keys=False))

    def submit(self, spec: LaunchSpec) -> list[str]:
        """Create the Jobs. Each one owns its Secret and Service, which the cluster deletes with it.

        Raises:
            LaunchError: the cluster rejects a manifest. Jobs before it are deleted.
        """
        names: list[str] = []
        batch = self._batch
        try:
            for _ in range(spec.jobs):
                name = f"{OURS}-{new_id()}"
                job, *others = job_manifests(spec, self.options, name, _variables(environment()))
                with _own_words("create the job"):
                    created = batch.create_namespaced_job(self._namespace, job, _request_timeout=ANSWER_S)
                names.append(name)
                self._create_owned(others, name, created.metadata.uid)
        except BaseException:
            self.cancel(names)
            raise
        return names

    def jobs(self, job_ids: Sequence[str]) -> list[Job]:
        """Return the jobs, with the machines of their pods, and why the cluster does not start them."""
        return [self._job(job_id) for job_id in job_ids]

    def cancel(self, job_ids: Sequence[str]) -> None:
        """Delete the Jobs with all that they own. Their pods get SIGTERM, and time to write checkpoints."""
        batch = self._batch
        for job_id in job_ids:
            with _own_words("delete the job"), self._ignoring(NOT_FOUND):
                batch.delete_namespaced_job(
                    job_id, self._namespace, propagation_policy="Background", _request_timeout=ANSWER_S
                )

    def logs(self, job_id: str) -> str:
        """Return what the pods of the job have printed."""
        said = []
        for pod in self._pods(job_id):
            with _own_words("read the log"), self._ignoring(NOT_FOUND, NOT_STARTED):
                said.append(
                    self._core.read_namespaced_pod_log(pod.metadata.name, self._namespace, _request_timeout=ANSWER_S)
                )
        return "".join(said)

    @cached_property
    def _client(self) -> Any:
        """The package of the official client.

        Raises:
            LaunchError: it is not installed.
        """
        try:
            return importlib.import_module("kubernetes").client
        except ImportError as error:
            raise LaunchError(
                "the launcher `kubernetes` needs Kubernetes' client, which is not installed",
                hint='`pip install "lightning-sweeps[kubernetes]"`',
            ) from error

    @cached_property
    def _connection(self) -> Any:
        """The connection to the cluster of the context; inside a cluster without a kubeconfig, to that cluster.

        Raises:
            LaunchError: there is no such context.
        """
        client, config = self._client, importlib.import_module("kubernetes.config")
        try:
            return config.new_client_from_config(context=self.options.context)
        except config.ConfigException as error:
            try:
                config.load_incluster_config()
            except config.ConfigException:
                raise LaunchError(f"no cluster of Kubernetes is known: {error}", hint="set KUBECONFIG") from error
            return client.ApiClient()

    @cached_property
    def _batch(self) -> Any:
        return self._client.BatchV1Api(self._connection)

    @cached_property
    def _core(self) -> Any:
        return self._client.CoreV1Api(self._connection)

    @cached_property
    def _namespace(self) -> str:
        if self.options.namespace:
            return self.options.namespace
        config = importlib.import_module("kubernetes").config
        with contextlib.suppress(config.ConfigException):  # inside a cluster there are no contexts
            contexts, current = config.list_kube_config_contexts()
            named = [one for one in contexts if one["name"] == self.options.context] or [current]
            return str(named[0]["context"].get("namespace") or "default")
        return "default"

    def _create_owned(self, manifests: Sequence[dict[str, Any]], owner: str, uid: str) -> None:
        reference = {"apiVersion": "batch/v1", "kind": "Job", "name": owner, "uid": uid}
        for manifest in manifests:
            owned = manifest | {"metadata": manifest["metadata"] | {"ownerReferences": [reference]}}
            kind = manifest["kind"].lower()
            with _own_words(f"create the {kind}"):
                create = getattr(self._core, f"create_namespaced_{kind}")
                create(self._namespace, owned, _request_timeout=ANSWER_S)

    def _job(self, job_id: str) -> Job:
        found, batch = None, self._batch
        with _own_words("read the job"), self._ignoring(NOT_FOUND):
            found = batch.read_namespaced_job(job_id, self._namespace, _request_timeout=ANSWER_S)
        unknown: tuple[JobState, str] = ("unknown", "")
        state, reason = unknown if found is None else job_state(found)
        if state in ("finished", "failed"):
            return Job(job_id, state, "", reason)
        pods = self._pods(job_id)  # those of a deleted Job may still have to end
        hosts = [pod.spec.node_name for pod in pods if pod.status.phase == "Running" and pod.spec.node_name]
        if hosts:
            return Job(job_id, "running", hosts[0])
        if state == "unknown":
            return Job(job_id, state)
        return Job(job_id, "pending", "", reason or next((why for why in map(why_waiting, pods) if why), ""))

    def _pods(self, job_id: str) -> list[Any]:
        core = self._core
        with _own_words("list pods"):
            found = core.list_namespaced_pod(
                self._namespace, label_selector=f"job-name={job_id}", _request_timeout=ANSWER_S
            )
        return [pod for pod in found.items if (pod.metadata.labels or {}).get("job-name") == job_id]

    @contextlib.contextmanager
    def _ignoring(self, *statuses: int) -> Iterator[None]:
        try:
            yield
        except self._client.ApiException as error:
            if error.status not in statuses:
                raise


def job_state(job: Any) -> tuple[JobState, str]:
    """Return the state of a Job object and the cluster's reason. A Job whose pods may run is `running`."""
    conditions = {one.type: one for one in job.status.conditions or [] if one.status == "True"}
    if "Complete" in conditions:
        return "finished", ""
    if "Failed" in conditions:
        failed = conditions["Failed"]
        return "failed", failed.message or failed.reason or ""
    if job.spec.suspend:
        return "pending", "suspended, until its queue admits it"
    return "running", ""


def why_waiting(pod: Any) -> str:
    """Return why a pod does not run, in the cluster's words."""
    for one in pod.status.container_statuses or []:
        waiting = one.state.waiting if one.state else None
        if waiting and waiting.reason:
            return ": ".join(part for part in (waiting.reason, waiting.message) if part)
    unscheduled = [one for one in pod.status.conditions or [] if one.type == "PodScheduled" and one.status == "False"]
    return str(unscheduled[0].message or unscheduled[0].reason or "") if unscheduled else ""


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.startswith(PREFIX) and name not in NOT_FOR_JOBS}


@contextlib.contextmanager
def _own_words(what: str) -> Iterator[None]:
    """Turn errors of the client into ours, with the cluster's words.

    Raises:
        LaunchError: the cluster does not answer, or rejects the request.
    """
    api_error = importlib.import_module("kubernetes.client").ApiException
    no_answer = importlib.import_module("urllib3.exceptions").HTTPError
    try:
        yield
    except api_error as error:
        said = _message(error.body or "") or error.reason
        raise LaunchError(f"Kubernetes could not {what}: {said}") from error
    except no_answer as error:
        raise LaunchError(f"Kubernetes does not answer: {error}") from error


def _message(body: str) -> str:
    found = yaml.safe_load(body)
    return str(found.get("message", "")) if isinstance(found, dict) else ""
