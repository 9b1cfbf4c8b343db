"""Runs programs with real wandb clients, installed from the package index into environments of their own."""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.server.protocols.installed_client import installed_client
from tests.server.protocols.wandb_server import WandbServer
from tests.servers import running_server

NEWEST = "newest"
VERSIONS = ("0.19", "0.22", "0.25", "0.28")
"""What `--wandb-versions=all` adds to the newest version."""
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
            stdin=subprocess.PIPE,
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

    def sync(self, run: str) -> str:
        """Send what the folder of a run has, as `wandb sync` does, and return what it printed.

        Args:
            run: pattern of the folder's name.
        """
        folder = next((self.folder / "wandb").glob(run))
        return self.call("wandb", "sync", "--include-online", "--include-synced", str(folder))

    def write(self, program: str, name: str = "program.py") -> Path:
        file = self.folder / name
        file.write_text(textwrap.dedent(program))
        return file


@pytest.fixture(scope="session")
def wandb_python(request: pytest.FixtureRequest) -> Path:
    """Provide the interpreter of an environment with wandb: the newest one, and those of `--wandb-versions`."""
    version: str = request.param
    return installed_client(request.config, "wandb", "" if version == NEWEST else version)


def wandb_versions(config: pytest.Config) -> list[str]:
    """Return the versions of wandb to test with. The newest one is always among them.

    Raises:
        UsageError: the option names no version.
    """
    given = config.getoption("--wandb-versions")
    versions = list(VERSIONS) if given == "all" else [one.strip() for one in given.split(",") if one.strip()]
    for one in versions:
        if not re.fullmatch(r"\d+\.\d+(\.\d+)?", one):
            raise pytest.UsageError(f"--wandb-versions has `{one}`, allowed: `all`, or versions such as `0.19,0.25.1`")
    return [*versions, NEWEST]


@pytest.fixture
def server_database() -> str | None:
    """Provide the database of the server; None: SQLite in its home folder. A module may override it."""
    return None


@pytest.fixture
def programs(
    wandb_python: Path, home: Path, tmp_path: Path, server_database: str | None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WandbPrograms]:
    monkeypatch.setenv("LIGHTNING_SWEEPS_LOST_S", LOST_S)
    folder = tmp_path / "programs"
    folder.mkdir()
    with running_server(home, server_database) as (client, server):
        yield WandbPrograms(WandbServer(client, server), wandb_python, folder)
