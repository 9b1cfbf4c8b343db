"""Tells the person at the terminal once where a run is, and once how it ended.

Only rank 0 outside a sweep does. The address of the page comes from the settings or a file in the home folder. Nothing
waits for a stopped terminal or a full pipe: the message is left out.
"""

from __future__ import annotations

import io
import os
import select
import sys
from pathlib import Path
from typing import TextIO

from lightning_sweeps.core.installation import has_server
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.journal.records import RunInfo
from lightning_sweeps.sdk.page_url import find_page_url
from lightning_sweeps.sdk.value_summary import ValueSummary

READ_TIMEOUT_S = 0.5
MOST_METRICS = 20
PREFIX = "lightning-sweeps: "
INDENT = "  "
NO_SERVER = (
    "none yet, because no server is set and this installation has none; the rows wait on this machine until "
    "`lightning-sweeps login URL` sets one"
)


class TerminalMessages:
    """What one process says about one run. A forked child says nothing.

    Args:
        run: the run.
        home: the home folder.
        settings: the settings of the run.
        ends_late: say how the run ended when the program ends, not at `finish`: Lightning finishes a run after each
            `fit` and `test`.
    """

    def __init__(self, run: RunInfo, home: Home, settings: Settings, *, ends_late: bool = False) -> None:
        self._run = run
        self._home = home
        self._settings = settings
        self._ends_late = ends_late
        self._pid = os.getpid()
        self._values = ValueSummary()
        self._end = ""
        self._has_started = self._has_ended = False

    def tell_start(self) -> None:
        """Say which run it is, where its page is, and where its data is. Only the first call does."""
        if not self._has_started and os.getpid() == self._pid:
            self._has_started = True
            say(describe_start(self._run, page=self._page(), data=self._home.root))

    def note_end(self, end: str, journal: Path, *, is_quiet: bool) -> None:
        """Take note that the run ended, and say so unless that is done later.

        Args:
            end: the state, with the reason.
            journal: the journal that the run ends with.
            is_quiet: say nothing, now and later.
        """
        if os.getpid() != self._pid or self._has_ended:
            return
        if is_quiet:
            self._has_ended = True
            return
        self._end = end
        self._values.read(journal, timeout_s=READ_TIMEOUT_S)
        if not self._ends_late:
            self.tell_end()

    def tell_end(self) -> None:
        """Say how the run ended, with its values. Only the first call after an end does."""
        if self._end and not self._has_ended and os.getpid() == self._pid:
            self._has_ended = True
            say(describe_end(self._run, self._values, end=self._end, page=self._page()))

    def _page(self) -> str:
        if self._settings.mode == "offline":
            return "none, because the run is offline; upload it with `lightning-sweeps sync`"
        page = find_page_url(self._home, self._settings, self._run.id)
        return page or ("`lightning-sweeps ui` opens it" if has_server() else NO_SERVER)


def describe_start(run: RunInfo, *, page: str, data: Path) -> str:
    """Return what a program says about its run when it starts. Pure."""
    ranks = f", rank 0 of {run.world_size}" if run.world_size > 1 else ""
    attempt = f", attempt {run.attempt + 1}" if run.attempt else ""
    first = f"{PREFIX}run `{run.name}` in project `{run.project}`{ranks}{attempt}"
    return f"{first}\n{INDENT}page: {page}\n{INDENT}data: {data}\n"


def describe_end(run: RunInfo, values: ValueSummary, *, end: str, page: str) -> str:
    """Return what a program says about its run when it ends: its state, and a table of values. Pure."""
    rows = "1 row" if values.rows == 1 else f"{values.rows} rows"
    first = f"{PREFIX}run `{run.name}`: {end}" + (f", {rows}" if values.is_whole else "")
    shown = list(values.metrics.items())[:MOST_METRICS]
    width = max((len(name) for name, _ in shown), default=0)
    lines = [first]
    if shown:
        columns = ("last", "lowest", "highest")[: 3 if values.is_whole else 1]
        lines.append(f"{INDENT}{'':{width}} " + "".join(f" {column:>11}" for column in columns))
        for name, metric in shown:
            numbers = (metric.last, metric.lowest, metric.highest)[: len(columns)]
            lines.append(f"{INDENT}{name:{width}} " + "".join(f" {value:11.6g}" for value in numbers))
    left = len(values.metrics) - len(shown)
    if left:
        lines.append(f"{INDENT}and {left} more metrics")
    return "\n".join([*lines, f"{INDENT}page: {page}"]) + "\n"


def say(message: str) -> None:
    """Write a message to standard error, if that takes it at once."""
    stream = sys.stderr
    try:
        if stream is not None and _takes_text(stream):
            stream.write(message)
            stream.flush()
    except (OSError, ValueError):  # closed
        pass


def _takes_text(stream: TextIO) -> bool:
    """Return whether a write does not wait: a stopped terminal or a full pipe is not writable."""
    try:
        descriptor = stream.fileno()
    except io.UnsupportedOperation:  # a notebook's stream, which a thread empties
        return True
    return bool(select.select([], [descriptor], [], 0)[1])
