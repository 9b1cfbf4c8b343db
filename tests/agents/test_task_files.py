"""Task files of SkyPilot and dstack, checked by these tools' own readers."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from lightning_sweeps.agents.launchers.base import Launcher, LaunchSpec
from lightning_sweeps.agents.launchers.registry import make_launcher
from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import UsageError
from tests.server.protocols.installed_client import installed_client

READERS = {
    "skypilot": """
import sys, yaml, sky
config = yaml.safe_load(open(sys.argv[1]))
url, key = [("LIGHTNING_SWEEPS_URL", "http://a")], [("LIGHTNING_SWEEPS_API_KEY", "k")]
print(sky.Task.from_yaml_config(config, env_overrides=url, secrets_overrides=key).num_nodes)
""",
    "dstack": """
import sys, yaml
from dstack._internal.core.models.configurations import parse_apply_configuration
print(parse_apply_configuration(yaml.safe_load(open(sys.argv[1]))).nodes)
""",
}
GIVEN = {
    "least": {},
    "everything": {
        "gpu": ["A100"],
        "cpus": ["8+"],
        "memory": ["32+"],
        "image": ["team/train:1"],
        "spot": ["true"],
        "setup": ["pip install uv", "uv pip install -r requirements.txt"],
    },
}
READ_S = 120


def launcher(name: str, given: dict[str, list[str]]) -> Launcher[Any]:
    return make_launcher(name, given, read_settings({"LIGHTNING_SWEEPS_URL": "http://sweeps.example.org:8800"}))


def spec(folder: Path) -> LaunchSpec:
    return LaunchSpec("1a2b", AgentOptions(gpus_per_trial=2), folder, jobs=4)


@pytest.mark.slow
@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize("name", READERS)
def test_the_tool_reads_the_file(name: str, given: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--all-clients"):
        pytest.skip(f"{name} is installed for its test with `pytest --all-clients`")
    python = installed_client(request.config, name)
    (tmp_path / "task.yaml").write_text(launcher(name, GIVEN[given]).render(spec(tmp_path)))
    variables = {"LIGHTNING_SWEEPS_URL": "http://a", "LIGHTNING_SWEEPS_API_KEY": "k", "HOME": str(tmp_path)}
    words = [str(python), "-c", READERS[name], str(tmp_path / "task.yaml")]
    done = subprocess.run(
        words, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=READ_S, check=False
    )
    assert (done.returncode, done.stdout) == (0, "4\n"), done.stderr


@pytest.mark.parametrize("name", READERS)
def test_each_machine_runs_an_agent_and_the_key_is_not_in_the_file(name: str, tmp_path: Path) -> None:
    text = launcher(name, GIVEN["everything"]).render(spec(tmp_path))
    assert "python -m lightning_sweeps.tuner 1a2b --gpus-per-trial=2" in text
    assert "LIGHTNING_SWEEPS_API_KEY" in text
    assert "sweeps.example.org" not in text
    assert yaml.safe_load(text)["name"] == "lightning-sweeps"


@pytest.mark.parametrize("name", READERS)
def test_nothing_is_submitted_and_the_error_says_how_to(name: str, tmp_path: Path) -> None:
    writes = launcher(name, {})
    with pytest.raises(UsageError, match=r"(?s)submits nothing.*--dry-run.*task\.yaml"):
        writes.check(spec(tmp_path))
    with pytest.raises(UsageError, match="submits nothing"):
        writes.submit(spec(tmp_path))
