"""Fixtures of the tests of other tools' clients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.core.handover import ServerFile
from tests.server.protocols.wandb_client import programs, wandb_python, wandb_versions
from tests.servers import running_server

__all__ = ["each_server", "programs", "wandb_python"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test of the wandb client with every version that is asked for."""
    if "wandb_python" in metafunc.fixturenames:
        metafunc.parametrize("wandb_python", wandb_versions(metafunc.config), indirect=True, scope="session")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def each_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, ServerFile]]:
    """Run one server on each database, for a whole module. Every test takes a project of its own there."""
    database = None
    if request.param == "postgresql":
        database = request.getfixturevalue("postgres").new_database(like=request.getfixturevalue("migrated_url"))
    with running_server(tmp_path_factory.mktemp("server"), database) as served:
        yield served
    if database is not None:
        request.getfixturevalue("postgres").drop(database)
