"""The report of a sweep: what it found and used, and as lines of Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lightning_sweeps.agents.time_accounting import describe
from lightning_sweeps.cli.tables import duration, number, parameters, repeated, usage
from lightning_sweeps.messages import FAILED_TRIAL_STATES, Agent, Sweep, SweepChange, SweepPoint, Trial
from lightning_sweeps.sweeps.config import read_config
from lightning_sweeps.sweeps.importance import importance
from lightning_sweeps.sweeps.space import Space
from lightning_sweeps.sweeps.sweep_points import ranked

BEST = 5
"""Number of best trials in the report."""


@dataclass(frozen=True, slots=True)
class SweepReport:
    """The results of a sweep.

    Attributes:
        sweep: The sweep.
        best: The best trials, best first.
        points: The points of a sweep with repeats, by number.
        best_points: The best of them, best first.
        importance: Share of each parameter in the differences of the objective, from 0 to 1.
        stopped: Trials that a stopping rule or a person stopped.
        failed: Trials that failed or whose agent was lost.
        trial_s: Total duration of all trials, in seconds.
        gpu_s: Total GPU time of all trials, in seconds.
        start_s: Total time from lease to program start of all trials, in seconds.
        agents: The agents of the sweep.
        ignored: Trials that a person excluded.
        changes: What people did to the sweep.
        saved_s: Estimated time saved by stopping, in seconds: the additional time that the stopped trials would have
            run if each had taken the median duration of the finished ones.
        trials: All trials, by number.
    """

    sweep: Sweep
    best: list[Trial]
    importance: dict[str, float]
    stopped: list[Trial]
    failed: list[Trial]
    trial_s: float
    gpu_s: float
    start_s: float
    agents: list[Agent]
    ignored: list[Trial]
    changes: list[SweepChange]
    saved_s: float
    trials: list[Trial]
    points: list[SweepPoint]
    best_points: list[SweepPoint]


def build(
    sweep: Sweep,
    trials: list[Trial],
    agents: list[Agent],
    changes: Sequence[SweepChange] = (),
    points: Sequence[SweepPoint] = (),
) -> SweepReport:
    """Return the report of a sweep with these trials, agents, changes, and points if it has repeats."""
    sign = 1 if sweep.goal == "minimize" else -1
    ended = [trial for trial in trials if trial.state in ("finished", "stopped") and trial.objective is not None]
    ended = [trial for trial in ended if not trial.ignored and not trial.discarded]
    ended.sort(key=lambda trial: (sign * (trial.objective or 0.0), trial.number))
    config = read_config(sweep.config)
    space = Space.of(config.parameters, config.constraints)
    gpus = {agent.id: len(agent.gpus) for agent in agents}
    times = {trial.id: trial.ended - trial.started for trial in trials if trial.started and trial.ended}
    stopped = [trial for trial in trials if trial.state == "stopped"]
    best_points = ranked(points, goal=sweep.goal)
    results = [(point.params, point.value or 0.0) for point in best_points] if points else []
    results = results or [(trial.params, trial.objective or 0.0) for trial in ended]
    finished = sorted(times[trial.id] for trial in trials if trial.state == "finished" and trial.id in times)
    usual = finished[len(finished) // 2] if finished else 0.0
    return SweepReport(
        sweep=sweep,
        best=ended[:BEST],
        importance=importance(space, [(params, sign * value) for params, value in results]),
        stopped=stopped,
        failed=[trial for trial in trials if trial.state in FAILED_TRIAL_STATES],
        trial_s=sum(times.values()),
        gpu_s=sum(
            times.get(trial.id, 0.0) * gpus.get(trial.agent or "", 0) if trial.gpu_s is None else trial.gpu_s
            for trial in trials
        ),
        start_s=sum(trial.start_s or 0.0 for trial in trials),
        agents=agents,
        ignored=[trial for trial in trials if trial.ignored],
        changes=list(changes),
        saved_s=sum(max(0.0, usual - times[trial.id]) for trial in stopped if trial.id in times),
        trials=list(trials),
        points=list(points),
        best_points=best_points[:BEST],
    )


def facts(found: SweepReport) -> list[tuple[str, str]]:
    """Return who created the sweep and when, how it searches, and what it used, as names and texts."""
    sweep, used = found.sweep, found.sweep.usage
    counts = ", ".join(f"{count} {state}" for state, count in sweep.counts.items() if count) or "none yet"
    by = f" by {sweep.created_by}" if sweep.created_by else ""
    text = [("created", datetime.fromtimestamp(sweep.created).isoformat(" ", "seconds") + by)]
    text += [("method", sweep.method), ("metric", f"{sweep.goal} {sweep.metric}" if sweep.metric else "none")]
    text += [("trials", counts), ("duration of all trials", duration(1, 1 + found.trial_s))]
    text += [("GPU time", duration(1, 1 + found.gpu_s))] if found.gpu_s else []
    if used is not None:
        text += [("used of the budget", usage(used))]
    return text


def change_text(change: SweepChange) -> str:
    """Return a sentence about a change that a user made."""
    detail = change.detail
    if change.action == "state":
        return f"{detail.get('before')} -> {detail.get('now_is')}"
    if change.action == "update":
        words = [
            f"{key}: {json.dumps(values.get('before'))} -> {json.dumps(values.get('now'))}"
            for key, values in detail.get("keys", {}).items()
        ]
        return f"update: {'; '.join(words) or 'nothing differs'}"
    if change.action == "extend":
        return f"extended by {detail.get('trials')} trials to {detail.get('run_cap')}"
    if change.action == "retry":
        with_error = f" with `{detail['error']}` in the error" if detail.get("error") else ""
        return f"run again: trials {', '.join(map(str, detail.get('trials', [])))}{with_error}"
    if change.action == "enqueue":
        return f"added trial {detail.get('number')}: {parameters(detail.get('params', {}))}"
    if change.action in ("stop trial", "mark trial"):
        known = {"trial", "number"}
        marks = ", ".join(f"{key}: {value}" for key, value in detail.items() if key not in known and value)
        return f"{change.action} {detail.get('number')}" + (f": {marks}" if marks else "")
    return f"{change.action} {json.dumps(detail)}" if detail else change.action


def lines(found: SweepReport) -> list[str]:
    """Return the report as lines of Markdown."""
    sweep = found.sweep
    reason = f": {sweep.reason}" if sweep.reason else ""
    text = [f"# Sweep {sweep.id} ({sweep.name})", ""]
    text += [sweep.description, ""] if sweep.description else []
    text += [f"The sweep is {sweep.state}{reason}.", ""]
    text += [f"- {name}: {value}" for name, value in facts(found)]
    text += ["", f"## Best {'points' if found.points else 'trials'} ({sweep.goal} {sweep.metric or 'no metric'})", ""]
    text += _best_lines(found) or ["- no results yet"]
    if found.importance:
        text += ["", "## Parameter importance", ""]
        text += [f"- {name}: {100 * share:.0f} %" for name, share in found.importance.items()]
    if found.stopped:
        text += ["", "## Stopped early", ""]
        text += [f"- trial {trial.number}: {trial.reason}" for trial in found.stopped]
    if found.failed:
        text += ["", "## Failed", ""]
        text += [f"- trial {trial.number}: {trial.error or trial.reason}" for trial in found.failed]
    if found.ignored:
        text += ["", "## Ignored", ""]
        text += [f"- trial {trial.number}: {trial.note or 'no note'}" for trial in found.ignored]
    if found.changes:
        text += ["", "## Changes by people", ""]
        text += [_change_line(change) for change in found.changes]
    text += ["", "## Time", "", f"- duration of all trials: {duration(1, 1 + found.trial_s)}"]
    text += [f"- saved by early stopping (estimate): {duration(1, 1 + found.saved_s)}"] if found.stopped else []
    text += [f"- starting programs: {found.start_s:.1f} s"] if found.start_s else []
    text += [
        f"- agent {agent.id} ({agent.host}, slot {agent.slot}): "
        + describe(agent.spent_s, trials=agent.trials_done, gpus=len(agent.gpus))
        for agent in found.agents
        if agent.spent_s
    ]
    return text


def _best_lines(found: SweepReport) -> list[str]:
    if not found.points:
        return [f"- trial {one.number}: {number(one.objective)} with {parameters(one.params)}" for one in found.best]
    return [
        f"- point {one.number}: {repeated(one)} with {parameters(one.params)}, trials {', '.join(map(str, one.trials))}"
        for one in found.best_points
    ]


def _change_line(change: SweepChange) -> str:
    when = datetime.fromtimestamp(change.time).isoformat(" ", "seconds")
    return f"- {when}, {change.key}: {change_text(change)}"
