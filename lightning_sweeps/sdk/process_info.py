"""Collects the facts about this process that `identity` needs besides the environment."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

from lightning_sweeps.core.settings import environment, read_settings
from lightning_sweeps.sdk.identity import Identity, ProcessGroup, is_started_by_lightning, resolve_identity
from lightning_sweeps.sdk.trial import read_trial
from lightning_sweeps.system.node import node_id, process_start

logger = logging.getLogger("lightning_sweeps")

JOB_KEY = "lightning_sweeps/job/"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def identify(*, inherited_job: str | None = None, number: int = 0, origin: str | None = None) -> Identity:
    """Return the job and the rank of this process.

    Args:
        inherited_job: the job of a logger that was pickled in another process.
        number: the number of the run or logger in this process, the same on all ranks. Two loggers are two jobs.
        origin: the process in which the job began, as `find_origin` returns it. Default: the result of `find_origin`.
    """
    fallback_job = origin or find_origin()
    return resolve_identity(
        environment(),
        fallback_job=fallback_job,
        parent=_process_key(os.getppid()),
        trial=read_trial(read_settings().trial),
        process_group=_process_group(fallback_job, number, inherited_job),
        inherited_job=inherited_job,
    )


def find_origin() -> str:
    """Return a unique name of the process in which the job began.

    It is this process, or its parent if Lightning's own launcher started this one as a further rank. So rank 0 can name
    the run before its children exist.
    """
    return f"process:{_process_key(os.getppid() if is_started_by_lightning(environment()) else os.getpid())}"


def _process_key(pid: int) -> str:
    try:
        boot = _BOOT_ID.read_text().strip()
    except OSError:
        boot = ""  # only Linux counts start times from boot
    return f"{node_id()}:{boot}:{pid}:{process_start(pid)}"


def _process_group(proposed_job: str, number: int, inherited_job: str | None) -> ProcessGroup | None:
    """Return the default process group if the training program has initialized it. This does not import torch."""
    distributed: Any = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return None
    job = inherited_job or _agree_on_job(distributed, f"{JOB_KEY}{number}", proposed_job)
    return ProcessGroup(distributed.get_rank(), distributed.get_world_size(), job)


def _agree_on_job(distributed: Any, key: str, proposed: str) -> str:
    """Return the job that all ranks agree on through the store of the group. The first writer wins.

    This is not a collective: no rank waits for another. If the store is gone with rank 0, a rank uses its own proposal.
    """
    try:
        agreed: bytes = distributed.distributed_c10d._get_default_store().compare_set(key, "", proposed)
    except (RuntimeError, AttributeError) as error:  # torch's own errors are RuntimeErrors; MPI groups have no store
        logger.warning("the ranks cannot agree on one group; this rank may be in a separate group: %s", error)
        return proposed
    return agreed.decode()
