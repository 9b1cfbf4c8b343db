"""Checks that ranks can meet: starts two processes that run a real collective, and reads what torch says about CUDA."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from lightning_sweeps.cli.doctor_checks.finding import Finding, Machine
from lightning_sweeps.server.process.options import LOOPBACK
from lightning_sweeps.system.gpus.registry import gpu_vendors

CHECK = "ranks"
DEADLINE_S = 30.0
RANKS = 2
BUSY_LOAD = 2.0
"""Load per processor above which a slow start says nothing about the network."""
PROBE = "lightning_sweeps.trainer.rank_probe"
NAMES_HINT = "set GLOO_SOCKET_IFNAME to a network interface of `ip address`, for example `lo` on one machine"


def find(machine: Machine) -> Iterator[Finding]:
    """Start two ranks on this machine and judge what they print."""
    del machine
    began = time.monotonic()
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port = listener.getsockname()[1]
    ranks = [
        subprocess.Popen(
            [sys.executable, "-m", PROBE, str(rank), str(RANKS), str(port)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(RANKS)
    ]
    is_late = not _wait(ranks, until=began + DEADLINE_S)
    ended = [rank.communicate() for rank in ranks]
    if is_late:
        yield _too_late(are_imported=all(printed for printed, _ in ended))
        return
    for rank, (_, errors) in zip(ranks, ended, strict=True):
        if rank.returncode:
            said = next((line for line in reversed(errors.splitlines()) if line.strip()), f"exit {rank.returncode}")
            hint = "`pip install torch`" if "No module named" in said else NAMES_HINT
            yield Finding(CHECK, "fail", f"two ranks on this machine cannot meet: {said.strip()}", hint)
            return
    yield from judge(json.loads(ended[0][0].splitlines()[-1]), gpus=sum(len(one.devices()) for one in gpu_vendors()))


def _too_late(*, are_imported: bool) -> Finding:
    what = "two ranks on this machine did not meet" if are_imported else "torch was not imported"
    message = f"{what} within {DEADLINE_S:.0f} s"
    load = os.getloadavg()[0]
    if load > BUSY_LOAD * (os.cpu_count() or 1):
        hint = "run `lightning-sweeps doctor` again when the machine is less busy"
        return Finding(CHECK, "warn", f"{message}; this machine is busy (load {load:.0f})", hint)
    hint = NAMES_HINT if are_imported else "`python -X importtime -c 'import torch'` shows what is slow"
    return Finding(CHECK, "fail", message, hint)


def _wait(ranks: list[subprocess.Popen[str]], *, until: float) -> bool:
    """Wait for all ranks; kill them at the deadline (monotonic time). Return whether all have ended by themselves."""
    try:
        for rank in ranks:
            rank.wait(max(0.1, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    finally:
        for rank in ranks:
            rank.kill()
    return True


def judge(seen: dict[str, Any], *, gpus: int) -> Iterator[Finding]:
    """Return findings about what rank 0 reports. Pure.

    Args:
        seen: the report of `rank_probe`.
        gpus: number of GPUs that the drivers list.
    """
    yield Finding(CHECK, "ok", f"two ranks meet over gloo (torch {seen['torch']}, {seen['seconds']:.1f} s)")
    if seen["nccl_error"]:
        yield Finding(
            CHECK,
            "fail",
            f"NCCL {seen['nccl']} does not work: {seen['nccl_error']}",
            "`NCCL_DEBUG=INFO` shows why; compare `nvidia-smi` (driver) with `torch.version.cuda`",
        )
    elif seen["nccl_ranks"]:
        many = "two GPUs meet" if seen["nccl_ranks"] > 1 else "one GPU works"
        yield Finding(CHECK, "ok", f"{many} over NCCL {seen['nccl']} (CUDA {seen['cuda']})")
    elif gpus and not seen["gpus"]:
        built = f"is built for CUDA {seen['cuda']}" if seen["cuda"] else "is built without CUDA"
        yield Finding(
            CHECK,
            "fail",
            f"this machine has {gpus} GPUs and torch uses none: it {built}",
            "install the build for your driver: https://pytorch.org/get-started/locally",
        )
