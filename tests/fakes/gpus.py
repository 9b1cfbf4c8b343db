"""Simulated machines with GPUs for real subprocesses: the environment puts a fake `pynvml` first on the path."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

GIB = 1024**3
FAKE_FOLDER = Path(__file__).parent / "nvml"


def fake_nvml_environment(
    *,
    gpus: int = 8,
    mig: Mapping[int, Sequence[int]] | None = None,
    lost: Sequence[int] = (),
    lost_later: Sequence[int] = (),
    unsupported: Sequence[str] = (),
    problem: Literal["", "library", "driver"] = "",
    processes: Mapping[int, Mapping[int, int]] | None = None,
    processes_file: Path | None = None,
    idle: Sequence[int] = (),
    name: str = "Imagined H100",
    memory_bytes: int = 80 * GIB,
    busy_percent: int = 10,
    base: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return an environment in which NVML shows the described machine.

    Args:
        gpus: number of GPUs.
        mig: numbers of the MIG parts of each divided GPU, by GPU index.
        lost: GPUs for which there is no handle.
        lost_later: GPUs for which there is a handle but no reading.
        unsupported: readings that no GPU supports: name, memory, utilization, temperature, power, clock, processes,
            process_percent, mig.
        problem: why NVML cannot be initialised.
        processes: GPU memory in bytes by pid, by GPU index.
        busy_percent: utilization of the first GPU that has processes; each further one has 1 more.
        processes_file: a file to which a test can write more processes later, as JSON.
        idle: pids of processes that do not use their GPU; all others keep it busy for 60 % of the time.
        base: environment to extend; default: this process's, without `CUDA_VISIBLE_DEVICES`.
    """
    environment = dict(os.environ if base is None else base)
    if base is None:
        environment.pop("CUDA_VISIBLE_DEVICES", None)
    machine = {
        "gpus": gpus,
        "mig": {str(index): list(places) for index, places in (mig or {}).items()},
        "lost": list(lost),
        "lost_later": list(lost_later),
        "unsupported": list(unsupported),
        "problem": problem,
        "processes": {str(index): dict(held) for index, held in (processes or {}).items()},
        "processes_file": str(processes_file or FAKE_FOLDER / "none"),
        "idle": list(idle),
        "name": name,
        "memory_bytes": memory_bytes,
        "busy_percent": busy_percent,
    }
    environment["FAKE_NVML"] = json.dumps(machine)
    path = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = f"{FAKE_FOLDER}{os.pathsep}{path}" if path else str(FAKE_FOLDER)
    return environment
