"""NVIDIA GPUs of simulated machines, each in a real subprocess, and CUDA's rules for CUDA_VISIBLE_DEVICES."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from lightning_sweeps.system.gpus import Gpu
from lightning_sweeps.system.gpus.nvidia import Nvidia
from tests.fakes.gpus import GIB, fake_nvml_environment

SHOW = """
import dataclasses, json, os
from lightning_sweeps.system import gpus
first = gpus.list_gpus()
reader, writer = os.pipe()
child = os.fork()
if child == 0:
    os.write(writer, str(len(gpus.list_gpus())).encode())
    os._exit(0)
os.waitpid(child, 0)
print(json.dumps({
    "gpus": [dataclasses.asdict(gpu) for gpu in first],
    "samples": [dataclasses.asdict(sample) for sample in gpus.sample_gpus()],
    "since": [dataclasses.asdict(sample) for sample in gpus.sample_gpus(since=1.0)],
    "places": [sample.place for sample in gpus.sample_gpus()],
    "driver": gpus.driver_problem(),
    "problems": gpus.gpu_problems(),
    "after_fork": int(os.read(reader, 10)),
}))
"""


def show(environment: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-c", SHOW]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_every_gpu_is_listed_also_after_a_fork(count: int) -> None:
    seen = show(fake_nvml_environment(gpus=count))
    assert [gpu["index"] for gpu in seen["gpus"]] == list(range(count))
    assert len({gpu["uuid"] for gpu in seen["gpus"]}) == count
    assert seen["gpus"][0]["memory_bytes"] == 80 * GIB
    assert seen["after_fork"] == count
    assert seen["driver"] == ""
    assert seen["problems"] == []


@pytest.mark.parametrize(
    ("problem", "text"), [("library", "NVML Shared Library Not Found"), ("driver", "Driver Not Loaded")]
)
def test_a_missing_driver_differs_from_no_gpu(problem: Any, text: str) -> None:
    seen = show(fake_nvml_environment(gpus=4, problem=problem))
    assert seen["gpus"] == seen["samples"] == []
    assert seen["driver"] == text


def test_no_gpu_is_no_problem() -> None:
    seen = show(fake_nvml_environment(gpus=0))
    assert (seen["gpus"], seen["driver"]) == ([], "")


@pytest.mark.parametrize("how", ["lost", "lost_later"])
def test_a_lost_gpu_does_not_hide_others(how: str) -> None:
    seen = show(fake_nvml_environment(gpus=4, **{how: [1]}))  # type: ignore[arg-type]
    assert [gpu["index"] for gpu in seen["gpus"]] == [0, 2, 3]
    assert [sample["index"] for sample in seen["samples"]] == [0, 2, 3]
    assert seen["problems"] == ["GPU 1 cannot be used: GPU is lost"]


def test_a_sample_has_every_value_in_the_documented_unit() -> None:
    seen = show(fake_nvml_environment(gpus=2, processes={1: {4242: 3 * GIB}}))
    sample = seen["samples"][1]
    assert sample == {
        "index": 1,
        "uuid": seen["gpus"][1]["uuid"],
        "utilization_percent": 11.0,
        "memory_used_bytes": 3 * GIB,
        "memory_total_bytes": 80 * GIB,
        "temperature_c": 41.0,
        "power_w": 100.501,
        "sm_clock_mhz": 1500.0,
        "memory_clock_mhz": 2600.0,
        "processes": {"4242": 3 * GIB},
        "process_percent": None,
        "part": None,
    }


def test_how_busy_each_process_keeps_a_gpu() -> None:
    held = {1: {42: 3 * GIB, 43: GIB}, 2: {43: GIB}}
    since = show(fake_nvml_environment(gpus=3, processes=held, idle=[43]))["since"]
    assert [sample["process_percent"] for sample in since] == [{}, {"42": 60.0}, {}]


@pytest.mark.parametrize("machine", [{"unsupported": ["process_percent"]}, {"mig": {0: [0]}}])
def test_a_driver_without_process_utilization_differs_from_idle_processes(machine: dict[str, Any]) -> None:
    (sample,) = show(fake_nvml_environment(gpus=1, processes={0: {42: GIB}}, **machine))["since"]
    assert sample["process_percent"] is None
    assert sample["processes"] == {"42": GIB}


def test_a_value_that_cannot_be_read_is_none() -> None:
    readings = ["utilization", "temperature", "power", "clock", "processes"]
    (sample,) = show(fake_nvml_environment(gpus=1, unsupported=readings))["samples"]
    assert sample["memory_used_bytes"] == 0
    for key in ("utilization_percent", "temperature_c", "power_w", "sm_clock_mhz", "memory_clock_mhz"):
        assert sample[key] is None
    assert sample["processes"] == {}


def test_mig_parts_replace_their_gpu() -> None:
    seen = show(fake_nvml_environment(gpus=2, mig={0: [0, 2]}))
    assert [(gpu["index"], gpu["uuid"][:4]) for gpu in seen["gpus"]] == [(0, "MIG-"), (0, "MIG-"), (1, "GPU-")]
    assert seen["places"] == ["0:0", "0:2", "1"]
    assert seen["gpus"][0]["memory_bytes"] == 40 * GIB
    assert seen["samples"][0]["utilization_percent"] is None
    assert seen["samples"][0]["temperature_c"] == 40.0


GPUS = [Gpu("nvidia", index, f"GPU-{index}{'abcd'[index]}-xyz", "G", GIB) for index in range(4)]
PARTS = [
    Gpu("nvidia", 0, "MIG-1f", "G", GIB, part=0),
    Gpu("nvidia", 0, "MIG-2f", "G", GIB, part=1),
    Gpu("nvidia", 1, "GPU-0a", "G", GIB),
]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, [0, 1, 2, 3]),
        ("", []),
        ("-1", []),
        ("2", [2]),
        ("3,1", [3, 1]),
        (" 3 , 1 ", [3, 1]),
        ("0,9,1", [0]),
        ("0,-1,1", [0]),
        ("1,1", []),
        ("0,x,1", [0]),
        ("1gpu,2", [1, 2]),
        ("GPU-2c-xyz,GPU-0", [2, 0]),
        ("GPU-", []),
        ("GPU-1,3", [1]),
        ("GPU-1,GPU-7,GPU-0", [1]),
        ("NoDevFiles", []),
    ],
)
def test_cuda_visible_devices(value: str | None, expected: list[int]) -> None:
    assert [gpu.index for gpu in Nvidia().visible(GPUS, value)] == expected


def test_cuda_visible_devices_with_mig() -> None:
    assert Nvidia().visible(PARTS, "MIG-2f") == [PARTS[1]]
    assert Nvidia().visible(PARTS, "MIG-2f,MIG-1f") == [PARTS[1], PARTS[0]]
    assert Nvidia().visible(PARTS, "0") == [PARTS[0]]
