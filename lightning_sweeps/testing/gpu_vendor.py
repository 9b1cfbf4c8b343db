"""The contract of GPU vendors. Tests that need GPUs are skipped on a machine without GPUs of the vendor."""

from __future__ import annotations

import os

import pytest

from lightning_sweeps.system.gpus import Gpu, GpuVendor
from lightning_sweeps.system.gpus.visibility import is_like_a_visibility_variable


class GpuVendorContract:
    """Tests that a GPU vendor must pass. Override `vendor`."""

    @pytest.fixture
    def vendor(self) -> GpuVendor:
        """Return the vendor to test."""
        raise NotImplementedError("override the fixture `vendor`")

    @pytest.fixture
    def gpus(self, vendor: GpuVendor) -> list[Gpu]:
        """Return the vendor's GPUs on this machine."""
        gpus = vendor.devices()
        if not gpus:
            pytest.skip(
                f"there is no GPU of the vendor `{vendor.name}`: {vendor.driver_problem() or 'no driver problem'}"
            )
        return gpus

    def test_it_has_a_name_and_a_visibility_variable(self, vendor: GpuVendor) -> None:
        """The class attributes are set, and the variable is recognized where no vendor is loaded."""
        assert vendor.name
        assert vendor.visibility_variable.isidentifier()
        assert is_like_a_visibility_variable(vendor.visibility_variable)

    def test_every_gpu_is_unique_and_names_its_vendor(self, vendor: GpuVendor, gpus: list[Gpu]) -> None:
        """UUIDs and places are unique, and each GPU has its vendor's name."""
        assert {gpu.vendor for gpu in gpus} == {vendor.name}
        assert len({gpu.uuid for gpu in gpus}) == len({gpu.place for gpu in gpus}) == len(gpus)
        assert all(gpu.name for gpu in gpus)

    def test_every_sample_is_of_a_listed_gpu(self, vendor: GpuVendor, gpus: list[Gpu]) -> None:
        """Samples have the UUIDs and places of the listed GPUs, and percentages are between 0 and 100."""
        places = {gpu.uuid: gpu.place for gpu in gpus}
        for sample in vendor.sample():
            assert places[sample.uuid] == sample.place
            assert sample.utilization_percent is None or 0 <= sample.utilization_percent <= 100
            assert sample.memory_used_bytes is None or sample.memory_used_bytes >= 0

    def test_processes_are_by_gpu_and_pid(self, vendor: GpuVendor, gpus: list[Gpu]) -> None:
        """Processes belong to listed GPUs; their utilization is reported only on request."""
        uuids = {gpu.uuid for gpu in gpus}
        found = vendor.processes()
        assert found.keys() <= uuids
        for processes in found.values():
            assert all(pid > 0 and size >= 0 for pid, size in processes.memory_bytes.items())
            assert processes.busy_percent is None
        assert vendor.processes(since=0.0).keys() <= uuids

    def test_without_the_variable_all_gpus_are_visible_and_an_empty_value_hides_all(
        self, vendor: GpuVendor, gpus: list[Gpu]
    ) -> None:
        """An unset variable shows all GPUs, an empty value none."""
        assert vendor.visible(gpus, None) == gpus
        assert vendor.visible(gpus, "") == []

    def test_a_process_sees_the_gpus_that_its_environment_names(self, vendor: GpuVendor, gpus: list[Gpu]) -> None:
        """`environment` and `visible` agree: for all GPUs, each single one, and none."""
        for some in (gpus, *([gpu] for gpu in gpus), []):
            environment = vendor.environment(some, {})
            assert vendor.visible(gpus, environment[vendor.visibility_variable]) == some

    def test_a_limited_process_can_limit_its_children_further(self, vendor: GpuVendor, gpus: list[Gpu]) -> None:
        """Names are those that the variable needs in a process that already has a value for it."""
        parent = vendor.environment(gpus[::-1], {})
        child = vendor.environment(gpus[:1], parent)
        assert vendor.visible(gpus, child[vendor.visibility_variable]) == gpus[:1]

    def test_it_works_in_a_fork(self, vendor: GpuVendor, gpus: list[Gpu]) -> None:
        """A fork of a process that has read the GPUs reads the same ones."""
        child = os.fork()
        if child == 0:
            os._exit(0 if vendor.devices() == gpus else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    def test_problems_are_single_lines(self, vendor: GpuVendor) -> None:
        """Problems are for one line of output each."""
        assert all(line and "\n" not in line for line in vendor.problems())
        assert "\n" not in vendor.driver_problem()
