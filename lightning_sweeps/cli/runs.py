"""`lightning-sweeps runs`: lists runs, newest first."""

from __future__ import annotations

from dataclasses import asdict
from typing import get_args

import typer

from lightning_sweeps.cli import suggestions
from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.cli.known_projects import check_project
from lightning_sweeps.core.pasted_id import last_part
from lightning_sweeps.core.similar import did_you_mean
from lightning_sweeps.core.states import RunState
from lightning_sweeps.errors import UsageError

if not is_help_only():
    from lightning_sweeps.cli.tables import Column, console, duration, note, number, print_json, state, table
    from lightning_sweeps.client.up_to_date import connect_up_to_date
    from lightning_sweeps.messages import Rejections, RunDetails

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)

SUMMARY_KEYS = 4
SHOWN_REJECTED = 5

CLOSE = typer.Option(
    [],
    "--close",
    metavar="ID",
    autocompletion=suggestions.runs,
    help="End a run whose process is dead; can be given several times.",
)

COLUMNS: list[Column] = [
    "run",
    "project",
    "name",
    "group",
    "rank",
    "state",
    ("rows", "right"),
    "duration",
    "who",
    "host",
    "last values",
    "reason",
]


def _states(incomplete: str) -> list[str]:
    return [state for state in get_args(RunState) if state.startswith(incomplete)]


@app.command()
def runs(
    project: str | None = typer.Option(
        None, "--project", "-p", autocompletion=suggestions.projects, help="Show only runs of this project."
    ),
    group: str | None = typer.Option(
        None, "--group", "-g", help="Show only runs of this group (the ranks of one job)."
    ),
    sweep: str | None = typer.Option(
        None, "--sweep", "-s", parser=last_part, autocompletion=suggestions.sweeps, help="Show only runs of this sweep."
    ),
    run_state: str | None = typer.Option(
        None, "--state", autocompletion=_states, help="Show only runs in this state: `failed`, ..."
    ),
    limit: int = typer.Option(50, "--limit", "-n", min=1, help="Number of runs to show."),
    archived: bool = typer.Option(False, "--archived", help="List archived runs."),
    deleted: bool = typer.Option(False, "--deleted", help="List runs in the trash."),
    close: list[str] = CLOSE,
    as_json: bool = AS_JSON,
) -> None:
    """List runs with project, group, rank, state, who sent them, host and last values, newest first."""
    _check_state(run_state)
    with connect_up_to_date(note) as client:
        if close:
            for run_id in close:
                closed = client.close_run(run_id)
                typer.echo(f"{closed.id}: {closed.state}{f' ({closed.reason})' if closed.reason else ''}")
            return
        shown = "deleted" if deleted else "archived" if archived else "active"
        found = client.runs(project=project, group=group, sweep=sweep, state=run_state, shown=shown, limit=limit)
        rejected = client.rejected()
        if not found.total and not deleted:
            check_project(client, project)
    if as_json:
        print_json([asdict(run) for run in found.runs])
        return
    if not found.runs:
        typer.echo("No runs yet. Log one with `lightning_sweeps.init(project=...)` or `Trainer(logger=SweepLogger())`.")
        _print_rejected(rejected)
        return
    console().print(table(COLUMNS, [_row(run) for run in found.runs]))
    if found.total > len(found.runs):
        typer.echo(f"Showing {len(found.runs)} of {found.total} runs. Use --limit to show more.")
    _print_rejected(rejected)


def _check_state(given: str | None) -> None:
    states = get_args(RunState)
    if given is not None and given not in states:
        raise UsageError(f"`--state {given}` was given, allowed: {', '.join(states)}", hint=did_you_mean(given, states))


def _print_rejected(rejected: Rejections) -> None:
    """Say what could not be stored, and why."""
    for journal in rejected.journals[:SHOWN_REJECTED]:
        typer.echo(f"Rejected on {journal.host}: {journal.path}: {journal.reason}")
    if rejected.records:
        typer.echo(
            f"Rejected on the server: {rejected.record_count} records. The last reason: {rejected.records[-1].reason}"
        )
    if rejected.journals or rejected.records:
        typer.echo("`lightning-sweeps sync --retry` tries them again.")


def _who(run: RunDetails) -> str:
    """Return the name of the API key that sent the run, or the user, whose machine's own key is named `user@host`."""
    key = run.created_by or ""
    return run.user if not key or (run.user and key.startswith(f"{run.user}@")) else key


def _row(run: RunDetails) -> list[object]:
    values = [f"{key} {number(value)}" for key, value in run.summary.items()]
    more = ["…"] if len(values) > SUMMARY_KEYS else []
    return [
        run.id,
        run.project,
        run.name,
        run.group,
        f"{run.rank} of {run.world_size}",
        state(run.state),
        run.rows,
        duration(run.created, run.ended),
        _who(run),
        run.host,
        ", ".join(values[:SUMMARY_KEYS] + more),
        "; ".join(
            filter(None, (run.reason, f"{run.rejected} records rejected" if run.rejected else "", rows_note(run)))
        ),
    ]


def rows_note(run: RunDetails) -> str:
    """Return what the server did to old rows of a run; empty: nothing."""
    if run.rows_deleted is not None:
        return "rows deleted"
    return "" if run.thinned is None else "rows thinned"
