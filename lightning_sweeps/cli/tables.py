"""Formats tables, values and JSON for the terminal."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lightning_sweeps.messages import Sweep, SweepPoint, SweepUsage

STATE_STYLES = {
    "running": "cyan",
    "leased": "cyan",
    "working": "cyan",
    "stopping": "yellow",
    "ending": "cyan",
    "stopped": "yellow",
    "paused": "yellow",
    "preempted": "yellow",
    "queued": "dim",
    "starting": "yellow",
    "ended": "dim",
    "pending": "dim",
    "idle": "dim",
    "gone": "dim",
    "finished": "green",
    "failed": "red",
    "killed": "red",
    "lost": "red",
    "cancelled": "red",
}
Column = str | tuple[str, str]
"""A column heading, or a heading and `right` for a column of numbers."""

PIPE_WIDTH = 160
"""Width of a table that is not printed to a terminal, in characters."""


def note(text: str) -> None:
    """Print a note to stderr."""
    print(f"note: {text}", file=sys.stderr)


def warn(warnings: Iterable[str]) -> None:
    """Print warnings to stderr."""
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)


def console() -> Console:
    """Return a console for stdout."""
    return Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH)


def table(columns: Sequence[Column], rows: Iterable[Sequence[Any]], *, title: str = "") -> Table:
    """Return a table. Cells are plain text: rich does not interpret them as markup."""
    built = Table(box=SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for column in columns:
        heading, justify = (column, "left") if isinstance(column, str) else column
        built.add_column(heading, justify="right" if justify == "right" else "left", overflow="fold")
    for row in rows:
        built.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    return built


def state(name: str) -> Text:
    """Return the name of a state in its color."""
    return Text(name, style=STATE_STYLES.get(name, ""))


def number(value: Any) -> str:
    """Return a value with at most six significant digits, or `-` for None."""
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return str(value) if isinstance(value, int) or not math.isfinite(value) else f"{value:.6g}"


def repeated(point: SweepPoint) -> str:
    """Return the value of a point with its spread, and how many of its trials have one: `0.31 ± 0.02 (2 of 3)`."""
    lacks = [f"{count} {word}" for count, word in ((point.failed, "failed"), (point.stopped, "stopped")) if count]
    counts = ", ".join([f"{point.values} of {point.wanted}", *lacks])
    spread = "" if point.spread is None else f" ± {point.spread:.2g}"
    return f"{number(point.value)}{spread} ({counts})"


def best_of(sweep: Sweep) -> str:
    """Return the best trial or point of a sweep with its value; empty if there is none."""
    point, trial = sweep.best_point, sweep.best
    if point is not None:
        return f"point {point.number}, {sweep.metric} {repeated(point)} with {parameters(point.params)}"
    if trial is None:
        return ""
    return f"trial {trial.number}, {sweep.metric} {number(trial.objective)} with {parameters(trial.params)}"


def duration(start: float | None, end: float | None) -> str:
    """Return the time from `start` to `end`, or to now, in at most two units."""
    if start is None:
        return "-"
    seconds = max(0, int((end or time.time()) - start))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def usage(used: SweepUsage) -> str:
    """Return what a sweep has used of its budget."""
    cost = "" if used.cost is None else f", cost {used.cost:.2f}"
    return f"{used.trials} trials, {used.gpu_hours:.2f} GPU hours, {used.hours:.2f} hours{cost}"


def parameters(params: dict[str, Any], prefix: str = "") -> str:
    """Return a parameter set in one line, with dotted names for nested parameters."""
    words = []
    for key, value in params.items():
        inner = parameters(value, f"{prefix}{key}.") if isinstance(value, dict) and value else None
        words.append(inner or f"{prefix}{key}={number(value)}")
    return " ".join(words)


def print_json(value: Any) -> None:
    """Print a JSON document."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")
