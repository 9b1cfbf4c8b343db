"""Defines `Run`: whatever a process logs to a run goes through the journal of this process."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from lightning_sweeps.core.handover import TrialFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import LightningSweepsError
from lightning_sweeps.journal.conform import whole_number
from lightning_sweeps.journal.records import Config, RunInfo, RunState, Summary
from lightning_sweeps.journal.writer import JournalWriter
from lightning_sweeps.sdk.ancestor import Ancestor
from lightning_sweeps.sdk.calls.mlflow_calls import MlflowCalls
from lightning_sweeps.sdk.calls.tensorboard_calls import TensorBoardCalls
from lightning_sweeps.sdk.calls.wandb_calls import WandbCalls
from lightning_sweeps.sdk.console import ConsoleCapture
from lightning_sweeps.sdk.metric_definitions import MetricDefinitions
from lightning_sweeps.sdk.page_url import find_page_url
from lightning_sweeps.sdk.recorded_map import RecordedMap
from lightning_sweeps.sdk.rejections import JournalRejections
from lightning_sweeps.sdk.run_html import run_html
from lightning_sweeps.sdk.terminal_messages import TerminalMessages
from lightning_sweeps.sdk.trial import note_that_program_asks_for_stop
from lightning_sweeps.system.start_service import ensure_service

logger = logging.getLogger("lightning_sweeps")


class StepCounter:
    """The step of the next row without a step. It is apart from `Run`, so that counting costs no checked assignment."""

    __slots__ = ("next", "pending", "source")

    def __init__(self) -> None:
        self.next = 0
        self.source: Callable[[], int | None] | None = None
        """Returns the step of rows without a step, such as that of a Trainer; None if it does not know."""
        self.pending: dict[str, Any] | None = None
        """Values of calls with `commit=False`, which belong to the next row."""

    def default(self) -> int:
        """Return the step of a row without a step."""
        try:
            found = None if self.source is None else self.source()
        except Exception:  # the user's function
            found = None
        return found if type(found) is int else self.next


class Run(WandbCalls, TensorBoardCalls, MlflowCalls):
    """A run, as one process logs to it. `lightning_sweeps.init` returns it.

    Logging appends to the journal file of this process. It uses no network and no collective, waits for no other
    process, and raises no exception: a value that cannot be stored is left out, with one warning for its key. Only
    `use_artifact`, `find_artifact` and `download_artifact` ask the server. A run can be pickled to other processes and
    used after a fork: each process writes its own journal for the same run.

    A run is a context manager. At the end of the block it has the state that the program would have: `finished`,
    `failed` with the exception as the reason, or `killed` after Ctrl-C. A child process does not end its parent's run.

    Attributes:
        config: the configuration. Changes are recorded.
        summary: summary values. A value set here takes precedence over the last logged value of the same key.
        trial: the trial of the sweep, or None outside a sweep.

    Args:
        info: identity of the run and of this process.
        home: the home folder.
        journals: the folder for journals. None for a run that writes nothing: disabled mode, or another rank than 0 in
            single mode.
        trial: the trial of the sweep.
        opens_late: create the journal with the first row or `announce`, not at once.
        parent: the journal of the run's main process, if this process is a child of it.
        messages: what the program says at the terminal. None: nothing.

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
        messages: TerminalMessages | None = None,
    ) -> None:
        self._info = info
        self._home = home
        self._journals = journals
        self._messages = messages
        self._rejections = JournalRejections(home)
        self._writer = None  # read by `_check`, which the writer calls when it creates its file
        self._writer = self._open_writer(journals, opens_late, parent) if journals else None
        self._steps = StepCounter()
        self._watches = []
        self._definitions: MetricDefinitions | None = None
        self._finished = False
        self._has_asked_for_stop = False
        self._expected_end: tuple[RunState, str] | None = None
        self._capture: ConsoleCapture | None = None
        self._captures_console = False
        self._buffered_lines = []
        self.trial = trial
        self.config = RecordedMap(info.config, self._record_config)
        self.summary = RecordedMap({}, self._record_summary)

    def _open_writer(self, journals: Path, opens_late: bool, parent: str) -> JournalWriter:
        return JournalWriter(
            journals,
            run=self._info,
            opens_late=opens_late,
            waits_for_device=read_settings().gpu_values == "wait",
            on_check=self._check,
            on_other=self._log_other_value,
            parent=parent,
        )

    def _check(self) -> None:
        """Start the service again if it was killed, and tell the program what could not be stored."""
        writer = self._writer
        if self._journals == self._home.journals:
            ensure_service(self._home, read_settings())
        if self._messages is not None:
            self._messages.tell_start()
        if writer is not None:
            self._tell_rejections()

    def _tell_rejections(self) -> None:
        writer = self._writer
        if writer is not None and (problem := self._rejections.find(writer.journal_id)):
            writer.report(problem, about=problem)

    @property
    def ancestor(self) -> Ancestor | None:
        """What child processes know about this run; None before the journal of its main process is created."""
        main_id = self._writer.main_id if self._writer is not None else ""
        return Ancestor(self._info, main_id) if main_id else None

    # logging

    def announce(self) -> None:
        """Create the journal before the first row, so that the service knows the run."""
        if self._writer is not None and not self._finished:
            self._writer.open()
            self._record_buffered_lines()

    def log(
        self,
        values: Mapping[str, Any],
        step: int | None = None,
        commit: bool | None = None,
        sync: bool | None = None,  # noqa: ARG002 - scripts written for W&B pass it
    ) -> None:
        """Log one row of metrics.

        Never raises. A value that cannot be stored is left out, and a warning says so once for its key.

        Args:
            values: names to numbers, booleans, text, tensors or arrays of one element, or nested maps of them. Images,
                figures, tables, larger arrays (as histograms) and `Media` objects are stored as media.
            step: the step of the row. Steps may repeat and go back. Default: one more than the step of the last row.
            commit: False: keep the values for the next row. Ignored if `step` is given.
            sync: ignored.

        Example:
            >>> run.log({"train/loss": 0.5, "lr": 1e-3}, step=100)
        """
        steps = self._steps
        if step is None:
            if commit is False or steps.pending is not None:
                values = self._join_pending(values)
                if commit is False:
                    steps.pending = values
                    return
                steps.pending = None
            step = steps.next if steps.source is None else steps.default()
        if type(step) is not int:
            step = self._whole_step(step)
        steps.next = step + 1
        if self._writer is not None:
            if self._finished:
                self._reopen()
            self._writer.metrics(step, values)
            if self._definitions is not None:
                self._definitions.update(values)

    def follow_steps(self, find_step: Callable[[], int | None]) -> None:
        """Let rows and media without a step have the step that `find_step` returns, such as that of a Trainer."""
        self._steps.source = find_step

    def _whole_step(self, step: Any) -> int:
        """Return an integer for a step of another type, or the next step if it is no number."""
        try:
            number = whole_number(step)
            problem = f"it is stored as {number}" if number != step else ""
        except Exception:  # the user's object may raise anything
            number, problem = self._steps.next, "the row has the next step"
        if problem:
            self._report(f"`step` is a `{type(step).__name__}`, allowed: integers; {problem}", about="step")
        return number

    def _join_pending(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values together with those of earlier calls with `commit=False`."""
        try:
            joined = {**(self._steps.pending or {}), **values}
        except Exception:  # no map
            self._report(f"log() left out a `{type(values).__name__}`: a row is a map", about="row")
            joined = self._steps.pending or {}
        return joined

    def _record_config(self, values: dict[str, Any]) -> None:
        if self._writer is not None:
            self._reopen()
            self._writer.append(lambda sequence, time: Config(sequence, time, values))

    def _record_summary(self, values: dict[str, Any]) -> None:
        if self._writer is not None:
            self._reopen()
            self._writer.append(lambda sequence, time: Summary(sequence, time, values))

    def _report(self, problem: str, *, about: str) -> None:
        """Log a problem once. A run that writes nothing says nothing: rank 0 says it."""
        if self._writer is not None:
            self._writer.report(problem, about=about)

    def stop_requested(self) -> str | None:
        """Return the reason why the sweep wants to stop this run, or None. Reads one small file; uses no network.

        All ranks must leave training together, so rank 0 should ask and tell the others. A program that never asks is
        ended with SIGTERM when the sweep stops its trial.
        """
        if self.trial is not None and not self._has_asked_for_stop:
            self._has_asked_for_stop = True
            note_that_program_asks_for_stop()
        try:
            order = msgspec.json.decode(self._home.stop(self.id).read_bytes(), type=dict[str, str])
        except (OSError, msgspec.DecodeError):
            return None
        return order.get("reason", "")

    def _reopen(self) -> None:
        """Reopen a finished run: Lightning finishes it after `fit` and may `validate` and `test` in it afterwards."""
        if self._finished:
            self._finished = False
            if self._captures_console:
                self.capture_console()

    # use as a context manager and in other processes

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end_block(error)

    def __getstate__(self) -> dict[str, Any]:
        parent = self.ancestor.journal if self.ancestor is not None else ""
        arguments = {"info": self._info, "home": self._home, "journals": self._journals, "trial": self.trial}
        return {"arguments": arguments | {"parent": parent}, "next_step": self._steps.next}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Run.__init__(self, **state["arguments"])
        self._steps.next = state["next_step"]

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and not hasattr(type(self), name) and name not in OWN_ATTRIBUTES:
            raise AttributeError(_describe_missing(name))
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"Run(id={self.id!r}, project={self.project!r}, group={self.group!r}, rank={self.rank})"

    def _repr_html_(self) -> str:
        """Return the run as a table for a notebook cell, with the values that this process has logged until now."""
        page = find_page_url(self._home, read_settings(), self.id) or ""
        return run_html(self._info, self._writer.path if self._writer is not None else None, page=page)


OWN_ATTRIBUTES = ("trial", "config", "summary")


def _describe_missing(name: str) -> str:
    """Return the message about an attribute that a run does not have, with what to write instead."""
    similar = difflib.get_close_matches(name, [*OWN_ATTRIBUTES, *(each for each in dir(Run) if each[0] != "_")], 3)
    hint = f"similar names: {', '.join(similar)}" if similar else "`run.config` and `run.summary` keep values"
    return str(LightningSweepsError(f"a run has no attribute `{name}` to set", hint=hint))
