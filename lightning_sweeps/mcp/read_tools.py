"""The tools that only read. Their docstrings are what a language model sees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from typing import Any

from lightning_sweeps import messages as m
from lightning_sweeps.api.query import Api
from lightning_sweeps.api.rows import leaves
from lightning_sweeps.api.sql.tables import describe_tables
from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import connect
from lightning_sweeps.client.up_to_date import catch_up
from lightning_sweeps.core.pasted_id import last_part
from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.mcp.answers import (
    best_of,
    differences,
    end_of_text,
    plain,
    run_line,
    series_rows,
    sweep_line,
    trial_line,
)

Answer = dict[str, Any]

MAX_LISTED = 200
MAX_COMPARED = 20
SQL_TIMEOUT_S = 30.0
CONSOLE_LINES = 40


@contextmanager
def up_to_date_client() -> Iterator[Client]:
    """Connect for one call, once the server has what the programs on this machine have logged."""
    with connect() as client:
        catch_up()
        yield client


def list_projects() -> Answer:
    """List the names of all projects that the API key may read."""
    with up_to_date_client() as client:
        return {"projects": client.projects()}


def list_sweeps(project: str | None = None, limit: int = 20) -> Answer:
    """List sweeps, newest first: state, method, metric, number of trials in each state, and the best trial so far.

    Args:
        project: only sweeps of this project.
        limit: number of sweeps, at most 200.
    """
    with up_to_date_client() as client:
        found = client.sweeps(project=project)
    return plain({"total": len(found), "sweeps": [sweep_line(sweep) for sweep in found[: _limit(limit)]]})


def sweep_status(sweep_id: str, limit: int = 20) -> Answer:
    """Show a sweep: configuration, state, usage, its agents, and its newest trials with parameters and values.

    Args:
        sweep_id: id of the sweep.
        limit: number of trials, at most 200.
    """
    sweep_id = last_part(sweep_id)
    with up_to_date_client() as client:
        sweep, trials, agents = client.sweep(sweep_id), client.trials(sweep_id), client.agents(sweep_id)
    newest = sorted(trials, key=lambda trial: trial.number, reverse=True)[: _limit(limit)]
    active = [agent for agent in agents if agent.state in ("idle", "working")]
    shown = [{name: getattr(agent, name) for name in ("host", "slot", "gpus", "state", "trial")} for agent in active]
    about = sweep_line(sweep) | {"description": sweep.description, "config": sweep.config}
    usage = None if sweep.usage is None else asdict(sweep.usage)
    return plain(about | {"usage": usage, "agents": shown, "newest_trials": [trial_line(trial) for trial in newest]})


def best_trials(sweep_id: str, limit: int = 5) -> Answer:
    """Return the best trials of a sweep by its metric, with their parameters.

    Args:
        sweep_id: id of the sweep.
        limit: number of trials, at most 200.
    """
    sweep_id = last_part(sweep_id)
    with up_to_date_client() as client:
        sweep, trials = client.sweep(sweep_id), client.trials(sweep_id)
    counted = [trial for trial in trials if trial.objective is not None and not trial.ignored and not trial.discarded]
    counted.sort(key=lambda trial: trial.objective or 0.0, reverse=sweep.goal == "maximize")
    ranked = [best_of(trial) for trial in counted[: _limit(limit)]]
    return plain({"metric": sweep.metric, "goal": sweep.goal, "trials_with_a_value": len(counted), "best": ranked})


def list_runs(
    project: str | None = None,
    sweep_id: str | None = None,
    group: str | None = None,
    state: str | None = None,
    limit: int = 20,
) -> Answer:
    """List runs, newest first. A distributed job has one run for each rank, all in one group.

    Args:
        project: only runs of this project.
        sweep_id: only runs of this sweep.
        group: only runs of this group.
        state: only runs in this state: running, finished, failed, killed, stopped, preempted or lost.
        limit: number of runs, at most 200.
    """
    with up_to_date_client() as client:
        found = client.runs(project=project, sweep=sweep_id, group=group, state=state, limit=_limit(limit))
    return plain({"total": found.total, "runs": [run_line(run) for run in found.runs]})


def show_run(run_id: str) -> Answer:
    """Show a run: configuration, summary, how it ended, and the metrics that it logged with their statistics.

    Args:
        run_id: id of the run.
    """
    with up_to_date_client() as client:
        run, metrics = client.run(run_id), client.keys(run_id)
    about = run_line(run) | {"config": run.config, "summary": run.summary, "notes": run.notes, "command": run.command}
    ended = {"exit_code": run.exit_code, "signal": run.signal}
    return plain(about | ended | {"metrics": [asdict(info) for info in metrics[:MAX_LISTED]]})


def compare_runs(run_ids: list[str]) -> Answer:
    """Compare runs: the values of the configuration that differ, and the summaries.

    Args:
        run_ids: ids of 2 to 20 runs.
    """
    if not 2 <= len(run_ids) <= MAX_COMPARED:
        raise UsageError(f"{len(run_ids)} runs were given, allowed: 2 to {MAX_COMPARED}")
    with up_to_date_client() as client:
        runs = [client.run(run_id) for run_id in run_ids]
    configs = {run.id: dict(leaves(run.config)) for run in runs}
    summaries = {run.id: run.summary for run in runs}
    return plain(
        {
            "runs": [run_line(run) for run in runs],
            "config_differences": differences(configs),
            "summaries": summaries,
        }
    )


def read_series(run_id: str, metric: str, points: int = 50, x: str = "step") -> Answer:
    """Return a metric of a run, downsampled to buckets that keep the minimum and the maximum, so no spike is hidden.

    Args:
        run_id: id of the run, id of a machine, or `process:RUN_ID` for the system metrics of a run's processes.
        metric: name of the metric, as `show_run` lists it.
        points: number of buckets, at most 200.
        x: axis of the buckets: `step`, `time`, or `relative` (seconds since the run started).
    """
    with up_to_date_client() as client:
        series = client.series(run_id, metric, points=_limit(points), x=x)
    return plain({"run": run_id, "metric": metric, "count": series.count, "buckets": series_rows(series)})


def console_tail(run_id: str, lines: int = 50, find: str = "") -> Answer:
    """Return the last lines that a run printed to stdout and stderr.

    Args:
        run_id: id of the run.
        lines: number of lines, at most 200.
        find: only lines that contain this text.
    """
    with up_to_date_client() as client:
        found = client.console(run_id, last=_limit(lines), find=find)
    return {"run": run_id, "text": end_of_text("\n".join(line.line for line in found))}


def explain_failure(id: str) -> Answer:  # noqa: A002  the name that the model sees
    """Explain why a run or a trial failed: how each rank ended, the error output, and what it printed last.

    Args:
        id: id of a run or a trial, or `SWEEP_ID/NUMBER` for a trial.
    """
    with up_to_date_client() as client:
        trial, runs = _find_trial_and_runs(client, id)
        ranks = [_how_it_ended(client, run) for run in sorted(runs, key=lambda run: run.rank)[:MAX_COMPARED]]
        attempts = [] if trial is None else client.attempts(trial.id)
    about = None if trial is None else trial_line(trial) | {"stderr": end_of_text(trial.stderr_tail)}
    earlier = [{"number": each.number, "state": each.state, "error": each.error or each.reason} for each in attempts]
    return plain({"trial": about, "earlier_attempts": earlier, "ranks": ranks})


def sql(statement: str, project: str | None = None, metrics: list[str] | None = None, limit: int = 50) -> Answer:
    """Run one read-only SELECT statement (SQLite's dialect) over runs, sweeps and series.

    Call `sql_tables` for the columns. `points` has every logged number: give `project` and `metrics` with it.

    Args:
        statement: the statement.
        project: fetch only this project.
        metrics: fetch only series and points of these metrics.
        limit: number of rows to return, at most 200.
    """
    with up_to_date_client() as client:
        asked = Api(client).sql(statement, project=project, keys=metrics or (), timeout_s=SQL_TIMEOUT_S)
        rows = list(islice(asked, MAX_LISTED + 1))
    kept = rows[: _limit(limit)]
    return plain({"rows": kept, "is_cut": len(rows) > len(kept)})


def sql_tables() -> Answer:
    """List the tables of `sql` with their columns."""
    return {"tables": describe_tables().splitlines()}


READ_TOOLS = (
    *(list_projects, list_sweeps, sweep_status, best_trials, list_runs, show_run, compare_runs, read_series),
    *(console_tail, explain_failure, sql, sql_tables),
)


def _limit(wanted: int) -> int:
    if not 1 <= wanted <= MAX_LISTED:
        raise UsageError(f"{wanted} entries were asked for, allowed: 1 to {MAX_LISTED}")
    return wanted


def _find_trial_and_runs(client: Client, given: str) -> tuple[m.Trial | None, list[m.RunDetails]]:
    sweep, slash, number = given.partition("/")
    if slash:
        by_number = {str(trial.number): trial for trial in client.trials(sweep)}
        if number not in by_number:
            raise NotFound(f"sweep `{sweep}` has no trial `{number}`", hint=f"it has {len(by_number)} trials")
        trial = by_number[number]
        return trial, client.runs(trial=trial.id).runs
    try:
        run = client.run(given)
    except NotFound:
        trial = client.trial(given)
        return trial, client.runs(trial=trial.id).runs
    runs = client.runs(project=run.project, group=run.group).runs if run.world_size > 1 else [run]
    return (client.trial(run.trial) if run.trial else None), runs


def _how_it_ended(client: Client, run: m.RunDetails) -> Answer:
    printed = client.console(run.id, last=CONSOLE_LINES)
    ended = {"state": run.state, "reason": run.reason, "exit_code": run.exit_code, "signal": run.signal}
    place = {"run": run.id, "rank": run.rank, "host": run.host}
    return place | ended | {"printed_last": end_of_text("\n".join(line.line for line in printed))}
