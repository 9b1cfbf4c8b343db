"""Runs programs with the real, newest wandb client, installed from the package index into an environment of its own."""

from __future__ import annotations

import os
import subprocess
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.server.protocols.newest_client import newest_client
from tests.server.protocols.wandb_server import WandbServer
from tests.servers import running_server

PROGRAM_S = 300
LOST_S = "60"
"""Twice as long as a client is silent."""


@dataclass(frozen=True, slots=True)
class WandbPrograms:
    """Runs programs of wandb users against a server."""

    served: WandbServer
    python: Path
    folder: Path

    def environment(self, **variables: str) -> dict[str, str]:
        """Return what the programs see: the address and the key of the server, and nothing of this process's runs."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB_", "LIGHTNING_"))}
        server = self.served.server
        return kept | {
            "PATH": f"{self.python.parent}:{kept['PATH']}",
            "HOME": str(self.folder),
            "WANDB_BASE_URL": server.url,
            "WANDB_API_KEY": server.token,
            "WANDB_PROJECT": self.served.project,
            **variables,
        }

    def start(self, *command: str, **variables: str) -> subprocess.Popen[str]:
        """Start a command of the environment, such as `wandb` or `python`."""
        return subprocess.Popen(
            [str(self.python.parent / command[0]), *command[1:]],
            cwd=self.folder,
            env=self.environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def call(self, *command: str, status: int | None = 0, **variables: str) -> str:
        """Run a command to its end, and return what it printed."""
        with self.start(*command, **variables) as process:
            printed, _ = process.communicate(timeout=PROGRAM_S)
        assert status is None or process.returncode == status, printed
        return printed

    def run(self, program: str, *, status: int | None = 0, **variables: str) -> str:
        """Run a program, and return what it printed."""
        return self.call("python", str(self.write(program)), status=status, **variables)

    def write(self, program: str, name: str = "program.py") -> Path:
        file = self.folder / name
        file.write_text(textwrap.dedent(program))
        return file


@pytest.fixture(scope="session")
def wandb_python(request: pytest.FixtureRequest) -> Path:
    """Provide the interpreter of an environment with the newest wandb."""
    return newest_client(request.config, "wandb")


@pytest.fixture
def programs(
    wandb_python: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WandbPrograms]:
    monkeypatch.setenv("LIGHTNING_SWEEPS_LOST_S", LOST_S)
    folder = tmp_path / "programs"
    folder.mkdir()
    with running_server(home) as (client, server):
        yield WandbPrograms(WandbServer(client, server), wandb_python, folder)
