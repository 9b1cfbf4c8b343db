"""`lightning-sweeps runs`: runs as a table, newest first."""

from __future__ import annotations

from dataclasses import asdict

import typer

from lightning_sweeps.cli.tables import Column, console, duration, number, print_json, state, table
from lightning_sweeps.client.connection import connect
from lightning_sweeps.messages import Run

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)

SUMMARY_KEYS = 4

COLUMNS: list[Column] = [
    "run",
    "project",
    "name",
    "group",
    "rank",
    "state",
    ("rows", "right"),
    "time",
    "last values",
    "remark",
]


@app.command()
def runs(
    project: str | None = typer.Option(None, "--project", "-p", help="Only this project."),
    group: str | None = typer.Option(None, "--group", "-g", help="Only this group: the ranks of one job."),
    sweep: str | None = typer.Option(None, "--sweep", "-s", help="Only this sweep's runs."),
    run_state: str | None = typer.Option(None, "--state", help="Only runs in this state, for example `failed`."),
    limit: int = typer.Option(50, "--limit", "-n", min=1, help="How many."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON for scripts."),
) -> None:
    """List runs: project, group, rank, state and the last values that they logged."""
    with connect() as client:
        found = client.runs(project=project, group=group, sweep=sweep, state=run_state, limit=limit)
    if as_json:
        print_json([asdict(run) for run in found.runs])
        return
    if not found.runs:
        typer.echo("No runs. Log one:  lightning_sweeps.init(project=...), or Trainer(logger=SweepLogger())")
        return
    console().print(table(COLUMNS, [_row(run) for run in found.runs]))
    if found.total > len(found.runs):
        typer.echo(f"{len(found.runs)} of {found.total} runs; --limit shows more")


def _row(run: Run) -> list[object]:
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
        ", ".join(values[:SUMMARY_KEYS] + more),
        run.reason,
    ]
