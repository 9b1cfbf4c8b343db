"""Decides which rows the pages show: values in, texts out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from lightning_sweeps.cli.tables import duration, number, parameters
from lightning_sweeps.cli.terminal.columns import TableColumn, TableRow
from lightning_sweeps.cli.terminal.location import Location, Snapshot
from lightning_sweeps.cli.terminal.plot import bar
from lightning_sweeps.messages import FAILED_TRIAL_STATES, FINAL_TRIAL_STATES, NodeStatus, Sweep, Trial

MAX_ROWS = 500
"""More rows help nobody at a terminal; `/` finds the others."""
SILENT_S = 60.0
"""A machine with runs that has sent nothing for this long is shown as silent. Samples come every few seconds."""
BAR = 10

SWEEPS = (
    TableColumn("sweep"),
    TableColumn("project", 2, 6),
    TableColumn("name", 0, 8),
    TableColumn("state"),
    TableColumn("trials", 0, 12),
    TableColumn("best", 0, 10),
    TableColumn("created", 3),
)
TRIALS = (
    TableColumn("", 0),
    TableColumn("trial", 0, is_right=True),
    TableColumn("state"),
    TableColumn("objective", 0, is_right=True),
    TableColumn("last", 4, is_right=True),
    TableColumn("duration", 3),
    TableColumn("parameters", 0, 12),
    TableColumn("note", 2, 8),
)
RUNS = (
    TableColumn("run", 3),
    TableColumn("project", 2, 6),
    TableColumn("name", 0, 10),
    TableColumn("rank", 0),
    TableColumn("state"),
    TableColumn("rows", 0, is_right=True),
    TableColumn("duration", 1),
    TableColumn("host", 5, 6),
    TableColumn("reason", 4, 10),
)
NODES = (
    TableColumn("machine, GPU", 0, 12),
    TableColumn("use", 0),
    TableColumn("memory", 0),
    TableColumn("°C", 2, is_right=True),
    TableColumn("W", 3, is_right=True),
    TableColumn("what runs", 0, 10),
    TableColumn("seen", 1),
)


def columns_of(place: Location) -> tuple[TableColumn, ...]:
    """Return the columns of the table of a page."""
    return {"sweeps": SWEEPS, "sweep": TRIALS, "runs": RUNS, "nodes": NODES, "run": ()}[place.page]


def rows_of(
    snapshot: Snapshot, place: Location, *, find: str = "", is_best_first: bool = False, is_ascii: bool = False
) -> list[TableRow]:
    """Return the rows of the table of a page.

    Args:
        snapshot: what is known.
        place: the page.
        find: only rows that contain this text, in any case, or that open something with this id.
        is_best_first: whether trials are sorted by their objective. Otherwise those that run come first, then the
            newest.
        is_ascii: whether bars are drawn with `#`.
    """
    if place.page == "sweeps":
        rows = [_sweep(sweep, snapshot.now) for sweep in snapshot.sweeps]
    elif place.page == "sweep":
        sweep = next((one for one in snapshot.sweeps if one.id == place.sweep), None)
        trials = sorted_trials(snapshot.trials, sweep, is_best_first=is_best_first)
        rows = [_trial(trial, sweep, place) for trial in trials]
    elif place.page == "runs":
        rows = [_run(run) for run in snapshot.runs]
    elif place.page == "nodes":
        rows = [row for node in snapshot.nodes for row in _node(node, snapshot, is_ascii=is_ascii)]
    else:
        rows = []
    wanted = find.lower()
    return [row for row in rows if wanted in _searched(row).lower()][:MAX_ROWS]


def _searched(row: TableRow) -> str:
    """Return the text of a row that is searched: its cells, and the ids of what it opens."""
    opened = row.opened or Location()
    return " ".join((*row.cells, opened.sweep, opened.trial, opened.run))


def sorted_trials(trials: Sequence[Trial], sweep: Sweep | None, *, is_best_first: bool) -> list[Trial]:
    """Return trials in the order of the table."""
    if is_best_first:
        sign = -1 if sweep is not None and sweep.goal == "maximize" else 1
        worst = float("inf")
        return sorted(trials, key=lambda one: (worst if one.objective is None else sign * one.objective, one.number))
    return sorted(trials, key=lambda one: (_is_waiting(one), one.state in FINAL_TRIAL_STATES, -one.number))


def _is_waiting(trial: Trial) -> bool:
    return trial.state == "pending"


def counts(sweep: Sweep) -> str:
    """Return the number of ended trials of all, and how many run and failed: `3/20, 2 running, 1 failed`."""
    ended = sum(count for state, count in sweep.counts.items() if state in FINAL_TRIAL_STATES)
    running = sum(sweep.counts.get(state, 0) for state in ("leased", "running", "stopping", "ending"))
    failed = sum(sweep.counts.get(state, 0) for state in FAILED_TRIAL_STATES)
    words = [(running, "running"), (failed, "failed")]
    return ", ".join([f"{ended}/{sweep.run_cap or '-'}", *(f"{count} {word}" for count, word in words if count)])


def _sweep(sweep: Sweep, now: float) -> TableRow:
    value = sweep.best_point.value if sweep.best_point else sweep.best.objective if sweep.best else None
    cells = (
        sweep.id,
        sweep.project,
        sweep.name,
        sweep.state,
        counts(sweep),
        "-" if value is None else f"{sweep.metric} {number(value)}",
        f"{duration(sweep.created, now)} ago",
    )
    return TableRow(sweep.id, cells, Location("sweeps"), Location("sweep", sweep=sweep.id))


def _trial(trial: Trial, sweep: Sweep | None, place: Location) -> TableRow:
    is_best = sweep is not None and sweep.best is not None and sweep.best.id == trial.id
    notes = [trial.note, trial.error or trial.reason]
    cells = (
        ("x" if trial.id in place.compared else "") + ("*" if is_best else ""),
        str(trial.number),
        trial.state,
        number(trial.objective),
        number(trial.last_objective),
        duration(trial.started, trial.ended),
        parameters(trial.params),
        "; ".join(note for note in notes if note),
    )
    chosen = replace(place, trial=trial.id)
    return TableRow(trial.id, cells, chosen, replace(chosen, page="run"))


def _run(run: dict[str, Any]) -> TableRow:
    ranks = f"{run['rank']} of {run['world_size']}"
    cells = (
        run["id"],
        run["project"],
        run["name"],
        ranks,
        run["state"],
        str(run["rows"]),
        duration(run["created"], run["ended"]),
        run["host"],
        run["reason"] or "",
    )
    return TableRow(run["id"], cells, Location("runs", run=run["id"]), Location("run", run=run["id"]))


def _node(status: NodeStatus, snapshot: Snapshot, *, is_ascii: bool) -> Iterator[TableRow]:
    """Yield the row of a machine, and one for each of its GPUs."""
    node, values = status.node, status.values
    silent_s = snapshot.now - node.seen
    is_silent = bool(status.runs or status.agents) and silent_s > SILENT_S
    seen = f"{duration(node.seen, snapshot.now)} ago{', silent' if is_silent else ''}"
    use = _share(values.get("cpu.percent"), is_ascii=is_ascii)
    memory = _share(values.get("memory.percent"), is_ascii=is_ascii)
    work = f"{len(status.runs)} runs, {len(status.agents)} agents"
    yield TableRow(node.id, (node.host, use, memory, "", "", work, seen))
    for device in node.devices:
        key = f"gpu.{device.place}."
        runs = [run for run in status.runs if run.is_on(device.place, device.uuid)]
        cells = (
            f"  {device.place} {device.name}",
            _share(values.get(f"{key}utilization_percent"), is_ascii=is_ascii),
            _share(values.get(f"{key}memory_percent"), is_ascii=is_ascii),
            _rounded(values.get(f"{key}temperature_c")),
            _rounded(values.get(f"{key}power_w")),
            ", ".join(run.name for run in runs) or "-",
            "",
        )
        place = Location("nodes", run=runs[0].id, sweep=runs[0].sweep or "") if runs else None
        opened = replace(place, page="run") if place else None
        yield TableRow(f"{node.id} {device.place}", cells, place, opened)


def _share(percent: float | None, *, is_ascii: bool) -> str:
    return "-" if percent is None else f"{bar(percent / 100, BAR, is_ascii=is_ascii)} {percent:3.0f}%"


def _rounded(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"
