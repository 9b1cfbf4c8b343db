"""The interface to one vendor's GPUs: a new vendor is one subclass and one registration."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from lightning_sweeps.system.gpus.devices import Gpu, GpuProcesses, GpuSample


class GpuVendor(ABC):
    """Lists and samples one vendor's GPUs, and restricts processes to some of them.

    Agents, the service and the logger create one instance per process, without arguments. No method may create a
    context on a GPU or raise: a value that cannot be read is None, and a GPU that fails is left out. Import the
    driver's library inside the methods, because most processes never read a GPU. An instance must also work in a fork
    of the process that created it.

    Register a subclass as an entry point of the group `lightning_sweeps.gpu_vendors`, and run
    `lightning_sweeps.testing.gpu_vendor.GpuVendorContract` on it.

    Attributes:
        name: name in the registry; each `Gpu.vendor` has the same value.
        visibility_variable: environment variable that limits a process to some GPUs, for example
            `CUDA_VISIBLE_DEVICES`: names separated by commas; if it is not set, all GPUs are visible; if it is empty,
            none.
    """

    name: ClassVar[str]
    visibility_variable: ClassVar[str]

    @abstractmethod
    def devices(self) -> list[Gpu]:
        """Return all GPUs of this machine, regardless of the visibility variable; empty without a driver."""

    @abstractmethod
    def sample(self) -> list[GpuSample]:
        """Return a sample of each GPU of `devices`, without its processes."""

    def processes(self, *, since: float | None = None) -> Mapping[str, GpuProcesses]:
        """Return the processes that use each GPU, by UUID. The default returns none.

        Args:
            since: also report how busy each process has kept the GPU since then (seconds since the epoch).
        """
        del since
        return {}

    def used_library(self) -> str:
        """Return the library that this process has initialised to compute on a GPU, or an empty string.

        Such a process cannot be forked to run trials. Listing and sampling GPUs does not count. The default returns an
        empty string.
        """
        return ""

    def driver_problem(self) -> str:
        """Return why the driver cannot be used, as one line, or an empty string."""
        return ""

    def problems(self) -> list[str]:
        """Return one line for each GPU that the driver lists but that cannot be used."""
        return []

    def visible(self, gpus: Sequence[Gpu], value: str | None) -> list[Gpu]:
        """Return the GPUs that a process sees.

        The default reads indices; the first entry that is not a GPU ends the list.

        Args:
            gpus: all GPUs of this vendor.
            value: the visibility variable's value; None if it is not set.

        Returns:
            The visible GPUs in the order of the value.
        """
        if value is None:
            return list(gpus)
        by_index = {str(gpu.index): gpu for gpu in gpus}
        shown: list[Gpu] = []
        for entry in (part.strip() for part in value.split(",")):
            if entry not in by_index:
                break
            shown.append(by_index[entry])
        return shown

    def device_names(self, gpus: Sequence[Gpu], value: str | None) -> list[str]:
        """Return the names of GPUs for a new value of the visibility variable. The default returns indices.

        Args:
            gpus: some of the GPUs that are visible under `value`.
            value: the variable's current value; None if it is not set.
        """
        del value
        return [str(gpu.index) for gpu in gpus]

    def environment(self, gpus: Sequence[Gpu], parent: Mapping[str, str]) -> dict[str, str]:
        """Return the variables that limit a new process to these GPUs.

        Args:
            gpus: the GPUs that the process may use; empty to hide all.
            parent: environment from which the process inherits.
        """
        value = parent.get(self.visibility_variable)
        return {self.visibility_variable: ",".join(self.device_names(gpus, value))}
