"""Finds and opens the run of this rank.

The run has the same name on all ranks and is opened on first use. Nothing here waits for another rank. Before Lightning
has initialized the process group, `identify` may know less than afterwards; if `identify` then returns another rank,
the run is opened again.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import weakref
from collections.abc import Callable
from typing import Any

import torch.distributed

from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.sdk.ancestor import Ancestor
from lightning_sweeps.sdk.identity import Identity
from lightning_sweeps.sdk.process_info import find_origin, identify
from lightning_sweeps.sdk.resumed_run import find_attempt
from lightning_sweeps.sdk.run import Run
from lightning_sweeps.sdk.run_info import RunOptions, derive_run_id
from lightning_sweeps.sdk.session import next_number, open_run
from lightning_sweeps.sdk.usable_home import usable_home
from lightning_sweeps.trainer.resume import ResumePoint, RunReference

log = logging.getLogger("lightning_sweeps")

PROCESS_GROUP = "process group"
"""The launcher in `RankInfo` if the rank comes from the process group, which is the best source."""


class RunResolver:
    """Opens the run of this rank on first use. A pickle or a copy continues the same run.

    Args:
        options: what the program says about the run, with a project.
        resume: whether the run must or must not exist, as in `init`.
    """

    def __init__(self, options: RunOptions, *, resume: str | None = None) -> None:
        self._options = options
        self._resume = resume
        self._is_alone = False
        self._find_step: Callable[[], int | None] | None = None
        self._number = next_number()
        self._origin = find_origin()
        self._job: str | None = None
        self._run: Run | None = None
        self._opened_as: Identity | None = None
        self._identity: Identity | None = None
        self._resume_point: ResumePoint | None = None
        self._ancestor: Ancestor | None = None
        _resolvers.add(self)

    @property
    def opened(self) -> Run | None:
        """The run, or None if this process has not opened it yet."""
        return self._run

    @property
    def rank_zero_id(self) -> str:
        """The id of rank 0's run. It is the same on every rank and does not change when `current` opens a run."""
        return self._options.run_id or derive_run_id(self._identify(), number=self._number, rank=0)

    @property
    def reference(self) -> RunReference:
        """The reference that a checkpoint stores, so that a later attempt finds this run."""
        identity = self._identify()
        attempt = self._run.attempt if self._run is not None else identity.attempt
        return RunReference(identity.job, self._number, self._options.project or "", attempt)

    def current(self) -> Run:
        """Return the run of this rank. If it was opened under another identity, it is opened again."""
        identity = self._identify()
        run, opened_as = self._run, self._opened_as
        if run is not None and opened_as is not None and (opened_as is identity or _is_same_rank(opened_as, identity)):
            return run
        return self._open()

    def resume(self, point: ResumePoint, *, is_trial: bool) -> None:
        """Continue the run of a checkpoint.

        Call it before anything is logged; what was logged before stays in a separate run. A trial always keeps its
        own run, and only the step is used.
        """
        own = self.reference
        if point.run.project != self._options.project or (is_trial and point.run.job != own.job):
            log.warning("the checkpoint belongs to another project or trial; this training gets a new run")
            return
        if self._run is not None and self._run.is_announced:
            log.warning("rows were logged before `fit`; they stay in the run `%s`", self._run.id)
        self._resume_point = point
        self._job, self._number = point.run.job, point.run.number
        self._identity = None
        self._open()

    def bind(self, *, is_alone: bool, find_step: Callable[[], int | None]) -> None:
        """Follow a Trainer.

        Args:
            is_alone: whether it has one process. Then an outer launcher's rank is not the rank of this training.
            find_step: returns the step of rows without a step.
        """
        self._find_step = find_step
        if self._run is not None:
            self._run.follow_steps(find_step)
        if is_alone != self._is_alone:
            self._is_alone, self._identity = is_alone, None

    def reset(self) -> None:
        """Open the run again on next use: a forked process may be another rank than its parent."""
        self._ancestor = self._ancestor_of_child()
        self._run = self._identity = None

    def __getstate__(self) -> dict[str, Any]:
        job = self._job
        if job is None and self._identity is not None and self._identity.is_launcher_job:
            job = self._identity.job  # a process that inherits the launcher's variables is no program of its own
        known = {"_job": job, "_ancestor": self._ancestor_of_child()}
        return {**self.__dict__, **known, "_run": None, "_identity": None, "_find_step": None}

    def _ancestor_of_child(self) -> Ancestor | None:
        return self._ancestor or (self._run.ancestor if self._run is not None else None)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        _resolvers.add(self)

    def _identify(self) -> Identity:
        """Return the identity. It is determined once, and once more when the process group is initialized."""
        known = self._identity
        if known is not None and (known.rank_info.launcher == PROCESS_GROUP or not _has_process_group()):
            return known
        identity = identify(inherited_job=self._job, number=self._number, origin=self._origin, is_alone=self._is_alone)
        if identity.rank_info.launcher == PROCESS_GROUP:  # all ranks have agreed on this job
            self._job = identity.job
        if self._resume_point is not None:
            attempt = max(identity.attempt, self._resume_point.run.attempt + 1)
            identity = dataclasses.replace(identity, attempt=attempt)
        self._identity = identity
        return identity

    def _open(self) -> Run:
        previous, options = self._run, self._options
        self._opened_as = self._identify()
        replaces_previous = previous is not None and not previous.is_announced
        if previous is not None and replaces_previous:
            previous.release_console()
        elif previous is not None:  # the program used `experiment` before `fit`
            previous.finish()
        if previous is not None:
            options = dataclasses.replace(options, config={**options.config, **previous.config.as_dict()})
        self._run = open_run(
            self._with_attempt(self._opened_as),
            options,
            number=self._number,
            resumed_step=self._resume_point.step if self._resume_point is not None else None,
            opens_late=True,
            ancestor=self._ancestor,
        )
        if self._find_step is not None:
            self._run.follow_steps(self._find_step)
        if previous is not None and replaces_previous:
            self._run.adopt_lines(previous)
        return self._run

    def _with_attempt(self, identity: Identity) -> Identity:
        """Return the identity with the number of this attempt, if the program chose the id of the run."""
        run_id, rank = self._options.run_id, identity.rank_info.rank
        settings = read_settings()
        if run_id is None or settings.mode == "disabled" or (self._options.mode == "single" and rank):
            return identity
        own_id = f"{run_id}-rank{rank}" if self._options.mode == "grouped" and rank else run_id
        attempt = find_attempt(usable_home(settings.home), settings, own_id, self._resume)
        return dataclasses.replace(identity, attempt=max(attempt, identity.attempt))


def _is_same_rank(one: Identity, other: Identity) -> bool:
    first, second = one.rank_info, other.rank_info
    return (first.rank, first.world_size, one.job) == (second.rank, second.world_size, other.job)


def _has_process_group() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_initialized()


_resolvers: weakref.WeakSet[RunResolver] = weakref.WeakSet()


def _reset_resolvers() -> None:
    for resolver in list(_resolvers):
        resolver.reset()


os.register_at_fork(after_in_child=_reset_resolvers)
