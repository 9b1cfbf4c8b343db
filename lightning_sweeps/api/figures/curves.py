"""Logged series as lines, each with the band between its extremes; or groups of them: mean and extremes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lightning_sweeps import messages as m
from lightning_sweeps.api.figures.plotting import COLORS, figure, graph_objects
from lightning_sweeps.api.query import Api

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

POINTS = 800
TITLES = {"step": "step", "time": "time", "relative": "seconds since the run began"}


def curves(
    api: Api,
    runs: Sequence[str] | Mapping[str, str],
    key: str,
    *,
    x: str = "step",
    low: float | None = None,
    high: float | None = None,
    points: int = POINTS,
) -> Figure:
    """Return one key of some runs as curves: the mean in each pixel, and behind it the lowest and highest value.

    Args:
        runs: ids of runs (or nodes); or a map from these to names of groups, of which each becomes one curve.
        key: what was logged.
        x: `step`, `time`, `relative` (seconds since the run began) or `key:<name>` (another logged key).
        low, high: the part of the x axis to be drawn; default: all of it.
        points: how many pixels wide the curves are.

    Raises:
        UsageError: plotly is not installed.
        ServerError: what `Api` raises.
    """
    groups = runs if isinstance(runs, Mapping) else {}
    lines = [m.LineRequest(run, key, groups.get(run, "")) for run in runs]
    answer = api.chart(m.SeriesQuery(lines, x=x, low=low, high=high, points=points))
    traces: list[Any] = []
    drawn: list[tuple[str, m.Line | m.GroupLine]] = [(api.run(line.owner).name, line) for line in answer.lines]
    drawn += [(group.group, group) for group in answer.groups]
    for number, (name, line) in enumerate(drawn):
        traces += _curve(name, line, COLORS[number % len(COLORS)], is_time=x == "time")
    title = TITLES.get(x, x.removeprefix("key:"))
    return figure(traces, xaxis={"title": title}, yaxis={"title": key}, hovermode="x unified")


def _curve(name: str, line: m.Line | m.GroupLine, color: str, *, is_time: bool) -> list[Any]:
    scatter = graph_objects().Scatter
    x: list[Any] = [place * 1000 for place in line.x] if is_time else line.x
    curve = scatter(x=x, y=line.mean, name=name, mode="lines", line={"color": color, "width": 1.6})
    if line.minimum == line.maximum:
        return [curve]
    border: dict[str, Any] = {"mode": "lines", "line": {"width": 0}, "showlegend": False, "hoverinfo": "skip"}
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    fill = {"fill": "tonexty", "fillcolor": f"rgba({red},{green},{blue},0.18)"}
    same = {"legendgroup": name, "name": name}
    upper = scatter(x=x, y=line.maximum, **border, **same)
    lower = scatter(x=x, y=line.minimum, **border, **fill, **same)
    return [upper, lower, curve.update(legendgroup=name)]
