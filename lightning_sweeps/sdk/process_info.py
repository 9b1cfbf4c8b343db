"""What `identity` needs to know beyond the environment, gathered from this process."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

from lightning_sweeps.core.settings import environment, read_settings
from lightning_sweeps.sdk.identity import Identity, ProcessGroup, is_further_rank_of_parent, resolve_identity
from lightning_sweeps.sdk.trial import read_trial
from lightning_sweeps.system.node import node_id, process_start

logger = logging.getLogger("lightning_sweeps")

JOB_KEY = "lightning_sweeps/job/"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def identify(*, carried: str | None = None, number: int = 0, origin: str | None = None) -> Identity:
    """Return which rank of which job this process is.

    Args:
        carried: the job that a pickled logger brought along, already agreed on.
        number: which logger of this process asks; the same on all ranks, so that two loggers make two jobs.
        origin: the process that made the logger, as `find_origin` names it; default: this one.
    """
    fresh = origin or find_origin()
    return resolve_identity(
        environment(),
        fresh=fresh,
        parent=_process_key(os.getppid()),
        trial=read_trial(read_settings().trial),
        process_group=_process_group(fresh, number, carried),
        carried=carried,
    )


def find_origin() -> str:
    """Return the name of the process that the job began in, for ever.

    That is this process, or its parent where Lightning's own launcher started this one as a further rank: so that
    rank 0 can name the run before its children exist.
    """
    return f"process:{_process_key(os.getppid() if is_further_rank_of_parent(environment()) else os.getpid())}"


def _process_key(pid: int) -> str:
    try:
        boot = _BOOT_ID.read_text().strip()
    except OSError:
        boot = ""  # only Linux counts start times from its boot
    return f"{node_id()}:{boot}:{pid}:{process_start(pid)}"


def _process_group(fresh: str, number: int, carried: str | None) -> ProcessGroup | None:
    """Return the default process group if the training program has made one; torch is never imported for it."""
    distributed: Any = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return None
    job = carried or _agree(distributed, f"{JOB_KEY}{number}", fresh)
    return ProcessGroup(distributed.get_rank(), distributed.get_world_size(), job)


def _agree(distributed: Any, key: str, proposed: str) -> str:
    """Return the job that all ranks agree on through the group's store: the first writer wins.

    No collective: no rank waits for another. Where the store is gone with rank 0, a rank goes on with what it proposed.
    """
    try:
        agreed: bytes = distributed.distributed_c10d._get_default_store().compare_set(key, "", proposed)
    except (RuntimeError, AttributeError) as error:  # torch's own errors are RuntimeErrors; MPI groups have no store
        logger.warning("the ranks cannot agree on one group: %s; this rank's run may lie in a group of its own", error)
        return proposed
    return agreed.decode()
