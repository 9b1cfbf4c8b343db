"""`lightning-sweeps status`: lists sweeps, or shows one sweep with its trials and agents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

import typer

from lightning_sweeps.cli import suggestions
from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.cli.known_projects import check_project
from lightning_sweeps.core.pasted_id import last_part

if not is_help_only():
    from rich.console import Console

    from lightning_sweeps.cli.tables import (
        Column,
        best_of,
        console,
        duration,
        note,
        number,
        parameters,
        print_json,
        repeated,
        state,
        table,
        usage,
    )
    from lightning_sweeps.client import Client
    from lightning_sweeps.client.up_to_date import connect_up_to_date
    from lightning_sweeps.messages import Agent, Sweep, SweepPoint, Trial

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)

NOTE_LENGTH = 70
FALLBACK_SHARE = 0.05
"""Share of random points in a model-based search that is worth a warning."""

SWEEP_COLUMNS: list[Column] = ["sweep", "project", "name", "state", "method", "trials", "best", "created"]
TRIAL_COLUMNS: list[Column] = [
    "trial",
    "state",
    ("objective", "right"),
    ("reports", "right"),
    "duration",
    ("startup", "right"),
    ("GPU time", "right"),
    "parameters",
    "note",
]
AGENT_COLUMNS: list[Column] = [
    "agent",
    "host",
    ("slot", "right"),
    "GPUs",
    "state",
    "trial",
    ("trials done", "right"),
    ("busy", "right"),
    "last seen",
]


@app.command()
def status(
    sweep: str | None = typer.Argument(
        None,
        metavar="[SWEEP_ID]",
        parser=last_part,
        autocompletion=suggestions.sweeps,
        help="Id of a sweep (default: list all sweeps).",
    ),
    project: str | None = typer.Option(
        None, "--project", "-p", autocompletion=suggestions.projects, help="Show only sweeps of this project."
    ),
    repeats: bool = typer.Option(False, "--repeats", help="List the trials under each point of a sweep with repeats."),
    as_json: bool = AS_JSON,
) -> None:
    """Show the state of all sweeps, or the trials, the best trial and the agents of one sweep."""
    with connect_up_to_date(note) as client:
        if sweep is None:
            found = client.sweeps(project=project)
            if not found:
                check_project(client, project)
            _all(found, as_json=as_json)
        else:
            _one(client, sweep, has_repeats=repeats, as_json=as_json)


def _all(sweeps: list[Sweep], *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(sweep) for sweep in sweeps])
        return
    if not sweeps:
        typer.echo("No sweeps yet. Create one with `lightning-sweeps sweep sweep.yaml`.")
        return
    console().print(table(SWEEP_COLUMNS, [_sweep_row(sweep) for sweep in sweeps]))


def _sweep_row(sweep: Sweep) -> list[object]:
    best = f"{sweep.metric} {number(sweep.best.objective)}" if sweep.best else "-"
    if sweep.best_point is not None:
        best = f"{sweep.metric} {repeated(sweep.best_point)}"
    age = f"{duration(sweep.created, None)} ago"
    return [sweep.id, sweep.project, sweep.name, state(sweep.state), sweep.method, counts(sweep), best, age]


def _one(client: Client, sweep_id: str, *, has_repeats: bool, as_json: bool) -> None:
    sweep, trials, agents = client.sweep(sweep_id), client.trials(sweep_id), client.agents(sweep_id)
    points = client.sweep_points(sweep_id) if sweep.repeats > 1 else []
    if as_json:
        listed = {"trials": list(map(asdict, trials)), "agents": list(map(asdict, agents))}
        print_json({"sweep": asdict(sweep), **listed, "points": list(map(asdict, points))})
    else:
        print_sweep(console(), sweep, trials, agents, points=points, has_repeats=has_repeats)
        for run in client.runs(sweep=sweep_id, state="running").runs:
            if run.reason:  # one of its ranks hangs, and its console lines include the stacks
                typer.echo(f"{run.name}: {run.reason}. To see its stacks, run `lightning-sweeps logs {run.id}`.")


def print_sweep(
    out: Console,
    sweep: Sweep,
    trials: list[Trial],
    agents: list[Agent],
    *,
    points: Sequence[SweepPoint] = (),
    has_repeats: bool = False,
) -> None:
    """Print a sweep with its trials and agents. A `*` marks the best trial or point.

    Args:
        out: Where to print.
        sweep: The sweep.
        trials: Its trials.
        agents: Its agents.
        points: Its points, if it has repeats: there is one row for each.
        has_repeats: Whether the trials of a point follow it.
    """
    out.print(f"Sweep {sweep.id} ({sweep.name}): ", state(sweep.state), end="", markup=False, highlight=False)
    out.print(f" - {sweep.reason}" if sweep.reason else "", markup=False, highlight=False)
    if sweep.description:
        out.print(sweep.description, markup=False, highlight=False)
    by = f", created by {sweep.created_by}" if sweep.created_by else ""
    out.print(f"{sweep.method}, {_goal(sweep)}, {counts(sweep)}{by}", markup=False, highlight=False)
    if sweep.usage is not None:
        out.print(f"used of the budget: {usage(sweep.usage)}", markup=False, highlight=False)
    if warning := fallback_warning(sweep.origins):
        out.print(warning, markup=False, highlight=False, style="yellow")
    if points:
        out.print(table(["point", *TRIAL_COLUMNS], _point_rows(points, trials, sweep, has_repeats=has_repeats)))
    elif trials:
        out.print(table(TRIAL_COLUMNS, [_trial_row(trial, sweep) for trial in trials]))
    if best := best_of(sweep):
        out.print(f"Best: {best}", markup=False, highlight=False, style="bold")
    if agents:
        numbers = {trial.id: f"{trial.number}" for trial in trials}
        out.print(table(AGENT_COLUMNS, [_agent_row(agent, numbers) for agent in agents]))
    else:
        out.print(f"No agents yet. Start one with `lightning-sweeps agent {sweep.id}`.", markup=False, highlight=False)


def counts(sweep: Sweep) -> str:
    """Return the number of trials in each state, and the maximum number of trials."""
    words = [f"{count} {name}" for name, count in sweep.counts.items() if count]
    cap = f" of {sweep.run_cap}" if sweep.run_cap else ""
    return (", ".join(words) or "none") + cap


def fallback_warning(origins: Mapping[str, int]) -> str:
    """Return a warning if many points of a model-based search were drawn at random; otherwise an empty string.

    Args:
        origins: number of trials by what chose their point.
    """
    random, chosen = origins.get("random", 0), origins.get("model", 0) + origins.get("random", 0)
    if not random or random <= FALLBACK_SHARE * chosen:
        return ""
    return f"warning: {random} of {chosen} points were drawn at random, because the model chose no new point"


def _goal(sweep: Sweep) -> str:
    return f"{sweep.goal} {sweep.metric}" if sweep.metric else "no metric"


def _trial_row(trial: Trial, sweep: Sweep) -> list[object]:
    is_best = sweep.best is not None and sweep.best.id == trial.id and sweep.best_point is None
    unseen = f"chosen without {trial.unseen_ends} of the results" if trial.unseen_ends else ""
    marks = ("discarded" if trial.discarded else "", "ignored" if trial.ignored else "")
    parts = (*marks, trial.note, trial.error or trial.reason, unseen)
    return [
        f"{trial.number}{' *' if is_best else ''}",
        state(trial.state),
        number(trial.objective),
        trial.reports,
        duration(trial.started, trial.ended),
        "-" if trial.start_s is None else f"{trial.start_s:.1f} s",
        duration(1, 1 + trial.gpu_s) if trial.gpu_s else "-",
        parameters(trial.params),
        _shortened("; ".join(part for part in parts if part)),
    ]


def _point_rows(
    points: Sequence[SweepPoint], trials: Sequence[Trial], sweep: Sweep, *, has_repeats: bool
) -> Iterator[list[object]]:
    """Yield a row for each point, and for each of its trials if they are wanted. Discarded trials follow at the end."""
    by_number = {trial.number: trial for trial in trials}
    for point in points:
        own = [by_number[number] for number in point.trials if number in by_number]
        yield _point_row(point, own, sweep)
        if has_repeats:
            yield from (["", *_trial_row(trial, sweep)] for trial in own)
    if has_repeats:
        yield from (["", *_trial_row(trial, sweep)] for trial in trials if trial.discarded)


def _point_row(point: SweepPoint, trials: Sequence[Trial], sweep: Sweep) -> list[object]:
    is_best = sweep.best_point is not None and sweep.best_point.number == point.number
    started = [trial.started for trial in trials if trial.started is not None]
    ended = [trial.ended for trial in trials if trial.ended is not None]
    last = max(ended, default=None) if len(ended) == len(trials) else None
    gpu_s = sum(trial.gpu_s or 0.0 for trial in trials)
    return [
        f"{point.number}{' *' if is_best else ''}",
        ", ".join(str(number) for number in point.trials),
        state(point.state),
        repeated(point),
        sum(trial.reports for trial in trials),
        duration(min(started, default=None), last),
        "",
        duration(1, 1 + gpu_s) if gpu_s else "-",
        parameters(point.params),
        _shortened(
            "; ".join(dict.fromkeys(trial.error or trial.reason for trial in trials if trial.error or trial.reason))
        ),
    ]


def _shortened(notes: str) -> str:
    return notes if len(notes) <= NOTE_LENGTH else notes[: NOTE_LENGTH - 1] + "…"


def _agent_row(agent: Agent, numbers: dict[str, str]) -> list[object]:
    return [
        agent.id,
        agent.host,
        agent.slot,
        ",".join(agent.gpus) or "-",
        state(agent.state),
        numbers.get(agent.trial or "", "-"),
        agent.trials_done,
        _busy(agent),
        f"{duration(agent.seen, None)} ago",
    ]


def _busy(agent: Agent) -> str:
    total_s = sum(agent.spent_s.values())
    return f"{agent.spent_s.get('trials', 0.0) / total_s:.0%}" if total_s else "-"
