"""Collects the facts about this process that `identity` needs besides the environment."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import environment, read_settings
from lightning_sweeps.sdk.identity import (
    Identity,
    ProcessGroup,
    RankInfo,
    is_started_by_lightning,
    resolve_identity,
)
from lightning_sweeps.sdk.program_claims import claim_program
from lightning_sweeps.sdk.trial import read_trial
from lightning_sweeps.system.node import node_id, parent_of, process_start

logger = logging.getLogger("lightning_sweeps")

JOB_KEY = "lightning_sweeps/job/"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def identify(
    *, inherited_job: str | None = None, number: int = 0, origin: str | None = None, is_alone: bool = False
) -> Identity:
    """Return the job and the rank of this process.

    Args:
        inherited_job: the job of a logger that was pickled in another process.
        number: the number of the run or logger in this process, the same on all ranks. Two loggers are two jobs.
        origin: the process in which the job began, as `find_origin` returns it. Default: the result of `find_origin`.
        is_alone: whether this process trains alone, although a launcher may have started others. Not in a trial.
    """
    fallback_job = origin or find_origin()
    settings = read_settings()
    trial = read_trial(settings.trial)
    group = _process_group(fallback_job, number, inherited_job)
    identity = resolve_identity(
        environment(),
        fallback_job=fallback_job,
        parent=process_key_of(os.getppid()),
        trial=trial,
        process_group=group,
        inherited_job=inherited_job,
    )
    if trial is not None or not identity.is_launcher_job:
        return _without_others(identity) if is_alone and trial is None and group is None else identity
    place = claim_program(
        Home(settings.home),
        identity.job,
        attempt=identity.attempt,
        rank=identity.rank_info.rank,
        own=process_key(),
        list_ancestors=list_ancestors,
    )
    if place is None:  # a program that a training has started, with the launcher's variables of that training
        return resolve_identity({}, fallback_job=fallback_job, parent="", process_group=group)
    if place:
        identity = replace(identity, job=f"{identity.job}#{place}")
    return _without_others(identity) if is_alone and group is None else identity


def _without_others(identity: Identity) -> Identity:
    """Return the identity of a process that trains alone, although a launcher has started others beside it."""
    if identity.rank_info.world_size == 1:
        return identity
    alone = RankInfo(0, identity.rank_info.local_rank, 1, identity.rank_info.node_rank, "trainer")
    return replace(identity, rank_info=alone, job=f"{identity.job}@{identity.rank_info.rank}")


def list_ancestors() -> set[str]:
    """Return the unique names of the parent of this process, its parent's parent and so on."""
    found: set[str] = set()
    pid = parent_of(os.getpid())
    while pid is not None and pid > 1 and (key := process_key_of(pid)) not in found:
        found.add(key)
        pid = parent_of(pid)
    return found


def find_origin() -> str:
    """Return a unique name of the process in which the job began.

    It is this process, or its parent if Lightning's own launcher started this one as a further rank. So rank 0 can name
    the run before its children exist.
    """
    return f"process:{process_key_of(os.getppid() if is_started_by_lightning(environment()) else os.getpid())}"


def process_key() -> str:
    """Return a unique name of this process."""
    return process_key_of(os.getpid())


def process_key_of(pid: int) -> str:
    """Return a unique name of a process: of its machine, its boot, its pid and its start."""
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
