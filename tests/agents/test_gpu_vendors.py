"""GPU vendors: NVIDIA and the example of the docs fulfil the contract; agents use a vendor of another package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.system.gpus import GpuVendor
from lightning_sweeps.system.gpus.nvidia import Nvidia
from lightning_sweeps.system.gpus.visibility import is_like_a_visibility_variable
from lightning_sweeps.testing.gpu_vendor import GpuVendorContract
from tests.agents.trials import finish, make_sweep, start_agent
from tests.docs_examples import python_blocks
from tests.extensions import install_extension
from tests.fakes.gpus import GIB, fake_nvml_environment
from tests.fakes.nvml import pynvml as fake_nvml

EXAMPLE = python_blocks("extending.md", "GPU vendors")[0]
GROUP = "lightning_sweeps.gpu_vendors"
SHOW_ENVIRONMENT = """
import json, os
trial = json.load(open(os.environ["LIGHTNING_SWEEPS_TRIAL"]))
json.dump(dict(os.environ), open(f"environment-{trial['params']['x']}.json", "w"))
import time
while len([name for name in os.listdir(".") if name.startswith("environment-")]) < 2:
    time.sleep(0.02)
"""


def example_code(folder: Path, gpus: int = 2) -> str:
    """Return the example of the docs, which reads its GPUs from a file of this test."""
    file = folder / "gpus"
    file.write_text("".join(f"EXAMPLE-{index} {8 * GIB}\n" for index in range(gpus)))
    return EXAMPLE.replace('"/etc/example-gpus"', repr(str(file)))


@pytest.mark.parametrize("mig", [{}, {1: [0, 2]}], ids=["whole", "mig"])
class TestNvidia(GpuVendorContract):
    """NVIDIA, on a simulated machine with three GPUs."""

    @pytest.fixture
    def vendor(self, mig: dict[int, list[int]], monkeypatch: pytest.MonkeyPatch) -> GpuVendor:
        machine = fake_nvml_environment(gpus=3, mig=mig, processes={0: {42: GIB}}, lost_later=[2])
        monkeypatch.setenv("FAKE_NVML", machine["FAKE_NVML"])
        return Nvidia(fake_nvml)


class TestExample(GpuVendorContract):
    """The vendor in the docs."""

    @pytest.fixture
    def vendor(self, tmp_path: Path) -> GpuVendor:
        names: dict[str, Callable[[], GpuVendor]] = {}
        exec(compile(example_code(tmp_path), "example", "exec", dont_inherit=True), names)  # noqa: S102 - the docs' own code
        return names["Example"]()


@pytest.mark.launch
def test_agents_give_the_gpus_of_another_packages_vendor_to_trials(client: Client, tmp_path: Path) -> None:
    extension = install_extension(tmp_path / "site", example_code(tmp_path), {GROUP: {"example": "Example"}})
    environment = os.environ | {"PYTHONPATH": str(extension)}
    sweep_id = make_sweep(client, tmp_path, SHOW_ENVIRONMENT, points=2)
    ended = finish(start_agent(sweep_id, folder=tmp_path, environment=environment), folder=tmp_path)
    assert (ended.status, ended.err) == (0, "")
    seen = [json.loads((tmp_path / f"environment-{point}.json").read_text()) for point in range(2)]
    assert sorted(each["EXAMPLE_VISIBLE_DEVICES"] for each in seen) == ["0", "1"]
    assert not any("CUDA_VISIBLE_DEVICES" in each for each in seen)
    assert sorted(agent.gpus for agent in client.agents(sweep_id)) == [["0"], ["1"]]


@pytest.mark.launch
def test_gpus_of_two_vendors_are_separate_slots_and_hide_each_other(client: Client, tmp_path: Path) -> None:
    code = example_code(tmp_path, gpus=1)
    extension = install_extension(tmp_path / "site", code, {GROUP: {"example": "Example"}})
    environment = fake_nvml_environment(gpus=1)
    environment["PYTHONPATH"] += f"{os.pathsep}{extension}"
    sweep_id = make_sweep(client, tmp_path, SHOW_ENVIRONMENT, points=2)
    ended = finish(start_agent(sweep_id, folder=tmp_path, environment=environment), folder=tmp_path)
    assert (ended.status, ended.err) == (0, "")
    seen = [json.loads((tmp_path / f"environment-{point}.json").read_text()) for point in range(2)]
    assert sorted((each["CUDA_VISIBLE_DEVICES"], each["EXAMPLE_VISIBLE_DEVICES"]) for each in seen) == [
        ("", "0"),
        ("0", ""),
    ]


SHOW = """
import json
from lightning_sweeps.system import gpus
print(json.dumps([[gpu.uuid for gpu in gpus.list_gpus()], gpus.gpu_problems(), len(gpus.sample_gpus())]))
"""


BROKEN = """
from lightning_sweeps.system.gpus.nvidia import Nvidia
from lightning_sweeps.system.gpus.visibility import is_like_a_visibility_variable

class Broken(Nvidia):
    name = "broken"

    def devices(self):
        raise RuntimeError("no such ioctl")

    sample = processes = devices
"""


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("import no_such_module", "the GPU vendor `broken` of the package `an-extension` cannot be loaded: "),
        (
            BROKEN,
            "the GPU vendor `broken` cannot be used: RuntimeError: no such ioctl",
        ),
    ],
)
def test_a_broken_vendor_does_not_hide_others_and_is_reported(tmp_path: Path, code: str, problem: str) -> None:
    extension = install_extension(tmp_path / "site", code, {GROUP: {"broken": "Broken"}})
    environment = fake_nvml_environment(gpus=2)
    environment["PYTHONPATH"] += f"{os.pathsep}{extension}"
    done = subprocess.run(
        [sys.executable, "-c", SHOW], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    uuids, problems, samples = json.loads(done.stdout)
    assert len(uuids) == samples == 2
    assert len(problems) == 1
    assert problems[0].startswith(problem)


@pytest.mark.parametrize(
    ("variables", "names"),
    [
        ({"EXAMPLE_VISIBLE_DEVICES": "1,0"}, ["1", "0"]),
        ({"CUDA_VISIBLE_DEVICES": "3", "EXAMPLE_VISIBLE_DEVICES": "1"}, ["3"]),
        ({"CUDA_VISIBLE_DEVICES": ""}, []),
        ({}, []),
    ],
)
def test_a_rank_knows_its_gpus_from_the_variable_of_any_vendor(
    tmp_path: Path, variables: dict[str, str], names: list[str]
) -> None:
    extension = install_extension(tmp_path / "site", example_code(tmp_path), {GROUP: {"example": "Example"}})
    code = f"from lightning_sweeps.system.gpus import visible_names; print(visible_names({variables!r}))"
    environment = os.environ | {"PYTHONPATH": str(extension)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(names)


def test_a_run_without_a_visibility_variable_loads_no_vendor(home: Path) -> None:
    code = """
import sys, lightning_sweeps
lightning_sweeps.init()
print(*{"lightning_sweeps.system.gpus.nvidia", "importlib.metadata"} & {*sys.modules})
"""
    variables = {name: value for name, value in os.environ.items() if not is_like_a_visibility_variable(name)}
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_no_vendor_library_is_imported_before_a_gpu_is_read() -> None:
    code = "import sys, lightning_sweeps.system.gpus, lightning_sweeps.sdk.session; print('pynvml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
