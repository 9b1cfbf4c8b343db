"""Defines who a run is: its names, its rank, its folder, and the labels that a program may change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from lightning_sweeps.journal.conform import text, texts
from lightning_sweeps.journal.records import Labels
from lightning_sweeps.sdk.run_base import RunBase


class RunIdentity(RunBase):
    """The part of `Run` that names it."""

    @property
    def id(self) -> str:
        """The id of the run."""
        return self._info.id

    @property
    def name(self) -> str:
        """The display name of the run. It may be set."""
        return self._info.name

    @name.setter
    def name(self, value: Any) -> None:
        self._label("name", value)

    @property
    def notes(self) -> str:
        """Free text about the run. It may be set."""
        return self._info.notes

    @notes.setter
    def notes(self, value: Any) -> None:
        self._label("notes", value)

    @property
    def tags(self) -> tuple[str, ...]:
        """Labels to filter by. They may be set: `run.tags += ("baseline",)`."""
        return tuple(self._info.tags)

    @tags.setter
    def tags(self, value: Any) -> None:
        self._label("tags", value)

    @property
    def project(self) -> str:
        """The project of the run."""
        return self._info.project

    @property
    def group(self) -> str:
        """The group, which the runs of all ranks of a job share."""
        return self._info.group

    @property
    def job_type(self) -> str:
        """The role of the process, for example `train` or `eval`."""
        return self._info.job_type

    @property
    def rank(self) -> int:
        """The global rank of this process."""
        return self._info.rank

    @property
    def world_size(self) -> int:
        """The number of processes in the job."""
        return self._info.world_size

    @property
    def attempt(self) -> int:
        """Number of earlier restarts of the job; 0 for the first attempt."""
        return self._info.attempt

    @property
    def is_recording(self) -> bool:
        """False for a run that writes nothing: disabled mode, or another rank than 0 in single mode."""
        return self._writer is not None

    @property
    def is_finished(self) -> bool:
        """Whether `finish` was called and nothing has been logged since."""
        return self._finished

    @property
    def is_announced(self) -> bool:
        """Whether this process has created its journal, so that the service knows the run."""
        return self._writer is not None and self._writer.has_begun

    @property
    def lost_rows(self) -> int:
        """The number of rows that this process could not write to its journal."""
        return self._writer.lost if self._writer is not None else 0

    @property
    def last_step(self) -> int:
        """The step of the last row of this process; 0 before the first."""
        return max(0, self._steps.next - 1)

    @property
    def folder(self) -> Path:
        """The folder for checkpoints and files of the run, the same path on every rank. It may not exist yet."""
        return self._home.run_folder(self.project, self.id)

    def _label(self, name: str, value: Any) -> None:
        """Change the name, the notes or the tags of the run. The server replaces the previous ones."""
        try:
            given: Any = texts(value) if name == "tags" else text("" if value is None else value)
        except Exception:  # the user's object may raise anything
            allowed = "a list of texts" if name == "tags" else "text"
            self._report(f"`{name}` is a `{type(value).__name__}`, allowed: {allowed}; it is not changed", about=name)
            return
        self._info = replace(self._info, **{name: given})
        if self._writer is not None:
            self._reopen()
            self._writer.change_run(self._info)
            self._writer.append(lambda sequence, time: Labels(sequence, time, **{name: given}))
