"""Skips everything here without a GPU, and runs a server for the tests of each file."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from lightning_sweeps.core.settings import PREFIX
from lightning_sweeps.system.gpus import Gpu, list_gpus
from tests.gpu.results import IS_REHEARSAL
from tests.servers import running_server


@pytest.fixture(scope="session", autouse=True)
def _gpu_is_there() -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device: not checked")
    if not any(gpu.vendor == "nvidia" for gpu in list_gpus()):
        pytest.fail("PyTorch sees a CUDA device, but NVML lists none")


@pytest.fixture(autouse=True)
def _needs_a_real_gpu(request: pytest.FixtureRequest) -> None:
    if IS_REHEARSAL and request.node.get_closest_marker("real_gpu"):
        pytest.skip("the stand-in cannot rehearse this")


@pytest.fixture
def leak_check() -> Iterator[None]:
    """Replace the check of the other tests: CUDA keeps threads and files in this process."""
    yield
    gc.collect()


@pytest.fixture
def gpu() -> Gpu:
    """Return the first GPU."""
    return list_gpus()[0]


@pytest.fixture(scope="module")
def file_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, ServerFile]]:
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def client(file_server: tuple[Client, ServerFile], home: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Return a client of the file's server. Programs that the test starts use it too."""
    client, described = file_server
    home.mkdir(exist_ok=True)
    monkeypatch.setenv(f"{PREFIX}URL", described.url)
    monkeypatch.setenv(f"{PREFIX}API_KEY", described.token)
    return client
