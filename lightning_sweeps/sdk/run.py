"""Defines `Run`: whatever a process logs to a run goes through the journal of this process."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import msgspec

from lightning_sweeps.core.handover import TrialFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import UsageError
from lightning_sweeps.journal.closing import short_reason
from lightning_sweeps.journal.records import (
    ArtifactRecord,
    Config,
    Finish,
    Media,
    RunInfo,
    RunState,
    Stream,
    Summary,
    Text,
)
from lightning_sweeps.journal.writer import JournalWriter
from lightning_sweeps.sdk.ancestor import Ancestor
from lightning_sweeps.sdk.artifacts import RunArtifacts
from lightning_sweeps.sdk.blobs import put_blob
from lightning_sweeps.sdk.console import ConsoleCapture
from lightning_sweeps.sdk.error_text import end_of
from lightning_sweeps.sdk.local_artifacts import ArtifactVersion
from lightning_sweeps.sdk.media import MEDIA_TYPES
from lightning_sweeps.sdk.media.media_methods import MediaMethods
from lightning_sweeps.sdk.names import check_media_key
from lightning_sweeps.sdk.recorded_map import RecordedMap
from lightning_sweeps.system.start_service import ensure_service
from lightning_sweeps.system.uploads import wait_until_uploaded

logger = logging.getLogger("lightning_sweeps")

MAX_BUFFERED_LINES = 1000


class Run(MediaMethods, RunArtifacts):
    """A run, as one process logs to it. `lightning_sweeps.init` returns it.

    Logging appends to the journal file of this process. It uses no network and no collective, waits for no other
    process, and raises no exception when a write fails. Only `use_artifact`, `find_artifact` and `download_artifact`
    ask the server. A run can be pickled and used after a fork: each process writes its own journal for the run.

    A run is a context manager. At the end of the block it has the state that the program would have: `finished`,
    `failed` with the exception as the reason, or `killed` after Ctrl-C. A child process does not end its parent's run.

    Attributes:
        config: the configuration. Changes are recorded.
        summary: summary values. A value set here takes precedence over the last logged value of the same key.
        trial: the trial of the sweep, or None outside a sweep.

    Args:
        info: identity of the run and of this process.
        home: the home folder.
        journals: the folder for journals. None for a run that writes nothing (see `is_recording`).
        trial: the trial of the sweep.
        opens_late: create the journal with the first row or `announce`, not at once.
        parent: the journal of the run's main process, if this process is a child of it.

    Example:
        >>> with lightning_sweeps.init("digits") as run:
        ...     run.log({"loss": 0.5}, step=0)
    """

    def __init__(
        self,
        info: RunInfo,
        *,
        home: Home,
        journals: Path | None,
        trial: TrialFile | None = None,
        opens_late: bool = False,
        parent: str = "",
    ) -> None:
        self._info = info
        self._home = home
        self._journals = journals
        self._writer = self._open_writer(journals, opens_late, parent) if journals else None
        self._next_step = 0
        self._finished = False
        self._expected_end: tuple[RunState, str] | None = None
        self._capture: ConsoleCapture | None = None
        self._captures_console = False
        self._buffered_lines: list[tuple[Stream, str]] = []
        self.trial = trial
        self.config = RecordedMap(info.config, self._record_config)
        self.summary = RecordedMap({}, self._record_summary)

    def _open_writer(self, journals: Path, opens_late: bool, parent: str) -> JournalWriter:
        def restart_service() -> None:
            if journals == self._home.journals:
                ensure_service(self._home, read_settings())

        return JournalWriter(
            journals,
            run=self._info,
            opens_late=opens_late,
            waits_for_device=read_settings().gpu_values == "wait",
            on_check=restart_service,
            parent=parent,
        )

    # identity

    @property
    def id(self) -> str:
        """The id of the run."""
        return self._info.id

    @property
    def name(self) -> str:
        """The display name of the run."""
        return self._info.name

    @property
    def project(self) -> str:
        """The project of the run."""
        return self._info.project

    @property
    def group(self) -> str:
        """The group, which the runs of all ranks of a job share."""
        return self._info.group

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
    def ancestor(self) -> Ancestor | None:
        """What child processes know about this run; None before the journal of its main process is created."""
        main_id = self._writer.main_id if self._writer is not None else ""
        return Ancestor(self._info, main_id) if main_id else None

    @property
    def lost_rows(self) -> int:
        """The number of rows that this process could not write to its journal."""
        return self._writer.lost if self._writer is not None else 0

    @property
    def last_step(self) -> int:
        """The step of the last row of this process; 0 before the first."""
        return max(0, self._next_step - 1)

    @property
    def folder(self) -> Path:
        """The folder for checkpoints and files of the run, the same path on every rank. It may not exist yet."""
        return self._home.run_folder(self.project, self.id)

    # logging

    def announce(self) -> None:
        """Create the journal before the first row, so that the service knows the run."""
        if self._writer is not None and not self._finished:
            self._writer.open()
            self._record_buffered_lines()

    def log(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Log one row of metrics.

        Never raises. A value of any other type is left out, and a warning says so once.

        Args:
            values: names to numbers, booleans, text, tensors or arrays of one element, or nested maps of them.
            step: the step of the row. Steps may repeat and go back. Default: one more than the step of the last row.

        Example:
            >>> run.log({"train/loss": 0.5, "lr": 1e-3}, step=100)
        """
        if step is None:
            step = self._next_step
        self._next_step = step + 1
        if self._writer is not None:
            self._reopen()
            self._writer.metrics(step, values)

    def log_media(
        self,
        key: str,
        value: Any,
        kind: str = "file",
        *,
        step: int | None = None,
        caption: str = "",
        index: int = 0,
        **options: Any,
    ) -> None:
        check_media_key(key)
        media_type = MEDIA_TYPES.get(kind)()
        writer = self._writer
        if writer is None:
            return
        try:
            if not media_type.accepts(value):
                raise UsageError(
                    f"`{key}`: a `{type(value).__name__}` cannot be logged as `{kind}`, allowed: {media_type.accepted}"
                )
            encoded = media_type.encode(value, **options)
            blob = put_blob(self._home, encoded.content)
        except UsageError:
            raise
        except Exception as error:  # a media type may raise anything, and the disk may be full
            problem = f"cannot log `{key}` as `{kind}`: {type(error).__name__}: {error}"
            writer.report(f"{problem}; training continues without it", about=f"{kind} {key}")
            return
        at = self.last_step if step is None else step
        self._reopen()
        writer.append(
            lambda sequence, time: Media(
                sequence, at, time, key, blob.digest, blob.size_bytes, encoded.mime, caption, index
            )
        )

    log_media.__doc__ = MediaMethods.log_media.__doc__

    def record_artifact(
        self, version: ArtifactVersion, role: Literal["output", "input"], aliases: Sequence[str] = ()
    ) -> None:
        """Record that this run produced (`output`) or used (`input`) a version of an artifact."""
        if self._writer is not None:
            self._reopen()
            self._writer.append(
                lambda sequence, time: ArtifactRecord(
                    sequence, time, version.name, version.kind, version.number, version.digest, role,
                    list(aliases), version.metadata, version.files,
                )
            )  # fmt: skip

    def _record_config(self, values: dict[str, Any]) -> None:
        if self._writer is not None:
            self._reopen()
            self._writer.append(lambda sequence, time: Config(sequence, time, values))

    def _record_summary(self, values: dict[str, Any]) -> None:
        if self._writer is not None:
            self._reopen()
            self._writer.append(lambda sequence, time: Summary(sequence, time, values))

    # the end of the run

    def stop_requested(self) -> str | None:
        """Return the reason why the sweep wants to stop this run, or None. Reads one small file; uses no network.

        All ranks must leave training together, so rank 0 should ask and tell the others.
        """
        try:
            order = msgspec.json.decode(self._home.stop(self.id).read_bytes(), type=dict[str, str])
        except (OSError, msgspec.DecodeError):
            return None
        return order.get("reason", "")

    def finish(
        self,
        state: RunState = "finished",
        *,
        reason: str = "",
        exit_code: int | None = None,
        timeout_s: float | None = None,
    ) -> None:
        """End the run. The service uploads what is left. Logging again reopens the run.

        Args:
            state: the final state: `finished`, `failed`, `killed`, `stopped` or `preempted`.
            reason: why the run ended, for people.
            exit_code: the exit status of the program.
            timeout_s: seconds to wait until the server has everything. Default: return at once.
        """
        if self._writer is None or self._finished:
            self._finished = True
            return
        self._close(state, reason, exit_code, "run")
        if timeout_s is not None:
            missing = wait_until_uploaded(
                self._home, read_settings(), timeout_s=timeout_s, journals=[self._writer.path]
            )
            if missing.sizes:
                logger.warning("run %s: %s; the service continues in the background", self.id, missing)

    def expect_end(self, state: RunState | None, reason: str) -> None:
        """Set the final state to use if the process exits without calling `finish`. None resets it."""
        self._expected_end = None if state is None else (state, reason)

    def finish_at_exit(self, state: RunState, reason: str) -> None:
        """End the run when the interpreter exits and the program has not called `finish`.

        The service replaces this state if the exit status is another, but not the state that `expect_end` has set.
        """
        if self.is_announced and not self._finished and self._writer is not None and self._writer.is_own:
            if self._expected_end is not None:
                self._close(*self._expected_end, None, "run")
            else:
                self._close(state, reason, None, "exit")

    def _close(self, state: RunState, reason: str, exit_code: int | None, writer: Literal["run", "exit"]) -> None:
        assert self._writer is not None  # noqa: S101
        self.release_console()
        self._record_buffered_lines()
        self._finished = True
        self._writer.write_device_rows()
        if self._writer.lost:
            reason = "; ".join(filter(None, (reason, f"{self._writer.lost} rows could not be written")))
        reason = short_reason(reason)
        self._writer.append(
            lambda sequence, time: Finish(sequence, time, state, exit_code=exit_code, reason=reason, writer=writer)
        )
        self._writer.close()

    def _reopen(self) -> None:
        """Reopen a finished run: Lightning finishes it after `fit`, and may `test` in it afterwards."""
        if self._finished:
            self._finished = False
            if self._captures_console:
                self.capture_console()

    def capture_console(self) -> None:
        """Record what this process prints, line by line, until the run finishes. A reopened run records again."""
        self._captures_console = True
        if self._writer is not None and self._capture is None:
            self._capture = ConsoleCapture(self._record_line)

    def release_console(self) -> None:
        """Stop recording what this process prints."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def adopt_lines(self, previous: Run) -> None:
        """Take over the console lines of a run that this one replaces and that was never announced."""
        self._buffered_lines = [*previous._buffered_lines, *self._buffered_lines]

    def _record_line(self, stream: Stream, line: str) -> None:
        """Record a line that this process printed.

        A forked worker that prints opens no journal. A line announces no run; it is buffered until something else does.
        """
        if self._writer is None or not self._writer.is_own or self._finished:
            return
        if not self._writer.has_begun:
            self._buffered_lines = [*self._buffered_lines[-MAX_BUFFERED_LINES:], (stream, line)]
        else:
            self._record_buffered_lines()
            self._append_line(stream, line)

    def _record_buffered_lines(self) -> None:
        lines, self._buffered_lines = self._buffered_lines, []
        for stream, line in lines:
            self._append_line(stream, line)

    def _append_line(self, stream: Stream, line: str) -> None:
        if self._writer is not None:
            self._writer.append(lambda sequence, time: Text(sequence, time, stream, line))

    # use as a context manager and in other processes

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        end = end_of(error)
        self.finish(end.state, reason=end.reason, exit_code=end.exit_code)

    def __getstate__(self) -> dict[str, Any]:
        parent = self.ancestor.journal if self.ancestor is not None else ""
        arguments = {"info": self._info, "home": self._home, "journals": self._journals, "trial": self.trial}
        return {"arguments": arguments | {"parent": parent}, "next_step": self._next_step}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Run.__init__(self, **state["arguments"])
        self._next_step = state["next_step"]

    def __repr__(self) -> str:
        return f"Run(id={self.id!r}, project={self.project!r}, group={self.group!r}, rank={self.rank})"
