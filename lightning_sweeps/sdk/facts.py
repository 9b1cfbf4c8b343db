"""What `identity` needs to know beyond the environment, gathered from this process."""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

from lightning_sweeps.ids import new_id
from lightning_sweeps.node import process_start
from lightning_sweeps.sdk.identity import Identity, ProcessGroup, resolve_identity
from lightning_sweeps.sdk.trial import read_trial
from lightning_sweeps.settings import environment, read_settings

JOB_KEY = "lightning_sweeps/job/"


def identify(*, carried: str | None = None, number: int = 0) -> Identity:
    """Return which rank of which job this process is.

    Args:
        carried: the job that a pickled logger brought along.
        number: which logger of this process asks; the same on all ranks, so that two loggers make two jobs.
    """
    fresh = new_id("job-")
    return resolve_identity(
        environment(),
        fresh=fresh,
        parent=f"{socket.gethostname()}:{os.getppid()}:{process_start(os.getppid())}",
        trial=read_trial(read_settings().trial),
        process_group=_process_group(fresh, number),
        carried=carried,
    )


def _process_group(fresh: str, number: int) -> ProcessGroup | None:
    """Return the default process group if the training program has made one; torch is never imported for it.

    The job is agreed through the group's store: the first writer wins. No collective: no rank waits for another.
    """
    distributed: Any = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return None
    store = distributed.distributed_c10d._get_default_store()
    job = store.compare_set(f"{JOB_KEY}{number}", "", fresh).decode()
    return ProcessGroup(distributed.get_rank(), distributed.get_world_size(), job)
