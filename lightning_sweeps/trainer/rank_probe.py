"""Runs one rank of a small job for `lightning-sweeps doctor`: a collective over gloo, and over NCCL on GPUs.

    python -m lightning_sweeps.trainer.rank_probe RANK RANKS PORT

Each rank prints a line once torch is imported. Rank 0 then prints a JSON object with what it saw. A rank that cannot
meet the others ends with an exception.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta

import torch
import torch.distributed as dist

TIMEOUT = timedelta(seconds=10)


def main() -> None:
    """Meet the other ranks and print what torch says about this machine."""
    print("imported", flush=True)
    rank, ranks, port = (int(word) for word in sys.argv[1:])
    address = f"tcp://127.0.0.1:{port}"
    started = time.monotonic()
    dist.init_process_group("gloo", init_method=address, rank=rank, world_size=ranks, timeout=TIMEOUT)
    total = torch.ones(1)
    dist.all_reduce(total)
    if int(total) != ranks:
        raise RuntimeError(f"the sum over {ranks} ranks is {int(total)}")
    seconds = time.monotonic() - started
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    nccl_ranks = min(gpus, ranks) if dist.is_nccl_available() else 0
    error = _all_reduce_on_gpus(rank, nccl_ranks) if nccl_ranks else ""
    version = torch.cuda.nccl.version() if nccl_ranks else ()  # type: ignore[no-untyped-call]
    seen = {
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "gpus": gpus,
        "nccl": ".".join(map(str, version)),
        "nccl_ranks": nccl_ranks,
        "nccl_error": error,
        "seconds": seconds,
    }
    dist.barrier()
    dist.destroy_process_group()
    if rank == 0:
        print(json.dumps(seen))


def _all_reduce_on_gpus(rank: int, ranks: int) -> str:
    """Add up one number per GPU over NCCL; return the error of this rank."""
    group = dist.new_group(list(range(ranks)), timeout=TIMEOUT, backend="nccl")
    if rank >= ranks:
        return ""
    try:
        total = torch.ones(1, device=f"cuda:{rank}")
        dist.all_reduce(total, group=group)
        return "" if int(total) == ranks else f"the sum over {ranks} GPUs is {int(total)}"
    except RuntimeError as error:
        return str(error).strip().splitlines()[0]


if __name__ == "__main__":
    main()
