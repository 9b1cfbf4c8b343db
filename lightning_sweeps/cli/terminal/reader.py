"""Reads what a terminal shows: everything once, then only what the server says has changed."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

from lightning_sweeps.cli.terminal.location import Curve, Location, Snapshot
from lightning_sweeps.client import Client
from lightning_sweeps.messages import (
    Changes,
    ConsoleLine,
    LineRequest,
    NodeStatus,
    RunsQuery,
    SeriesInfo,
    SeriesQuery,
    SortKey,
    Sweep,
    Trial,
)

CONSOLE_LINES = 200
MAX_RUNS = 200
MAX_SWEEPS_AT_ONCE = 20
"""If more sweeps have changed, the list of all is cheaper than one request for each."""
PLOT_POINTS = 400
RUN_COLUMNS = ["project", "name", "group", "rank", "world_size", "state", "created", "ended", "rows", "host", "reason"]
NODES_S = 5.0
"""How often machines are read while nothing has changed: their runs and agents change without them."""


@dataclass(slots=True)
class RunData:
    """What was read of one run."""

    keys: tuple[SeriesInfo, ...] = ()
    console: tuple[ConsoleLine, ...] = ()
    is_stale: bool = True


class Reader:
    """Reads from a server, and keeps what has not changed. Use it in one thread at a time.

    Args:
        client: the server.
        project: only sweeps and runs of this project; None: of all.
    """

    def __init__(self, client: Client, project: str | None) -> None:
        self._client = client
        self._project = project
        self._cursor: float | None = None
        self._sent: set[tuple[str, float]] = set()
        self._sweeps: dict[str, Sweep] = {}
        self._trials: dict[int, Trial] = {}
        self._trials_of = ""
        self._trials_cursor: float | None = None
        self._runs: tuple[dict[str, Any], ...] | None = None
        self._nodes: tuple[NodeStatus, ...] = ()
        self._nodes_read: float | None = None
        self._run_of: dict[str, str] = {}
        self._run_data: dict[str, RunData] = {}
        self._curves: dict[tuple[str, str], Curve] = {}

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def read(self, place: Location) -> Snapshot:
        """Return what the server knows about a place.

        Raises:
            ServerError: it does not answer, or has no such sweep or run.
        """
        changes = self._changes()
        self._read_sweeps(changes)
        if place.sweep:
            self._read_trials(place.sweep, changes)
        self._read_nodes(changes)
        for change in changes.runs:
            self._forget(change.id)
        if changes.is_cut:
            self._run_data.clear()
            self._curves.clear()
        if place.page != "runs":
            self._runs = self._runs if not changes.runs else None
        elif self._runs is None or changes.runs or changes.is_cut:
            self._runs = self._read_runs()
        self._cursor = changes.cursor
        run, data = self._read_run(place)
        metric = self._metric(place, data)
        return Snapshot(
            url=self._client.url,
            now=time.time(),
            sweeps=tuple(self._sweeps.values()),
            trials=tuple(self._trials.values()) if place.sweep else (),
            nodes=self._nodes,
            runs=self._runs or (),
            run=run,
            metric=metric,
            keys=data.keys,
            curves=self._read_curves(place, run, metric),
            console=data.console,
        )

    def _changes(self) -> Changes:
        """Return what changed since the last call. What the server repeats is left out."""
        found = self._client.changes(since=self._cursor, project=self._project)
        runs = [one for one in found.runs if (one.id, one.changed) not in self._sent]
        sweeps = [one for one in found.sweeps if (one.id, one.changed) not in self._sent]
        nodes = [one for one in found.nodes if (one.id, one.changed) not in self._sent]
        self._sent = {(one.id, one.changed) for many in (found.runs, found.sweeps, found.nodes) for one in many}
        return replace(found, runs=runs, sweeps=sweeps, nodes=nodes)

    def _forget(self, run: str) -> None:
        """Read a run again the next time that it is shown."""
        if run in self._run_data:
            self._run_data[run].is_stale = True
        for key in [key for key in self._curves if key[0] == run]:
            del self._curves[key]

    def _read_sweeps(self, changes: Changes) -> None:
        changed = [change.id for change in changes.sweeps]
        if self._cursor is None or len(changed) > MAX_SWEEPS_AT_ONCE or not set(changed) <= self._sweeps.keys():
            self._sweeps = {sweep.id: sweep for sweep in self._client.sweeps(project=self._project)}
            return
        self._sweeps |= {sweep: self._client.sweep(sweep) for sweep in changed}

    def _read_trials(self, sweep: str, changes: Changes) -> None:
        if self._trials_of != sweep:
            self._trials, self._trials_of, self._trials_cursor = {}, sweep, None
        elif all(change.id != sweep for change in changes.sweeps):
            return
        found = self._client.trial_changes(sweep, since=self._trials_cursor)
        self._trials_cursor = found.cursor
        self._trials |= {trial.number: trial for trial in found.trials}
        for trial in found.trials:
            self._run_of.pop(trial.id, None)  # a new attempt may have another run

    def _read_nodes(self, changes: Changes) -> None:
        now = time.monotonic()
        if self._nodes_read is None or changes.nodes or now - self._nodes_read >= NODES_S:
            self._nodes, self._nodes_read = tuple(self._client.nodes_now()), now

    def _read_runs(self) -> tuple[dict[str, Any], ...]:
        query = RunsQuery(self._project, columns=RUN_COLUMNS, sort=[SortKey("created", True)], limit=MAX_RUNS)
        return tuple(self._client.query_runs(query).rows)

    def _read_run(self, place: Location) -> tuple[str, RunData]:
        """Return the run of the page or of the chosen trial, with what was read of it."""
        run = place.run or (self._find_run(place.trial) if place.trial else "")
        if not run:
            return "", RunData(is_stale=False)
        data = self._run_data.setdefault(run, RunData())
        if data.is_stale:
            data.is_stale = False
            data.keys = tuple(self._client.keys(run))
            data.console = self._console(run, data.console)
        return run, data

    def _console(self, run: str, known: tuple[ConsoleLine, ...]) -> tuple[ConsoleLine, ...]:
        new = self._client.console(run, last=CONSOLE_LINES, after=known[-1].id if known else 0)
        return (*known, *new)[-CONSOLE_LINES:]

    def _find_run(self, trial: str) -> str:
        """Return the id of the run of a trial's rank 0; empty if it has none yet."""
        if trial not in self._run_of:
            runs = sorted(self._client.runs(trial=trial, limit=100).runs, key=lambda run: (run.rank, -run.created))
            if not runs:
                return ""
            self._run_of[trial] = runs[0].id
        return self._run_of[trial]

    def _metric(self, place: Location, data: RunData) -> str:
        names = [info.key for info in data.keys]
        sweep = self._sweeps.get(place.sweep)
        wanted = [place.metric, (sweep.metric or "") if sweep else ""]
        return next((name for name in wanted if name in names), "") or _looks_like_loss(names)

    def _read_curves(self, place: Location, run: str, metric: str) -> tuple[Curve, ...]:
        if not metric:
            return ()
        names = {run: "this"} if run else {}
        for trial in place.compared:
            names.setdefault(self._find_run(trial), f"trial {self._number(trial)}")
        names.pop("", None)
        missing = [one for one in names if (one, metric) not in self._curves]
        if missing:
            asked = SeriesQuery([LineRequest(one, metric) for one in missing], points=PLOT_POINTS)
            for line in self._client.query_series(asked).lines:
                points = tuple((x, y) for x, y in zip(line.x, line.mean, strict=True) if y is not None)
                self._curves[line.owner, metric] = Curve("", points)
        return tuple(replace(self._curves[one, metric], name=name) for one, name in names.items())

    def _number(self, trial_id: str) -> int:
        return next((trial.number for trial in self._trials.values() if trial.id == trial_id), 0)


def _looks_like_loss(names: list[str]) -> str:
    losses = [name for name in names if "loss" in name.lower()]
    return next(iter([*losses, *names]), "")
