"""Run: what one process logs of one run, through the journal of this process."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import msgspec

from lightning_sweeps.core.handover import TrialFile
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import read_settings
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
from lightning_sweeps.journal.values import plain_values
from lightning_sweeps.journal.writer import JournalWriter
from lightning_sweeps.sdk.artifacts import ArtifactKeeping
from lightning_sweeps.sdk.blobs import Blob, put_bytes, put_file
from lightning_sweeps.sdk.console import Capture
from lightning_sweeps.sdk.delivery import wait_until_shipped
from lightning_sweeps.sdk.local_artifacts import Version
from lightning_sweeps.sdk.start_service import ensure_service

logger = logging.getLogger("lightning_sweeps")

MAX_HELD_LINES = 1000


class Run(ArtifactKeeping):
    """One process's view of a run.

    `log` and everything else here is an append to this process's own journal file: no network, no collective, no wait,
    and no exception for what goes wrong on the way. A run may be pickled to other processes and used after a fork: each
    process then writes a journal of its own for the same run.

    Args:
        info: identity and place of the run.
        home: the home folder.
        journals: the folder that journals are written to; None for a run that writes nothing (disabled, or a rank that
            does not log in single mode).
        trial: the sweep's trial, where there is one.
        opens_late: True: nothing is written before the first row or `announce`.
    """

    def __init__(
        self,
        info: RunInfo,
        *,
        home: Home,
        journals: Path | None,
        trial: TrialFile | None = None,
        opens_late: bool = False,
    ) -> None:
        self._info = info
        self._home = home
        self._journals = journals
        self._writer = self._open_writer(opens_late) if journals else None
        self._next_step = 0
        self._finished = False
        self._agreed_end: tuple[RunState, str] | None = None
        self._capture: Capture | None = None
        self._captures_console = False
        self._held: list[tuple[Stream, str]] = []
        self.trial = trial
        self.config = RecordedMap(info.config, self._record_config)
        self.summary = RecordedMap({}, self._record_summary)

    def _open_writer(self, opens_late: bool) -> JournalWriter:
        assert self._journals is not None  # noqa: S101
        return JournalWriter(self._journals, run=self._info, opens_late=opens_late, on_check=self._keep_service)

    def _keep_service(self) -> None:
        """Start the service again if it was killed."""
        if self._journals == self._home.journals:
            ensure_service(self._home, read_settings())

    # identity

    @property
    def id(self) -> str:
        return self._info.id

    @property
    def name(self) -> str:
        return self._info.name

    @property
    def project(self) -> str:
        return self._info.project

    @property
    def group(self) -> str:
        return self._info.group

    @property
    def rank(self) -> int:
        return self._info.rank

    @property
    def world_size(self) -> int:
        return self._info.world_size

    @property
    def attempt(self) -> int:
        return self._info.attempt

    @property
    def is_recording(self) -> bool:
        """False for a run that writes nothing: disabled mode, or another rank than 0 in single mode."""
        return self._writer is not None

    @property
    def is_finished(self) -> bool:
        return self._finished

    @property
    def is_announced(self) -> bool:
        """Whether anything of this run was written by this process."""
        return self._writer is not None and self._writer.has_begun

    def announce(self) -> None:
        """Let the service know of the run before its first row."""
        if self._writer is not None and not self._finished:
            self._writer.open()
            self._record_held()

    @property
    def lost_rows(self) -> int:
        """Rows of this process that could not be written to its journal."""
        return self._writer.lost if self._writer is not None else 0

    @property
    def folder(self) -> Path:
        """The run's own folder for checkpoints and files: unique per run, named alike on every rank; not made here."""
        return self._home.run_folder(self.project, self.id)

    # logging

    def log(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Log one row.

        Args:
            values: names to numbers, booleans, text, one-element tensors or arrays, or nested maps of them.
            step: the row's step; any order, repeats allowed. None: one more than the row before.
        """
        if step is None:
            step = self._next_step
        self._next_step = step + 1
        if self._writer is not None:
            self._reopen()
            self._writer.metrics(step, values)

    def log_media(
        self, key: str, content: bytes | Path, *, mime: str, step: int | None = None, caption: str = "", index: int = 0
    ) -> None:
        """Log a file: an image, a sound, a table. It is kept content-addressed in the home folder.

        Args:
            content: the bytes, or a file that is copied.
            mime: its type, for example `image/png`.
            step: as in `log`; None: the step of the row before.
            index: its place among several that are logged with one key and step.
        """
        writer = self._writer
        if writer is None:
            return
        try:
            blob: Blob = put_file(self._home, content) if isinstance(content, Path) else put_bytes(self._home, content)
        except OSError as error:
            writer.report(f"cannot keep `{key}`: {error}; training goes on without it")
            return
        at = max(0, self._next_step - 1) if step is None else step
        self._reopen()
        writer.append(
            lambda sequence, time: Media(sequence, at, time, key, blob.digest, blob.size_bytes, mime, caption, index)
        )

    def note_artifact(self, version: Version, role: Literal["output", "input"], aliases: Sequence[str] = ()) -> None:
        """Record that this run has made a version of an artifact, or used it."""
        if self._writer is not None:
            self._reopen()
            self._writer.append(
                lambda sequence, time: ArtifactRecord(
                    sequence, time, version.name, version.kind, version.number, version.digest, role,
                    list(aliases), version.metadata, version.files,
                )
            )  # fmt: skip

    def stop_requested(self) -> str | None:
        """Return why the sweep's controller wants this run to end, or None. One look at the file system; no network."""
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
        """Say that the run has ended. Returns at once; the service ships what is left. A later `log` opens it again.

        Args:
            timeout_s: wait so long for the server to have everything, and say what is still on its way then.
        """
        if self._writer is None or self._finished:
            self._finished = True
            return
        self._close(state, reason, exit_code, "run")
        if timeout_s is not None:
            left = wait_until_shipped(self._home, self._writer.path, timeout_s)
            if left:
                logger.warning("%d bytes of run %s are still on their way; the service goes on", left, self.id)

    def note_end(self, state: RunState | None, reason: str) -> None:
        """Remember how this run is going to end, in case the process ends before it says so; None: that is open."""
        self._agreed_end = None if state is None else (state, reason)

    def finish_at_exit(self, state: RunState, reason: str) -> None:
        """The interpreter ends and nobody called `finish`: the service corrects this by the exit status it sees.

        What was agreed upon before (`note_end`) is not corrected.
        """
        if self.is_announced and not self._finished and self._writer is not None and self._writer.is_own:
            if self._agreed_end is not None:
                self._close(*self._agreed_end, None, "run")
            else:
                self._close(state, reason, None, "exit")

    def _close(self, state: RunState, reason: str, exit_code: int | None, writer: Any) -> None:
        assert self._writer is not None  # noqa: S101
        self._release_console()
        self._record_held()
        self._finished = True
        lost = self._writer.lost
        if lost:
            reason = f"{reason}; {lost} rows could not be written" if reason else f"{lost} rows could not be written"
        self._writer.append(
            lambda sequence, time: Finish(sequence, time, state, exit_code=exit_code, reason=reason, writer=writer)
        )
        self._writer.close()

    def _reopen(self) -> None:
        """Go on after `finish`: Lightning finishes a run after `fit`, and may `validate` and `test` in it."""
        if self._finished:
            self._finished = False
            if self._captures_console:
                self.capture_console()

    def capture_console(self) -> None:
        """Record what this process prints, line by line, until the run is finished; again when it goes on."""
        self._captures_console = True
        if self._writer is not None and self._capture is None:
            self._capture = Capture(self._record_line)

    def _record_line(self, stream: Stream, line: str) -> None:
        """Record a line of this very process: a forked worker that prints must not open a journal for it.

        Nor must a line announce a run: until something else does, lines are held.
        """
        if self._writer is None or not self._writer.is_own or self._finished:
            return
        if not self._writer.has_begun:
            self._held = [*self._held[-MAX_HELD_LINES:], (stream, line)]
        else:
            self._record_held()
            self._append_line(stream, line)

    def _record_held(self) -> None:
        held, self._held = self._held, []
        for stream, line in held:
            self._append_line(stream, line)

    def _append_line(self, stream: Stream, line: str) -> None:
        if self._writer is not None:
            self._writer.append(lambda sequence, time: Text(sequence, time, stream, line))

    def _release_console(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def take_over(self, before: Run) -> None:
        """Stand in for a run of this process that was never announced; what was printed meanwhile is this one's."""
        self._held = [*before._held, *self._held]

    def withdraw(self) -> None:
        """Leave the console: another run takes the place of this one, which was never announced."""
        self._release_console()

    def _record_config(self, values: dict[str, Any]) -> None:
        if self._writer is not None:
            self._reopen()
            self._writer.append(lambda sequence, time: Config(sequence, time, values))

    def _record_summary(self, values: dict[str, Any]) -> None:
        if self._writer is not None:
            self._reopen()
            self._writer.append(lambda sequence, time: Summary(sequence, time, values))

    # use as a context, in other processes

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, SystemExit):
            self.finish()
        else:
            self.finish("failed", reason=describe_error(error))

    def __getstate__(self) -> dict[str, Any]:
        return {
            "info": self._info,
            "home": self._home,
            "journals": self._journals,
            "trial": self.trial,
            "next_step": self._next_step,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        Run.__init__(self, state["info"], home=state["home"], journals=state["journals"], trial=state["trial"])
        self._next_step = state["next_step"]

    def __repr__(self) -> str:
        return f"Run(id={self.id!r}, project={self.project!r}, group={self.group!r}, rank={self.rank})"


class RecordedMap(MutableMapping[str, Any]):
    """A map whose every change is also recorded in the journal. Values must be plain: numbers, text, lists, maps."""

    def __init__(self, values: Mapping[str, Any], record: Callable[[dict[str, Any]], None]) -> None:
        self._values = dict(values)
        self._record = record

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        raise TypeError(f"`{key}` cannot be taken back: it is in the journal; set it to None instead")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def update(self, *args: Any, **values: Any) -> None:
        """Set several values in one record; nested maps are merged by the server."""
        added = plain_config(dict(*args, **values))
        if added:
            self._values.update(added)
            self._record(added)

    def __repr__(self) -> str:
        return repr(self._values)


def plain_config(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` with everything that is neither number, text, list nor map as its text."""
    return {str(key): _plain(value) for key, value in values.items()}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return plain_config(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    kept, _ = plain_values({"value": value})
    with contextlib.suppress(KeyError):
        return kept["value"]
    return str(value)


def describe_error(error: BaseException) -> str:
    """Return the last line of a traceback: the kind of the exception and its message."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
