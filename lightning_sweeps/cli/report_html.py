"""The report of a sweep as one HTML file: plots, tables and the sweep file, without scripts and without a network."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from lightning_sweeps.cli import svg
from lightning_sweeps.cli.report_text import SweepReport, change_text, facts
from lightning_sweeps.cli.tables import duration, number, parameters
from lightning_sweeps.messages import Trial
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
        _table(
            ("trial", "state", sweep.metric or "objective", "duration", "parameters", "why it ended"),
            [_trial_cells(trial) for trial in found.trials],
        ),
        "<h2>Changes by people</h2>" if found.changes else "",
        _table(("time", "by", "change"), [(_clock(one.time), one.key, change_text(one)) for one in found.changes]),
        f"<details><summary>Sweep file</summary><pre>{escape(json.dumps(sweep.config, indent=2))}</pre></details>",
        f'<p class="soft">Written {_clock(now)} by lightning-sweeps.</p>',
    ]
    head = f'<meta charset="utf-8"><title>{escape(sweep.name or sweep.id)}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(sections)}</body></html>\n'


def _plots(found: SweepReport) -> Iterable[str]:
    """Yield the best value so far, the importances, and one plot for each searched parameter."""
    valued = [trial for trial in found.trials if trial.objective is not None and not trial.discarded]
    if not valued:
        return
    config = read_config(found.sweep.config)
    space = Space.of(config.parameters, config.constraints)
    y = svg.PlotAxis.of([trial.objective for trial in valued if trial.objective is not None])
    metric = escape(found.sweep.metric or "objective")
    yield f'<h2>{metric} by trial</h2><div class="plots">{_progress(found, valued, y)}</div>'
    if found.importance:
        yield f"<h2>Parameter importance</h2>{svg.bars(list(found.importance.items()))}"
    order = sorted(space.dimensions, key=lambda dim: -found.importance.get(dim.name, 0.0))[:MAX_SLICES]
    yield f'<h2>{metric} by parameter</h2><div class="plots">'
    yield from (_slice(dimension, space, found, valued, y) for dimension in order)
    yield "</div>"


def _progress(found: SweepReport, valued: Sequence[Trial], y: svg.PlotAxis) -> str:
    steps: list[tuple[float, float]] = []
    for trial in sorted(valued, key=lambda trial: trial.number):
        if trial.state in ("failed", "lost") or trial.ignored or trial.objective is None:
            continue
        if is_better(trial.objective, steps[-1][1] if steps else None, goal=found.sweep.goal):
            steps.append((trial.number, trial.objective))
    x = svg.PlotAxis.of([trial.number for trial in valued])
    dots = [_dot(trial, found, float(trial.number)) for trial in valued]
    return svg.chart(dots, x=x, y=y, name="trial", steps=steps)


def _slice(dimension: Dimension, space: Space, found: SweepReport, valued: Sequence[Trial], y: svg.PlotAxis) -> str:
    """Return the objective over one parameter, whose axis is spaced as the search sees it."""
    last = max(dimension.levels - 1, 1) if dimension.kind != "float" else 1
    marks = sorted({round(last * share) if dimension.kind != "float" else share for share in (0, 0.25, 0.5, 0.75, 1)})
    x = svg.PlotAxis(0.0, last, [(mark, number(dimension.value(mark))[:14]) for mark in marks])
    placed = [(trial, unit) for trial in valued if (unit := space.to_unit(trial.params)) is not None]
    dots = [_dot(trial, found, float(unit[dimension.name])) for trial, unit in placed]
    return svg.chart(dots, x=x, y=y, name=dimension.name)


def _dot(trial: Trial, found: SweepReport, x: float) -> svg.Dot:
    is_best = found.sweep.best is not None and found.sweep.best.id == trial.id
    look = "best" if is_best else "dot" if trial.state == "finished" else "stopped"
    return svg.Dot(x, trial.objective or 0.0, f"trial {trial.number}: {number(trial.objective)}", look)


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
