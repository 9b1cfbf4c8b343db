"""Programs in the manner of W&B's examples run unchanged, with the packages that are small enough to install here.

Left out because they install 1 GB and more: Keras (TensorFlow), transformers and accelerate (torch). They are tried by
hand. Lightning's logger has a test of its own, with the packages of the development environment.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lightning_sweeps.core.ids import new_id
from tests.server.protocols.installed_client import installed_client
from tests.server.protocols.wandb_client import WandbPrograms
from tests.server.protocols.wandb_programs import PROGRAMS
from tests.server.protocols.wandb_server import WandbServer
from tests.servers import running_server

pytestmark = pytest.mark.slow

PACKAGES = ("lightgbm", "matplotlib", "pandas", "plotly", "scikit-learn", "soundfile", "xgboost-cpu")


@pytest.fixture(scope="module")
def examples(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WandbPrograms]:
    """Provide one environment and one server for all programs."""
    python = installed_client(request.config, "wandb", "", *PACKAGES)
    with running_server(tmp_path_factory.mktemp("server")) as (client, server):
        yield WandbPrograms(WandbServer(client, server), python, tmp_path_factory.mktemp("programs"))


@pytest.mark.parametrize("topic", PROGRAMS)
def test_a_program_runs_unchanged(examples: WandbPrograms, topic: str) -> None:
    project = new_id("p-")
    printed = examples.run(PROGRAMS[topic], WANDB_PROJECT=project)
    assert "wandb: ERROR" not in printed and "Fatal error" not in printed, printed
    runs = examples.served.client.runs(project=project).runs
    assert runs and {run.state for run in runs} == {"finished"}
    assert all(run.rows and not run.rejected for run in runs)
