"""Shows how far an agent is: as lines of text, and in a notebook as one table that changes in place."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from typing import Any

from lightning_sweeps import messages as m
from lightning_sweeps.core.cells import rows_html, text_of

MOST_TRIALS = 10


class PrintedProgress:
    """Prints a line for each event."""

    def say(self, text: str) -> None:
        """Print one line for the user."""
        print(f"agent: {text}", flush=True)

    def start(self, trial: m.Trial) -> None:
        """Take note that a trial starts."""
        shown = ", ".join(f"{name}={value}" for name, value in trial.params.items())
        self.say(f"trial {trial.number} ({trial.id}) starts: {shown}")

    def end(self, trial: m.Trial, end: m.TrialEnd) -> None:
        """Take note that a trial has ended. Its last values may still be on their way."""
        self.say(f"trial {trial.number} ({trial.id}) {end.state}" + (f": {end.reason}" if end.reason else ""))

    def close(self, trial: m.Trial) -> None:
        """Take note that the server has all values of a trial."""


@dataclass(slots=True)
class ProgressTable:
    """The trials that an agent has run, as the output of a notebook cell. It needs no widgets and no JavaScript.

    Attributes:
        sweep: the sweep.
        count: number of trials to run; None: until the sweep ends.
    """

    sweep: m.Sweep
    count: int | None
    _rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    _done: int = 0

    def start(self, trial: m.Trial) -> None:
        """Add a trial."""
        own = {"trial": trial.number, "state": f"running since {time.strftime('%H:%M:%S')}"}
        taken = {*own, "reason", self.sweep.metric or "objective"}
        self._rows[trial.number] = own | _columns(trial.params, taken)

    def end(self, trial: m.Trial, end: m.TrialEnd) -> None:
        """Show how a trial ended."""
        self._done += 1
        self._rows[trial.number] |= {"state": end.state, "reason": end.reason}

    def close(self, trial: m.Trial) -> None:
        """Show the value of a trial."""
        if trial.number in self._rows:
            self._rows[trial.number] |= {"state": trial.state, "reason": trial.reason}
            self._rows[trial.number] |= {self.sweep.metric or "objective": trial.objective}

    def __repr__(self) -> str:
        return f"{self._title()}{self._best_text()}"

    def _repr_html_(self) -> str:
        limit = f' max="{self.count}"' if self.count else ""
        bar = f'<progress value="{self._done}"{limit}></progress> ' if self.count else ""
        last = list(self._rows.values())[-MOST_TRIALS:]
        earlier = len(self._rows) - len(last)
        table = rows_html(last, note=f"and {earlier} earlier trials" if earlier else "") if last else ""
        return f"<p>{bar}{escape(self._title() + self._best_text())}</p>{table}"

    def _title(self) -> str:
        name = self.sweep.name or self.sweep.id
        return f"sweep {name}: {self._done}{f' of {self.count}' if self.count else ''} trials done"

    def _best_text(self) -> str:
        """Return the best value of these trials. Other agents may have found better ones."""
        metric = self.sweep.metric or ""
        values = [(row[metric], row["trial"]) for row in self._rows.values() if row.get(metric) is not None]
        if not values:
            return ""
        value, number = min(values) if self.sweep.goal == "minimize" else max(values)
        return f"; best {metric} {text_of(value)} in trial {number}"


class NotebookProgress(PrintedProgress):
    """Shows a table that changes in place. Other messages are printed.

    Args:
        table: the table.
    """

    def __init__(self, table: ProgressTable) -> None:
        from IPython.display import display

        self._table = table
        self._handle: Any = display(table, display_id=True)  # type: ignore[no-untyped-call]

    def start(self, trial: m.Trial) -> None:
        self._table.start(trial)
        self._handle.update(self._table)

    def end(self, trial: m.Trial, end: m.TrialEnd) -> None:
        self._table.end(trial, end)
        self._handle.update(self._table)

    def close(self, trial: m.Trial) -> None:
        self._table.close(trial)
        self._handle.update(self._table)


def show_progress(sweep: m.Sweep, count: int | None) -> PrintedProgress:
    """Return the display that fits where this process runs.

    Args:
        sweep: the sweep.
        count: number of trials to run; None: until the sweep ends.
    """
    return NotebookProgress(ProgressTable(sweep, count)) if is_notebook() else PrintedProgress()


def is_notebook() -> bool:
    """Return whether a notebook's kernel runs this process, as opposed to a terminal. Imports nothing."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


def _columns(params: dict[str, Any], taken: Iterable[str]) -> dict[str, Any]:
    """Return a parameter set as columns that none of the `taken` ones hides."""
    return {f"params.{name}" if name in taken else name: value for name, value in params.items()}
