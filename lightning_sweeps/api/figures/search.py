"""Draws the results of a sweep: the objective over the trials, the parameters, and their importance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from lightning_sweeps import messages as m
from lightning_sweeps.api.figures.plotting import COLORS, figure, graph_objects, is_wide
from lightning_sweeps.api.query import Api
from lightning_sweeps.api.rows import Row
from lightning_sweeps.errors import UsageError
from lightning_sweeps.sweeps.config import read_config
from lightning_sweeps.sweeps.importance import importance
from lightning_sweeps.sweeps.space import Space

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

SCALE = "Viridis"
ENDED = ("finished", "stopped")


@dataclass(frozen=True, slots=True)
class SweepResults:
    """A sweep, its search space, and the trials that ended with a value, as `Api.trials` returns them.

    In a sweep with repeats, the points that ended with a value stand in the place of trials, and have a `spread`.
    """

    sweep: m.Sweep
    space: Space
    trials: list[Row]

    @property
    def metric(self) -> str:
        return self.sweep.metric or "objective"

    @property
    def values(self) -> list[float]:
        return [trial["objective"] for trial in self.trials]

    @property
    def bars(self) -> dict[str, Any] | None:
        """The error bars of a plotly trace: one standard deviation to each side; None without repeats."""
        spreads = [trial.get("spread") for trial in self.trials]
        return {"array": [spread or 0.0 for spread in spreads], "thickness": 1} if any(spreads) else None

    def names(self) -> list[str]:
        """Return the searched parameters that differ between the trials."""
        names = [dimension.name for dimension in self.space.dimensions]
        return [name for name in names if len({repr(trial.get(f"params.{name}")) for trial in self.trials}) > 1]

    def column(self, name: str) -> list[Any]:
        """Return the values of a parameter, one for each trial; None if a trial does not have it."""
        return [trial.get(f"params.{name}") for trial in self.trials]


def find(api: Api, sweep_id: str) -> SweepResults:
    """Read the results of a sweep.

    Raises:
        UsageError: no trial has ended with a value.
    """
    sweep = api.sweep(sweep_id)
    config = read_config(sweep.config)
    rows = api.trials(sweep_id) if sweep.repeats == 1 else _points(api, sweep_id)
    trials = [row for row in rows if row["state"] in ENDED and row["objective"] is not None]
    if not trials:
        raise UsageError(f"no trial of the sweep `{sweep_id}` has ended with a value", hint="try again later")
    return SweepResults(sweep, Space.of(config.parameters, config.constraints), trials)


def _points(api: Api, sweep_id: str) -> Iterator[Row]:
    """Yield the points of a sweep with their values as objectives."""
    for row in api.sweep_points(sweep_id):
        yield row | {"objective": row["value"]}


def history(api: Api, sweep_id: str) -> Figure:
    """Draw the objective of each trial by its number, and the best objective so far.

    Args:
        api: Where to read the sweep from.
        sweep_id: Id of the sweep.

    Returns:
        A plotly figure.

    Raises:
        NotFound: there is no such sweep.
        UsageError: no trial has ended with a value, or plotly is not installed.

    Example:
        >>> figures.history(api, "1a2b3c4d5e").show()  # doctest: +SKIP
    """
    found = find(api, sweep_id)
    numbers, values = [trial["number"] for trial in found.trials], found.values
    better = min if found.sweep.goal == "minimize" else max
    scatter = graph_objects().Scatter
    best = list(accumulate(values, better))
    return figure(
        [
            scatter(
                x=numbers,
                y=values,
                mode="markers",
                name="trials",
                marker={"color": COLORS[0], "size": 7},
                error_y=found.bars,
            ),
            scatter(x=numbers, y=best, mode="lines", name="best", line={"color": COLORS[1], "shape": "hv"}),
        ],
        title=found.sweep.name,
        xaxis={"title": "trial"},
        yaxis={"title": found.metric, "type": "log" if is_wide(values) else "linear"},
    )


def parallel(api: Api, sweep_id: str) -> Figure:
    """Draw each trial as a line over its parameters and its objective (parallel coordinates).

    Args:
        api: Where to read the sweep from.
        sweep_id: Id of the sweep.

    Returns:
        A plotly figure.

    Raises:
        NotFound: there is no such sweep.
        UsageError: no trial has ended with a value, or plotly is not installed.

    Example:
        >>> figures.parallel(api, "1a2b3c4d5e").show()  # doctest: +SKIP
    """
    found = find(api, sweep_id)
    axes = [_axis(name, found.column(name)) for name in found.names()]
    axes.append(_axis(found.metric, found.values))
    line = {"color": axes[-1]["values"], "colorscale": SCALE, "reversescale": found.sweep.goal == "minimize"}
    return figure([graph_objects().Parcoords(dimensions=axes, line=line)], title=found.sweep.name)


def importances(api: Api, sweep_id: str) -> Figure:
    """Draw the importance of each parameter for the objective. With too few results there are no bars.

    Args:
        api: Where to read the sweep from.
        sweep_id: Id of the sweep.

    Returns:
        A plotly figure.

    Raises:
        NotFound: there is no such sweep.
        UsageError: no trial has ended with a value, or plotly is not installed.

    Example:
        >>> figures.importances(api, "1a2b3c4d5e").show()  # doctest: +SKIP
    """
    found = find(api, sweep_id)
    sign = 1 if found.sweep.goal == "minimize" else -1
    results = [(_params(found.space, trial), sign * trial["objective"]) for trial in found.trials]
    shares = importance(found.space, results)
    names = list(reversed(shares))
    bar = graph_objects().Bar(x=[shares[name] for name in names], y=names, orientation="h")
    axis = {"title": "share", "tickformat": ".0%", "range": [0, 1]}
    return figure([bar], title=f"{found.sweep.name}: parameter importance", xaxis=axis)


def slices(api: Api, sweep_id: str) -> Figure:
    """Draw one chart for each parameter: its value against the objective of each trial. Later trials are darker.

    Args:
        api: Where to read the sweep from.
        sweep_id: Id of the sweep.

    Returns:
        A plotly figure.

    Raises:
        NotFound: there is no such sweep.
        UsageError: no trial has ended with a value, or plotly is not installed.

    Example:
        >>> figures.slices(api, "1a2b3c4d5e").show()  # doctest: +SKIP
    """
    found = find(api, sweep_id)
    names = found.names()
    numbers, values = [trial["number"] for trial in found.trials], found.values
    traces, layout = [], {}
    for at, name in enumerate(names, start=1):
        column = found.column(name)
        given = [value for value in column if value is not None]
        is_number = all(_is_number(value) for value in given)
        shown = column if is_number else [None if value is None else str(value) for value in column]
        marker = {"color": numbers, "colorscale": "Blues", "cmin": -max(numbers) / 3, "size": 7}
        place: dict[str, Any] = {"xaxis": f"x{at}", "yaxis": "y", "showlegend": False}
        place["error_y"] = found.bars
        traces.append(graph_objects().Scatter(x=shown, y=values, mode="markers", name=name, marker=marker, **place))
        kind = "category" if not is_number else "log" if is_wide(given) else "linear"
        width = 1 / len(names)
        layout[f"xaxis{at}"] = {"title": name, "type": kind, "domain": [(at - 1) * width, (at - 0.15) * width]}
    y = {"title": found.metric, "type": "log" if is_wide(values) else "linear"}
    return figure(traces, title=found.sweep.name, yaxis=y, **layout)


def _axis(name: str, column: Sequence[Any]) -> dict[str, Any]:
    """Return an axis of parallel coordinates: numbers, their logarithms, or the indices of categories."""
    given = [value for value in column if value is not None]
    if not all(_is_number(value) for value in given):
        words = sorted({str(value) for value in given})
        places = {word: place for place, word in enumerate(words)}
        values: list[float | None] = [None if value is None else places[str(value)] for value in column]
        return {"label": name, "values": values, "tickvals": list(range(len(words))), "ticktext": words}
    if not is_wide(given):
        return {"label": name, "values": list(column)}
    ticks = range(math.floor(math.log10(min(given))), math.ceil(math.log10(max(given))) + 1)
    logs = [None if value is None else math.log10(value) for value in column]
    return {"label": name, "values": logs, "tickvals": list(ticks), "ticktext": [f"1e{tick}" for tick in ticks]}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _params(space: Space, trial: Row) -> dict[str, Any]:
    """Return the parameters of a trial nested as in the search space."""
    names = {dimension.path: f"params.{dimension.name}" for dimension in space.dimensions}
    return space.assemble({path: trial[name] for path, name in names.items() if name in trial})
