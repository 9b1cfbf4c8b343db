"""Says which page a terminal shows, and what the server knows about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from lightning_sweeps.messages import ConsoleLine, NodeStatus, SeriesInfo, Sweep, Trial

Page = Literal["sweeps", "sweep", "runs", "run", "nodes"]


@dataclass(frozen=True, slots=True)
class Location:
    """What a person looks at.

    Attributes:
        page: the page. `run` shows one run, also that of a trial.
        sweep: id of the sweep of the pages `sweep` and `run`.
        trial: id of the trial whose curve and output are shown.
        run: id of the run, if it is not found through a trial.
        compared: ids of the trials whose curves are drawn too.
        metric: metric of the curve; empty: the sweep's, or the first that looks like a loss.
    """

    page: Page = "sweeps"
    sweep: str = ""
    trial: str = ""
    run: str = ""
    compared: tuple[str, ...] = ()
    metric: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """A logged metric as points for a plot. `name`: what the legend says about it."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known about a place.

    Attributes:
        url: address of the server.
        now: when it was read, in seconds since the epoch.
        problem: why it is not up to date; empty: it is.
        sweeps: sweeps, newest first.
        trials: trials of the place's sweep, by number.
        nodes: machines with their runs and agents.
        runs: rows of the runs table, newest first.
        run: id of the run of the page, or of the chosen trial; empty if it has none.
        metric: metric of the curves; empty if there is none.
        keys: metrics of the run.
        curves: the curves, that of the chosen run first.
        console: the last lines of the run, oldest first.
    """

    url: str
    now: float
    problem: str = ""
    sweeps: tuple[Sweep, ...] = ()
    trials: tuple[Trial, ...] = ()
    nodes: tuple[NodeStatus, ...] = ()
    runs: tuple[dict[str, Any], ...] = ()
    run: str = ""
    metric: str = ""
    keys: tuple[SeriesInfo, ...] = ()
    curves: tuple[Curve, ...] = ()
    console: tuple[ConsoleLine, ...] = field(default=())
