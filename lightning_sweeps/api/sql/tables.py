"""The tables that a statement may read. They are documented, and stay the same when the server's own tables change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lightning_sweeps.api.rows import leaves
from lightning_sweeps.api.sql.source import RUN_COLUMNS, Source
from lightning_sweeps.errors import UsageError

MAX_POINTS = 20_000_000
"""Points that a statement may read, about 2 GB of memory."""


@dataclass(frozen=True, slots=True)
class SqlTable:
    """A table.

    Attributes:
        about: what a row is.
        columns: its columns.
        rows: returns its rows.
    """

    about: str
    columns: tuple[str, ...]
    rows: Callable[[Source], Iterator[tuple[Any, ...]]]


def _sweeps(source: Source) -> Iterator[tuple[Any, ...]]:
    for sweep in source.sweeps:
        best, trials = sweep.best, sum(sweep.counts.values())
        number, value = (None, None) if best is None else (best.number, best.objective)
        yield (
            *(sweep.id, sweep.project, sweep.name, sweep.description, sweep.state, sweep.reason, sweep.method),
            *(sweep.metric, sweep.goal, sweep.run_cap, trials, number, value, sweep.created, sweep.ended, sweep.config),
        )


def _trials(source: Source) -> Iterator[tuple[Any, ...]]:
    for trial in source.trials:
        yield (
            *(trial.id, trial.sweep, trial.number, trial.state, trial.attempt, trial.objective, trial.last_objective),
            *(
                trial.reports,
                trial.reason,
                trial.error,
                trial.created,
                trial.started,
                trial.ended,
                trial.gpus,
                trial.gpu_s,
            ),
            *(trial.point, trial.repeat, trial.ignored, trial.discarded, trial.note, trial.params),
        )


def _params(source: Source) -> Iterator[tuple[Any, ...]]:
    for trial in source.trials:
        for name, value in leaves(trial.params):
            yield trial.sweep, trial.id, trial.number, name, value


def _runs(source: Source) -> Iterator[tuple[Any, ...]]:
    for run in source.runs:
        yield run["id"], *(run[name] for name in RUN_COLUMNS)


def _leaves_of(column: str) -> Callable[[Source], Iterator[tuple[Any, ...]]]:
    def rows(source: Source) -> Iterator[tuple[Any, ...]]:
        for run in source.runs:
            for name, value in leaves(run[column]):
                yield run["id"], name, value

    return rows


def _series(source: Source) -> Iterator[tuple[Any, ...]]:
    for run_id, info in source.series:
        last = None if info.last is None else float(info.last)
        statistics = (last, info.minimum, info.maximum, info.mean)
        yield run_id, info.key, info.count, info.first_step, info.last_step, *statistics


def _points(source: Source) -> Iterator[tuple[Any, ...]]:
    total = sum(info.count for _, info in source.series)
    if total > MAX_POINTS:
        raise UsageError(
            f"the statement reads `points`, which has {total} rows here, allowed: {MAX_POINTS}",
            hint="choose runs or metrics with `--project`, `--filter` and `--key`, or read `series`",
        )
    for run_id, info in source.series:
        for page in source.client.all_points(run_id, info.key):
            for point in page:
                yield run_id, info.key, point.step, point.time, float(point.value), point.is_abandoned


TABLES: Mapping[str, SqlTable] = {
    "sweeps": SqlTable(
        "a sweep; `config` is JSON",
        (
            *("id", "project", "name", "description", "state", "reason", "method", "metric", "goal", "run_cap"),
            *("trials", "best_trial", "best_value", "created", "ended", "config"),
        ),
        _sweeps,
    ),
    "trials": SqlTable(
        "a trial of a sweep; `params` is JSON",
        (
            *("id", "sweep", "number", "state", "attempt", "objective", "last_objective", "reports", "reason", "error"),
            *("created", "started", "ended", "gpus", "gpu_s", "point", "repeat", "ignored", "discarded", "note"),
            "params",
        ),
        _trials,
    ),
    "params": SqlTable(
        "a parameter of a trial; nested names have dots", ("sweep", "trial", "number", "name", "value"), _params
    ),
    "runs": SqlTable(
        "a run; `tags`, `config` and `summary` are JSON; `group_name` is its group",
        ("id", *("group_name" if name == "group" else name for name in RUN_COLUMNS)),
        _runs,
    ),
    "config": SqlTable(
        "a value of a run's configuration; nested names have dots", ("run", "name", "value"), _leaves_of("config")
    ),
    "summary": SqlTable("a summary value of a run", ("run", "name", "value"), _leaves_of("summary")),
    "series": SqlTable(
        "a metric of a run, with statistics over its points",
        ("run", "name", "count", "first_step", "last_step", "last", "minimum", "maximum", "mean"),
        _series,
    ),
    "points": SqlTable(
        "a logged number; NaN is NULL; `is_abandoned`: a later attempt resumed from before it",
        ("run", "name", "step", "time", "value", "is_abandoned"),
        _points,
    ),
}
"""Every table by name. Times are seconds since the epoch."""


def describe_tables() -> str:
    """Return one line for each table: its columns and what a row is."""
    return "\n".join(f"{name}({', '.join(table.columns)}): {table.about}" for name, table in TABLES.items())
