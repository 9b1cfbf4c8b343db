"""Agents as jobs of Ray, on a real cluster that the newest Ray starts on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from lightning_sweeps.agents.launchers.base import Launcher, LaunchSpec
from lightning_sweeps.agents.launchers.ray import RayLauncher, RayOptions, authorization, job_request
from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.core.settings import Settings, read_settings
from lightning_sweeps.errors import LaunchError, UsageError
from tests.agents.background_program import detached_program
from tests.agents.engine_runs import EngineTests
from tests.agents.slurm import free_ports
from tests.server.protocols.installed_client import installed_client
from tests.servers import wait_until

CLUSTER = """
import sys, ray
port, folder = int(sys.argv[1]), sys.argv[2]
size = 100_000_000
ray.init(num_cpus=2, dashboard_port=port, include_dashboard=True, object_store_memory=size, _temp_dir=folder)
sys.stdin.read()
ray.shutdown()
"""
UP_S = 180.0
TOKEN = "0123456789abcdef0123456789abcdef"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}

pytestmark = [pytest.mark.fault, pytest.mark.slow]


def test_a_job_asks_for_what_its_slots_need(tmp_path: Path) -> None:
    (tmp_path / "env.json").write_text('{"image_uri": "team/train", "env_vars": {"A": "1"}}')
    options = RayOptions.parse(
        "ray",
        {
            "cpus": ["4"],
            "resource": ["accelerator_type:A100=0.001"],
            "python": ["/opt/bin/python"],
            "folder": ["/data/my project"],
            "runtime_env": [str(tmp_path / "env.json")],
        },
    )
    spec = LaunchSpec("1a2b", AgentOptions(gpus_per_trial=2, slots=2, grace_s=60), tmp_path)
    variables = {"LIGHTNING_SWEEPS_URL": "http://a", "LIGHTNING_SWEEPS_API_KEY": "k", "PATH": "/bin"}
    request = job_request(spec, options, variables, "job-1")
    assert request["entrypoint"].startswith(
        "cd '/data/my project' && exec /opt/bin/python -m lightning_sweeps.tuner 1a2b"
    )
    assert (request["entrypoint_num_gpus"], request["entrypoint_num_cpus"]) == (4, 4)
    assert request["entrypoint_resources"] == {"accelerator_type:A100": 0.001}
    assert request["runtime_env"] == {
        "image_uri": "team/train",
        "env_vars": {
            "A": "1",
            "LIGHTNING_SWEEPS_URL": "http://a",
            "LIGHTNING_SWEEPS_API_KEY": "k",
            "RAY_JOB_STOP_WAIT_TIME_S": "90",
        },
    }


def test_the_token_is_where_rays_own_commands_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert authorization({}) == {}
    (tmp_path / "token").write_text("from a file\n")
    given = {"RAY_AUTH_TOKEN_PATH": str(tmp_path / "token")}
    assert authorization(given) == {"Authorization": "Bearer from a file"}
    assert authorization(given | {"RAY_AUTH_TOKEN": "own"}) == {"Authorization": "Bearer own"}


def test_wrong_options_are_explained(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`--resource A100` was given, allowed: name=number"):
        RayOptions.parse("ray", {"resource": ["A100"]})
    options = RayOptions.parse("ray", {"runtime_env": [str(tmp_path / "none.json")]})
    with pytest.raises(UsageError, match=r"(?s)`--runtime-env .*none.json` cannot be read: .*give a file with JSON"):
        job_request(LaunchSpec("s", AgentOptions(), tmp_path), options, {}, "j")


def test_without_a_cluster_the_error_says_what_to_type(home: Path, tmp_path: Path) -> None:
    launcher = RayLauncher(RayOptions(dashboard="http://127.0.0.1:9"), read_settings())
    with pytest.raises(LaunchError, match=r"(?s)no Ray dashboard answers at `http://127.0.0.1:9`.*ray start --head"):
        launcher.check(LaunchSpec("s", AgentOptions(), tmp_path))


@pytest.fixture(scope="module")
def dashboard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a Ray cluster of one node, and provide the address of its dashboard."""
    python = installed_client(request.config, "ray[default]")
    (port,) = free_ports(1)
    folder = tmp_path_factory.mktemp("ray")
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}
    variables = os.environ | token | {"RAY_raylet_start_wait_time_s": f"{UP_S:.0f}", "RAY_USAGE_STATS_ENABLED": "0"}
    url = f"http://127.0.0.1:{port}"
    with detached_program(python, CLUSTER, str(port), short(folder), folder=folder, variables=variables) as head:
        wait_until(lambda: takes_jobs(url) or not head.is_running, timeout_s=UP_S, what="Ray's dashboard")
        if not head.is_running:
            pytest.skip(f"Ray does not start on this machine: {head.printed[-2000:]}")
        yield url


def short(folder: Path) -> str:
    """Return a short name for a folder: the paths of Ray's sockets must have less than 108 characters."""
    link = Path(f"/tmp/ray-{os.getpid()}")  # noqa: S108 - it is short, and nothing but a link
    link.unlink(missing_ok=True)
    link.symlink_to(folder)
    return str(link)


def takes_jobs(url: str) -> bool:
    try:
        return isinstance(requests.get(f"{url}/api/jobs/", headers=HEADERS, timeout=5).json(), list)
    except requests.RequestException:
        return False


class TestRay(EngineTests):
    """The launcher on a real cluster."""

    @pytest.fixture
    def launcher(self, dashboard: str, engine_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> RayLauncher:
        monkeypatch.setenv("RAY_ADDRESS", dashboard)
        monkeypatch.setenv("RAY_AUTH_TOKEN", TOKEN)
        return RayLauncher(RayOptions(), engine_settings)

    def cancel_by_engine(self, launcher: Launcher[Any], job_id: str) -> None:
        assert isinstance(launcher, RayLauncher)
        answer = requests.post(f"{launcher.address}/api/jobs/{job_id}/stop", headers=HEADERS, timeout=30)
        assert answer.json()["stopped"]

    def test_a_wrong_token_is_an_error_that_says_where_to_set_it(
        self, launcher: RayLauncher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RAY_AUTH_TOKEN", "another")
        with pytest.raises(LaunchError, match=r"(?s)does not accept the token.*set RAY_AUTH_TOKEN"):
            launcher.submit(LaunchSpec("sweep", AgentOptions(gpus="none"), tmp_path))
