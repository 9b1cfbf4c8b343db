"""Agents as tasks of HyperQueue, on a real server with two workers that its own package starts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightning_sweeps.agents.launchers.base import Launcher
from lightning_sweeps.agents.launchers.hyperqueue import HyperQueueLauncher, HyperQueueOptions
from lightning_sweeps.core.settings import Settings, read_settings
from lightning_sweeps.errors import LaunchError
from tests.agents.background_program import detached_program
from tests.agents.engine_runs import EngineTests, spec
from tests.server.protocols.installed_client import installed_client
from tests.servers import wait_until

CLUSTER = """
import pathlib, sys
from hyperqueue import LocalCluster
from hyperqueue.cluster import WorkerConfig
pathlib.Path(sys.argv[1]).mkdir()
with LocalCluster(sys.argv[1], WorkerConfig(cores=1)) as cluster:
    cluster.start_worker(WorkerConfig(cores=1))
    print("up", flush=True)
    sys.stdin.read()
"""
UP_S = 60

pytestmark = [pytest.mark.fault, pytest.mark.slow]


@pytest.fixture(scope="module")
def hq_python(request: pytest.FixtureRequest) -> Path:
    """Provide the interpreter of an environment with the newest HyperQueue."""
    return installed_client(request.config, "hyperqueue")


@pytest.fixture(scope="module")
def server_dir(hq_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("hq")
    with detached_program(hq_python, CLUSTER, str(folder / "server"), folder=folder) as cluster:
        wait_until(lambda: "up\n" in cluster.printed or not cluster.is_running, timeout_s=UP_S, what="HyperQueue")
        assert "up\n" in cluster.printed, cluster.printed
        yield folder / "server"


@pytest.fixture
def package(hq_python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make HyperQueue's package importable here, from its own environment."""
    (site,) = hq_python.parents[1].glob("lib/python*/site-packages")
    monkeypatch.syspath_prepend(str(site))


class TestHyperQueue(EngineTests):
    """The launcher on a real server."""

    @pytest.fixture
    def launcher(self, package: None, server_dir: Path, engine_settings: Settings) -> HyperQueueLauncher:
        return HyperQueueLauncher(HyperQueueOptions(server_dir=str(server_dir)), engine_settings)

    def cancel_by_engine(self, launcher: Launcher[Any], job_id: str) -> None:
        pytest.skip("the package has no way to cancel a job, and `hq` is not on the package index")


def test_without_a_server_nothing_is_submitted(package: None, home: Path, tmp_path: Path) -> None:
    settings = read_settings({"LIGHTNING_SWEEPS_HOME": str(home), "LIGHTNING_SWEEPS_URL": "http://127.0.0.1:9"})
    launcher = HyperQueueLauncher(HyperQueueOptions(server_dir=str(tmp_path)), settings)
    with pytest.raises(LaunchError, match="HyperQueue does not answer: "):
        launcher.submit(spec("sweep", tmp_path))
