"""AMD's, Apple's and Intel's GPUs, through fakes of the interfaces that describe them."""

from __future__ import annotations

import json
import os
import plistlib
from pathlib import Path
from typing import Any

import pytest

from lightning_sweeps.client import Client
from lightning_sweeps.system.gpus import GpuVendor
from lightning_sweeps.system.gpus.amd import MIB, Amd
from lightning_sweeps.system.gpus.apple import Apple
from lightning_sweeps.system.gpus.intel import Intel
from lightning_sweeps.testing.gpu_vendor import GpuVendorContract
from tests.agents.trials import finish, make_sweep, start_agent
from tests.fakes.amd import amdsmi as fake_amdsmi
from tests.fakes.intel import pyzes as fake_pyzes

FAKE_FOLDER = Path(fake_amdsmi.__file__).parent
SHOW = "import os; open('shown', 'a').write(os.environ['HIP_VISIBLE_DEVICES'] + ' ')"
ACCELERATOR = {
    "IORegistryEntryID": 4294968201,
    "model": b"Apple M3 Max\0",
    "PerformanceStatistics": {"Device Utilization %": 37, "In use system memory": 2_147_483_648},
}


def amd_machine(**machine: Any) -> str:
    return json.dumps({"gpus": 3, **machine})


@pytest.mark.parametrize("machine", [{}, {"hip_ids": [2, 0, 1]}, {"unsupported": ["enumeration", "clock", "vram"]}])
class TestAmd(GpuVendorContract):
    """AMD, on a simulated machine with three GPUs."""

    @pytest.fixture
    def vendor(self, machine: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> GpuVendor:
        monkeypatch.setenv("FAKE_AMDSMI", amd_machine(processes={0: {42: 5 * MIB}}, **machine))
        return Amd(fake_amdsmi)


def intel_machine(**machine: Any) -> str:
    return json.dumps({"gpus": 3, **machine})


@pytest.mark.parametrize("machine", [{}, {"unsupported": ["zesMemoryGetState", "zesEngineGetActivity"]}])
class TestIntel(GpuVendorContract):
    """Intel, on a simulated machine with three GPUs and an NPU."""

    @pytest.fixture
    def vendor(self, machine: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> GpuVendor:
        monkeypatch.setenv("FAKE_ZES", intel_machine(processes={0: {42: 5 * MIB}}, **machine))
        return Intel(fake_pyzes)


class TestApple(GpuVendorContract):
    """Apple, with a program `ioreg` that describes one GPU."""

    @pytest.fixture
    def vendor(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GpuVendor:
        return apple(tmp_path, monkeypatch, [ACCELERATOR])


def apple(folder: Path, monkeypatch: pytest.MonkeyPatch, accelerators: list[dict[str, Any]]) -> Apple:
    (folder / "listed.plist").write_bytes(plistlib.dumps(accelerators))
    program = folder / "ioreg"
    program.write_text(f"#!/bin/sh\ncat '{folder / 'listed.plist'}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return Apple(is_mac=True)


def test_the_readings_of_an_amd_gpu_have_our_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_AMDSMI", amd_machine(gpus=1, processes={0: {42: 5 * MIB}}))
    vendor = Amd(fake_amdsmi)
    [gpu] = vendor.devices()
    assert (gpu.name, gpu.memory_bytes) == ("AMD Instinct MI300X", 196_592 * MIB)
    [sample] = vendor.sample()
    assert sample.memory_used_bytes == 285 * MIB
    assert (sample.utilization_percent, sample.power_w, sample.temperature_c) == (60.0, 135.0, 45.0)
    assert (sample.sm_clock_mhz, sample.memory_clock_mhz) == (2100.0, 1300.0)
    assert vendor.processes()[gpu.uuid].memory_bytes == {42: 5 * MIB}


def test_an_amd_process_whose_memory_is_unknown_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_AMDSMI", amd_machine(gpus=1, processes={0: {42: "N/A"}}))
    [processes] = Amd(fake_amdsmi).processes().values()
    assert processes.memory_bytes == {42: 0}


def test_a_machine_without_rocm_has_no_amd_gpus() -> None:
    vendor = Amd()
    assert (vendor.devices(), vendor.sample(), vendor.driver_problem(), vendor.used_library()) == ([], [], "", "")


def test_a_driver_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_AMDSMI", amd_machine(problem="the amdgpu driver is not loaded"))
    vendor = Amd(fake_amdsmi)
    assert vendor.devices() == []
    assert vendor.driver_problem() == "AMD SMI: the amdgpu driver is not loaded"


@pytest.mark.launch
def test_trials_get_amd_gpus_one_each(client: Client, tmp_path: Path) -> None:
    sweep_id = make_sweep(client, tmp_path, SHOW, points=4)
    environment = {
        **os.environ,
        "FAKE_AMDSMI": amd_machine(gpus=2),
        "PYTHONPATH": f"{FAKE_FOLDER}:{os.environ.get('PYTHONPATH', '')}",
    }
    ended = finish(start_agent(sweep_id, folder=tmp_path, environment=environment), folder=tmp_path)
    assert ended.status == 0, ended.out + ended.err
    assert set((tmp_path / "shown").read_text().split()) <= {"0", "1"}
    assert "agent 1" in ended.out


def test_the_readings_of_a_mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor = apple(tmp_path, monkeypatch, [ACCELERATOR])
    [gpu] = vendor.devices()
    assert (gpu.name, gpu.uuid) == ("Apple M3 Max", "APPLE-4294968201")
    [sample] = vendor.sample()
    assert (sample.utilization_percent, sample.memory_used_bytes) == (37.0, 2_147_483_648)
    assert 0 < sample.memory_total_bytes == gpu.memory_bytes


def test_a_mac_without_an_accelerator_or_with_nonsense_has_no_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert apple(tmp_path, monkeypatch, []).devices() == []
    (tmp_path / "listed.plist").write_text("nonsense")
    assert Apple(is_mac=True).devices() == []
    (tmp_path / "ioreg").write_text("#!/bin/sh\nexit 1\n")
    assert Apple(is_mac=True).devices() == []


def test_the_readings_of_an_intel_gpu_have_our_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_ZES", intel_machine(gpus=1, seconds=1, processes={0: {42: 5 * MIB, 43: MIB}}))
    vendor = Intel(fake_pyzes)
    [gpu] = vendor.devices()
    assert gpu.name == "Intel(R) Data Center GPU Max 1550"
    assert gpu.uuid == f"INTEL-8680{'00' * 14}"
    assert gpu.memory_bytes == 128 * 1024 * MIB
    [first] = vendor.sample()
    assert (first.utilization_percent, first.power_w) == (None, None)  # differences of counters
    monkeypatch.setenv("FAKE_ZES", intel_machine(gpus=1, seconds=3))
    [sample] = vendor.sample()
    assert sample.utilization_percent == pytest.approx(60.0)
    assert sample.power_w == 150.0
    assert (sample.temperature_c, sample.sm_clock_mhz, sample.memory_clock_mhz) == (47.0, 1600.0, 3200.0)
    assert (sample.memory_used_bytes, sample.memory_total_bytes) == (2 * 1024 * MIB, 128 * 1024 * MIB)


def test_the_processes_of_an_intel_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_ZES", intel_machine(gpus=2, processes={1: {42: 5 * MIB, 43: MIB}}))
    found = [each.memory_bytes for each in Intel(fake_pyzes).processes().values()]
    assert found == [{}, {42: 5 * MIB, 43: MIB}]


def test_numbers_of_intel_gpus_are_cards_not_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_ZES", intel_machine())
    vendor = Intel(fake_pyzes)
    gpus = vendor.devices()
    assert vendor.environment(gpus[1:], {}) == {"ZE_AFFINITY_MASK": "1,2", "ZE_FLAT_DEVICE_HIERARCHY": "COMPOSITE"}
    chosen = {"ZE_FLAT_DEVICE_HIERARCHY": "FLAT"}
    assert vendor.environment(gpus[1:], chosen) == {"ZE_AFFINITY_MASK": "1,2"}


def test_a_machine_without_level_zero_has_no_intel_gpus() -> None:
    vendor = Intel()
    assert (vendor.devices(), vendor.sample(), vendor.driver_problem(), vendor.used_library()) == ([], [], "", "")


def test_level_zero_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_ZES", intel_machine(problem=fake_pyzes.ZE_RESULT_ERROR_UNINITIALIZED))
    vendor = Intel(fake_pyzes)
    assert vendor.devices() == []
    assert vendor.driver_problem() == "Level Zero: zesInit returned 0x78000001"
