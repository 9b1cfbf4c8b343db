"""Makes answers that fit into the context of a language model: plain values, short texts, few rows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import msgspec

from lightning_sweeps import messages as m

MAX_TEXT = 4000
"""Characters of a text; the end is kept, where an error stands."""


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer as JSON has it. Numbers that are not finite become null."""
    return msgspec.json.decode(msgspec.json.encode(answer), type=dict[str, Any])


def end_of_text(text: str) -> str:
    """Return the end of a text."""
    return text if len(text) <= MAX_TEXT else f"...{text[-MAX_TEXT:]}"


def sweep_line(sweep: m.Sweep) -> dict[str, Any]:
    """Return what a list says about a sweep."""
    named = {name: getattr(sweep, name) for name in ("id", "project", "name", "state", "reason", "method", "metric")}
    return named | {"goal": sweep.goal, "run_cap": sweep.run_cap, "counts": sweep.counts, "best": best_of(sweep.best)}


def best_of(trial: m.Trial | None) -> dict[str, Any] | None:
    """Return a trial's number, value and parameters."""
    return None if trial is None else {"number": trial.number, "value": trial.objective, "params": trial.params}


def trial_line(trial: m.Trial) -> dict[str, Any]:
    """Return what a list says about a trial."""
    names = ("number", "id", "state", "objective", "reports", "attempt", "params", "reason", "error")
    return {name: getattr(trial, name) for name in names}


def run_line(run: m.RunDetails) -> dict[str, Any]:
    """Return what a list says about a run."""
    names = ("id", "project", "name", "group", "rank", "world_size", "state", "reason", "sweep", "trial", "host")
    return {name: getattr(run, name) for name in (*names, "created", "ended", "rows", "tags")}


def series_rows(series: m.Series) -> list[dict[str, Any]]:
    """Return the buckets of a series."""
    return [asdict(bucket) for bucket in series.buckets]


def differences(configs: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the values that are not the same in all configurations: by name, then by run."""
    names = dict.fromkeys(name for values in configs.values() for name in values)
    by_name = {name: {run: values.get(name) for run, values in configs.items()} for name in names}
    return {name: found for name, found in by_name.items() if _differ(list(found.values()))}


def _differ(values: list[Any]) -> bool:
    return any(value != values[0] for value in values)
