"""Draws logged series, or groups of series, as lines with bands from the minimum to the maximum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lightning_sweeps import messages as m
from lightning_sweeps.api.figures.plotting import COLORS, figure, graph_objects
from lightning_sweeps.api.query import Api

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

POINTS = 800
TITLES = {"step": "step", "time": "time", "relative": "seconds since the run started"}


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
    """Draw one logged key of several runs: the mean in each bucket, and a band from its minimum to its maximum.

    Args:
        api: Where to read the series from.
        runs: Ids of runs or nodes; or a mapping from ids to names of groups, each of which becomes one curve.
        key: The logged key.
        x: The x axis: `step`, `time`, `relative` (seconds since the run started) or `key:<name>` (another logged key).
        low: Smallest x; default: no limit.
        high: Largest x; default: no limit.
        points: Number of buckets of each curve.

    Returns:
        A plotly figure.

    Raises:
        NotFound: there is no such run.
        UsageError: plotly is not installed.

    Example:
        >>> figures.curves(api, {"RUN1": "lr=0.1", "RUN2": "lr=0.1", "RUN3": "lr=0.2"}, "val/loss")  # doctest: +SKIP
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
