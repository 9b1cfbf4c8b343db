"""Agents as Jobs of Kubernetes: manifests against its schemas, and the official client against kmock's API."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from lightning_sweeps.agents.launchers.base import Launcher, LaunchSpec
from lightning_sweeps.agents.launchers.kubernetes import KubernetesLauncher
from lightning_sweeps.agents.launchers.kubernetes_manifests import KubernetesOptions, job_manifests
from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.client import Client
from lightning_sweeps.core.settings import Settings, environment
from lightning_sweeps.errors import LaunchError, UsageError
from tests.agents.engine_runs import RUN_S, EngineTests, spec
from tests.server.protocols.installed_client import installed_client
from tests.servers import wait_until

END_S = 60
KUBELET = Path(__file__).with_name("kubelet.py")

pytestmark = [pytest.mark.fault, pytest.mark.slow]

EVERYTHING = {
    "image": ["registry/team/train:1"],
    "namespace": ["team"],
    "folder": ["/work"],
    "cpus": ["4"],
    "memory": ["16Gi"],
    "time": ["2:00:00"],
    "node_selector": ["gpu=a100", "zone=b"],
    "tolerate": ["gpu", "team=vision"],
    "volume": ["data=/data"],
    "pull_secret": ["registry"],
    "service_account": ["trainer"],
    "queue": ["gpus"],
}


def launch(*, nodes: int = 1) -> LaunchSpec:
    return LaunchSpec("1a2b", AgentOptions(gpus_per_trial=2, grace_s=60), Path("/here"), nodes=nodes)


@pytest.mark.parametrize("nodes", [1, 3])
@pytest.mark.parametrize("given", [{"image": ["train"]}, EVERYTHING], ids=["least", "everything"])
def test_the_manifests_are_valid(given: dict[str, list[str]], nodes: int) -> None:
    validate = pytest.importorskip(
        "kubernetes_validate", reason="schemas of Kubernetes are installed with the extra `dev`"
    )
    options = KubernetesOptions.parse("kubernetes", given)
    manifests = job_manifests(launch(nodes=nodes), options, "job-1", {"LIGHTNING_SWEEPS_API_KEY": "k"})
    for manifest in manifests:
        validate.validate(manifest, validate.latest_version(), strict=True)
    assert [one["kind"] for one in manifests] == ["Job", "Secret", "Service"][: 2 if nodes == 1 else 3]


def test_the_role_of_the_launcher_is_valid() -> None:
    validate = pytest.importorskip(
        "kubernetes_validate", reason="schemas of Kubernetes are installed with the extra `dev`"
    )
    path = Path(__file__).parents[2] / "packaging" / "kubernetes" / "launcher-rbac.yaml"
    for document in yaml.safe_load_all(path.read_text()):
        validate.validate(document, validate.latest_version(), strict=True)


def test_a_pod_asks_for_what_its_slots_need_and_the_key_is_only_in_the_secret() -> None:
    options = KubernetesOptions.parse("kubernetes", EVERYTHING)
    job, secret = job_manifests(launch(), options, "job-1", {"LIGHTNING_SWEEPS_API_KEY": "very secret"})
    assert "very secret" not in str(job)
    assert secret["stringData"] == {"LIGHTNING_SWEEPS_API_KEY": "very secret"}
    assert (job["spec"]["suspend"], job["spec"]["activeDeadlineSeconds"]) == (True, 7200)
    assert job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "gpus"
    pod = job["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] == 90
    assert pod["nodeSelector"] == {"gpu": "a100", "zone": "b"}
    (container,) = pod["containers"]
    assert container["resources"]["limits"] == {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "2"}
    assert container["command"][:4] == ["python", "-m", "lightning_sweeps.tuner", "1a2b"]


def test_pods_of_a_trial_over_several_nodes_find_one_another() -> None:
    options = KubernetesOptions.parse("kubernetes", {"image": ["train"]})
    job, _, service = job_manifests(launch(nodes=3), options, "job-1", {})
    assert (job["spec"]["completionMode"], job["spec"]["completions"], job["spec"]["parallelism"]) == ("Indexed", 3, 3)
    assert service["spec"]["clusterIP"] == "None"
    pod = job["spec"]["template"]["spec"]
    assert pod["subdomain"] == service["metadata"]["name"]
    assert pod["containers"][0]["command"][-1] == "--address=job-1-$(JOB_COMPLETION_INDEX).job-1"


def test_wrong_options_are_explained() -> None:
    with pytest.raises(UsageError, match="needs the option `image`"):
        KubernetesOptions.parse("kubernetes", {})
    with pytest.raises(UsageError, match="`data` was given for the launcher `kubernetes`, allowed: name=value"):
        KubernetesOptions.parse("kubernetes", {"image": ["i"], "volume": ["data"]})


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run kmock with a kubelet, and provide the kubeconfig."""
    python = installed_client(request.config, "kmock")
    folder = tmp_path_factory.mktemp("kubernetes")
    words = [str(python), str(KUBELET), str(folder)]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as kubelet:
        wait_until(lambda: (folder / "config").exists() or kubelet.poll() is not None, what="the API")
        yield folder / "config"
        kubelet.communicate(timeout=END_S)


@pytest.fixture(scope="module")
def client_site(request: pytest.FixtureRequest) -> str:
    """Provide the packages of an environment with the official client."""
    (site,) = installed_client(request.config, "kubernetes").parents[1].glob("lib/python*/site-packages")
    return str(site)


def kubeconfig() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(Path(environment()["KUBECONFIG"]).read_text())
    return found


class TestKubernetes(EngineTests):
    """The launcher with the official client, against an API that runs Jobs as processes."""

    @pytest.fixture
    def launcher(
        self,
        cluster: Path,
        client_site: str,
        engine_settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> KubernetesLauncher:
        monkeypatch.setattr(sys, "path", [*sys.path, client_site])
        monkeypatch.setenv("KUBECONFIG", str(cluster))
        return KubernetesLauncher(self.options(tmp_path), engine_settings)

    def options(self, folder: Path, image: str = "here") -> KubernetesOptions:
        return KubernetesOptions(image=image, folder=str(folder), python=sys.executable)

    def cancel_by_engine(self, launcher: Launcher[Any], job_id: str) -> None:
        assert isinstance(launcher, KubernetesLauncher)
        server = kubeconfig()["clusters"][0]["cluster"]["server"]
        path = f"apis/batch/v1/namespaces/default/jobs/{job_id}"
        assert requests.delete(f"{server}/{path}", timeout=30).ok

    def test_why_a_pod_waits_is_said_in_the_words_of_the_cluster(
        self, launcher: KubernetesLauncher, client: Client, tmp_path: Path
    ) -> None:
        missing = KubernetesLauncher(self.options(tmp_path, "no/such/image"), launcher.settings)
        jobs = missing.submit(spec("sweep", tmp_path))
        why = "ImagePullBackOff: back-off pulling image"
        wait_until(lambda: missing.jobs(jobs)[0].reason == why, timeout_s=RUN_S, what="the reason")
        assert missing.jobs(jobs)[0].state == "pending"
        assert missing.logs(jobs[0]) == ""
        missing.cancel(jobs)

    def test_a_dry_run_prints_the_manifests_without_the_key(self, launcher: KubernetesLauncher, tmp_path: Path) -> None:
        documents = list(yaml.safe_load_all(launcher.render(spec("sweep", tmp_path, jobs=2))))
        assert [one["kind"] for one in documents] == ["Job", "Secret", "Job", "Secret"]
        assert documents[1]["stringData"]["LIGHTNING_SWEEPS_API_KEY"] == "made when the jobs are submitted"
        assert launcher.settings.api_key not in launcher.render(spec("sweep", tmp_path))

    def test_an_api_that_does_not_answer_is_an_error(self, launcher: KubernetesLauncher, tmp_path: Path) -> None:
        options = launcher.options.model_copy(update={"context": "away"})
        with pytest.raises(LaunchError, match=r"Kubernetes does not answer: .*refused"):
            KubernetesLauncher(options, launcher.settings).submit(spec("sweep", tmp_path))
        options = launcher.options.model_copy(update={"context": "none"})
        with pytest.raises(LaunchError, match=r"no cluster of Kubernetes is known: .*none"):
            KubernetesLauncher(options, launcher.settings).submit(spec("sweep", tmp_path))
