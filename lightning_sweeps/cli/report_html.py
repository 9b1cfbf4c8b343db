"""The report of a sweep as one HTML file: plots, tables and the sweep file, without scripts and without a network."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from lightning_sweeps.cli import svg
from lightning_sweeps.cli.report_text import SweepReport, change_text, facts
from lightning_sweeps.cli.tables import duration, number, parameters, repeated
from lightning_sweeps.messages import FAILED_TRIAL_STATES, Trial
from lightning_sweeps.sweeps.config import read_config
from lightning_sweeps.sweeps.controller import is_better
from lightning_sweeps.sweeps.dimensions import Dimension
from lightning_sweeps.sweeps.space import Space

MAX_SLICES = 24
"""Number of parameters that are drawn, the most important first."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --soft: #60646c; --line: #d9d9e0; --mark: #0d74ce; --best: #218358;
  --bad: #ce2c31; --ground: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #edeef0; --soft: #b0b4ba; --line: #363a3f; --mark: #70b8ff;
  --best: #3dd68c; --bad: #ff9592; --ground: #111113; } }
body { font: 14px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); margin: 2rem auto;
  max-width: 1320px; padding: 0 1rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(360px, 1fr)); gap: 1rem; }
svg text { font-size: 11px; fill: var(--soft); } .grid { stroke: var(--line); }
.dot { fill: var(--mark); fill-opacity: .55; } .best { fill: var(--best); } .stopped { fill: var(--soft); }
.steps { fill: none; stroke: var(--best); stroke-width: 1.5; } .bar { fill: var(--mark); }
.error-bar { stroke: var(--soft); stroke-opacity: .6; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .25rem .6rem; vertical-align: top;
  border-bottom: 1px solid var(--line); } td.number { text-align: right; font-variant-numeric: tabular-nums; }
.error { color: var(--bad); } .soft { color: var(--soft); } pre { overflow-x: auto; }
"""


def render(found: SweepReport, *, now: float) -> str:
    """Return the report as an HTML document.

    Args:
        found: the report.
        now: when it is made, in seconds since the epoch.
    """
    sweep = found.sweep
    reason = f": {sweep.reason}" if sweep.reason else ""
    sections = [
        f"<h1>{escape(sweep.name or sweep.id)}</h1>",
        f"<p>{escape(sweep.description)}</p>" if sweep.description else "",
        f"<p>Sweep {escape(sweep.id)} is {sweep.state}{escape(reason)}</p>",
        _table(("", ""), [(name, value) for name, value in facts(found)]),
        *_plots(found),
        "<h2>Trials</h2>",
        _trials(found),
        "<h2>Changes by people</h2>" if found.changes else "",
        _table(("time", "by", "change"), [(_clock(one.time), one.key, change_text(one)) for one in found.changes]),
        f"<details><summary>Sweep file</summary><pre>{escape(json.dumps(sweep.config, indent=2))}</pre></details>",
        f'<p class="soft">Written {_clock(now)} by lightning-sweeps.</p>',
    ]
    head = f'<meta charset="utf-8"><title>{escape(sweep.name or sweep.id)}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(sections)}</body></html>\n'


def _plots(found: SweepReport) -> Iterable[str]:
    """Yield the best value so far, the importances, and one plot for each searched parameter."""
    valued = _results(found)
    if not valued:
        return
    config = read_config(found.sweep.config)
    space = Space.of(config.parameters, config.constraints)
    y = svg.PlotAxis.of(
        [end for result in valued for end in (result.value - result.spread, result.value + result.spread)]
    )
    metric = escape(found.sweep.metric or "objective")
    yield f'<h2>{metric} by {_unit(found)}</h2><div class="plots">{_progress(found, valued, y)}</div>'
    if found.importance:
        yield f"<h2>Parameter importance</h2>{svg.bars(list(found.importance.items()))}"
    order = sorted(space.dimensions, key=lambda dim: -found.importance.get(dim.name, 0.0))[:MAX_SLICES]
    yield f'<h2>{metric} by parameter</h2><div class="plots">'
    yield from (_slice(dimension, space, found, valued, y) for dimension in order)
    yield "</div>"


@dataclass(frozen=True, slots=True)
class _Result:
    """A trial with a value, or a point of a sweep with repeats.

    Attributes:
        number: its number.
        params: its parameter set.
        value: its value.
        spread: the standard deviation of the values of a point; 0 for a trial, or for a single value.
        counts: whether it may be the best one.
        look: how its dot looks.
        text: its value, formatted.
    """

    number: int
    params: dict[str, Any]
    value: float
    spread: float
    counts: bool
    look: str
    text: str


def _results(found: SweepReport) -> list[_Result]:
    """Return the trials with a value by number; in a sweep with repeats, the points."""
    best, best_point = found.sweep.best, found.sweep.best_point
    if found.points:
        return [
            _Result(
                *(point.number, point.params, point.value, point.spread or 0.0, point.state in ("finished", "stopped")),
                _look(point.state, is_best=best_point is not None and best_point.number == point.number),
                repeated(point),
            )
            for point in found.points
            if point.value is not None
        ]
    return [
        _Result(
            *(trial.number, trial.params, trial.objective, 0.0),
            trial.state not in FAILED_TRIAL_STATES and not trial.ignored,
            _look(trial.state, is_best=best is not None and best.id == trial.id),
            number(trial.objective),
        )
        for trial in sorted(found.trials, key=lambda trial: trial.number)
        if trial.objective is not None and not trial.discarded
    ]


def _look(state: str, *, is_best: bool) -> str:
    return "best" if is_best else "dot" if state == "finished" else "stopped"


def _unit(found: SweepReport) -> str:
    return "point" if found.points else "trial"


def _progress(found: SweepReport, results: Sequence[_Result], y: svg.PlotAxis) -> str:
    steps: list[tuple[float, float]] = []
    for result in results:
        if result.counts and is_better(result.value, steps[-1][1] if steps else None, goal=found.sweep.goal):
            steps.append((result.number, result.value))
    x = svg.PlotAxis.of([result.number for result in results])
    dots = [_dot(result, found, float(result.number)) for result in results]
    return svg.chart(dots, x=x, y=y, name=_unit(found), steps=steps)


def _slice(dimension: Dimension, space: Space, found: SweepReport, results: Sequence[_Result], y: svg.PlotAxis) -> str:
    """Return the objective over one parameter, whose axis is spaced as the search sees it."""
    last = max(dimension.levels - 1, 1) if dimension.kind != "float" else 1
    marks = sorted({round(last * share) if dimension.kind != "float" else share for share in (0, 0.25, 0.5, 0.75, 1)})
    x = svg.PlotAxis(0.0, last, [(mark, number(dimension.value(mark))[:14]) for mark in marks])
    placed = [(result, unit) for result in results if (unit := space.to_unit(result.params)) is not None]
    dots = [_dot(result, found, float(unit[dimension.name])) for result, unit in placed]
    return svg.chart(dots, x=x, y=y, name=dimension.name)


def _dot(result: _Result, found: SweepReport, x: float) -> svg.Dot:
    title = f"{_unit(found)} {result.number}: {result.text}"
    return svg.Dot(x, result.value, title, result.look, result.spread)


def _trials(found: SweepReport) -> str:
    """Return the table of trials; in a sweep with repeats, a table of points that fold open to their trials."""
    names = ("trial", "state", found.sweep.metric or "objective", "duration", "parameters", "why it ended")
    if not found.points:
        return _table(names, [_trial_cells(trial) for trial in found.trials])
    trials = {trial.number: trial for trial in found.trials}
    parts = []
    for point in found.points:
        line = f"point {point.number}: {point.state}, {repeated(point)} with {parameters(point.params)}"
        rows = [_trial_cells(trials[number]) for number in point.trials if number in trials]
        parts.append(f"<details><summary>{escape(line)}</summary>{_table(names, rows)}</details>")
    discarded = [_trial_cells(trial) for trial in found.trials if trial.discarded]
    return "".join([*parts, _table(names, discarded)])


def _trial_cells(trial: Trial) -> tuple[str, ...]:
    time = duration(trial.started, trial.ended)
    said = "; ".join(filter(None, (trial.error or trial.reason, trial.note, "discarded" if trial.discarded else "")))
    return str(trial.number), trial.state, number(trial.objective), time, parameters(trial.params), said


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _clock(time: float) -> str:
    return datetime.fromtimestamp(time).isoformat(" ", "seconds")
