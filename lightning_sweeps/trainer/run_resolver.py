"""Which run is this rank's: named alike on all ranks, opened late, opened anew where a rank turns out to be another.

Nothing here waits for another rank. Before Lightning has made the process group, `identify` may know less than after.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch.distributed

from lightning_sweeps.journal.records import LoggerMode
from lightning_sweeps.sdk.identity import Identity
from lightning_sweeps.sdk.process_info import find_origin, identify
from lightning_sweeps.sdk.run import Run
from lightning_sweeps.sdk.session import derive_run_id, next_number, open_run
from lightning_sweeps.trainer.resume import ResumePoint, RunMark

log = logging.getLogger("lightning_sweeps")

GROUP = "process group"
"""How `Place` names the launcher of ranks that have met: nothing is known better."""


@dataclass(frozen=True, slots=True)
class RunWords:
    """What a person gives a run; as the arguments of `SweepLogger`."""

    project: str
    mode: LoggerMode
    name: str | None
    group: str | None
    config: Mapping[str, Any]
    tags: Sequence[str]
    notes: str
    job_type: str


class OwnRun:
    """This rank's run, found and opened when it is first asked for. A pickle or copy goes on with the same run."""

    def __init__(self, words: RunWords) -> None:
        self._words = words
        self._number = next_number()
        self._origin = find_origin()
        self._job: str | None = None
        self._run: Run | None = None
        self._opened_as: Identity | None = None
        self._identity: Identity | None = None
        self._resumed: ResumePoint | None = None
        _own_runs.add(self)

    @property
    def opened(self) -> Run | None:
        """The run, where it was asked for already in this process."""
        return self._run

    @property
    def leaders_id(self) -> str:
        """The id of rank 0's run: the same on every rank, and the same before and after `current`."""
        return derive_run_id(self._identify(), number=self._number, rank=0)

    @property
    def mark(self) -> RunMark:
        """What a checkpoint keeps, so that a later attempt finds this run."""
        identity = self._identify()
        attempt = self._run.attempt if self._run is not None else identity.attempt
        return RunMark(identity.job, self._number, self._words.project, attempt)

    def current(self) -> Run:
        """Return this rank's run; what was opened before the ranks were known is opened anew where they differ."""
        identity = self._identify()
        run, before = self._run, self._opened_as
        if run is not None and before is not None and (before is identity or _is_same_place(before, identity)):
            return run
        return self._open()

    def resume(self, point: ResumePoint, *, is_trial: bool) -> None:
        """Go on with the run of a checkpoint. A trial's run stays the trial's; only the step is noted then.

        Called before anything was logged; where something was, it stays behind in a run of its own.
        """
        mine = self.mark
        if point.mark.project != self._words.project or (is_trial and point.mark.job != mine.job):
            log.warning("the checkpoint is of another project or trial; this training gets a run of its own")
            return
        if self._run is not None and self._run.is_announced:
            log.warning("something was logged before `fit`; it stays in the run `%s`", self._run.id)
        self._resumed = point
        self._job, self._number = point.mark.job, point.mark.number
        self._identity = None
        self._open()

    def forget(self) -> None:
        """Open the run anew at the next use: this process was forked, and may be another rank than its parent."""
        self._run = self._identity = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_run": None, "_identity": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        _own_runs.add(self)

    def _identify(self) -> Identity:
        """Return the identity; it is looked up once, and once more when the process group appears."""
        known = self._identity
        if known is not None and (known.place.launcher == GROUP or not _has_process_group()):
            return known
        identity = identify(carried=self._job, number=self._number, origin=self._origin)
        if identity.place.launcher == GROUP:  # all ranks have agreed: from now on it is this one
            self._job = identity.job
        if self._resumed is not None:
            attempt = max(identity.attempt, self._resumed.mark.attempt + 1)
            identity = dataclasses.replace(identity, attempt=attempt)
        self._identity = identity
        return identity

    def _open(self) -> Run:
        before, words = self._run, self._words
        self._opened_as = self._identify()
        is_withdrawn = before is not None and not before.is_announced
        if before is not None and is_withdrawn:
            before.withdraw()
        elif before is not None:  # `experiment` was written to before `fit`
            before.finish()
        self._run = open_run(
            self._opened_as,
            number=self._number,
            mode=words.mode,
            project=words.project,
            name=words.name,
            group=words.group,
            config={**words.config, **(before.config if before is not None else {})},
            tags=words.tags,
            notes=words.notes,
            job_type=words.job_type,
            resumed_step=self._resumed.step if self._resumed is not None else None,
            opens_late=True,
        )
        if before is not None and is_withdrawn:
            self._run.take_over(before)
        return self._run


def _is_same_place(one: Identity, other: Identity) -> bool:
    return (one.place.rank, one.place.world_size, one.job) == (other.place.rank, other.place.world_size, other.job)


def _has_process_group() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_initialized()


_own_runs: weakref.WeakSet[OwnRun] = weakref.WeakSet()


def _forget_runs() -> None:
    for own in list(_own_runs):
        own.forget()


os.register_at_fork(after_in_child=_forget_runs)
