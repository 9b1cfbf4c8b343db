"""`lightning-sweeps archive`: hides runs from lists without deleting them."""

from __future__ import annotations

import typer

from lightning_sweeps.cli import chosen_runs
from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON

if not is_help_only():
    from lightning_sweeps.cli.tables import note
    from lightning_sweeps.client.up_to_date import connect_up_to_date
    from lightning_sweeps.messages import RunsChange

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def archive(
    runs: list[str] | None = chosen_runs.RUNS,
    project: str | None = chosen_runs.PROJECT,
    group: str | None = chosen_runs.GROUP,
    where: str = chosen_runs.FILTER,
    undo: bool = typer.Option(False, "--undo", help="Show archived runs in lists again."),
    running: bool = chosen_runs.RUNNING,
    yes: bool = chosen_runs.YES,
    dry_run: bool = chosen_runs.DRY_RUN,
    as_json: bool = AS_JSON,
) -> None:
    """Hide runs from lists and from the dashboard. They stay stored, and their own pages still open.

    `lightning-sweeps runs --archived` lists them.

    Examples:

      lightning-sweeps archive --project digits --filter 'created < -90d'

      lightning-sweeps archive --undo r-3jphyvqvyy1k35fa
    """
    chosen = chosen_runs.choice(runs, project=project, group=group, where=where)
    wanted = RunsChange(chosen, "unarchive" if undo else "archive", with_running=running)
    question = "Show {runs} in lists again" if undo else "Archive {runs}"
    with connect_up_to_date(note) as client:
        done = chosen_runs.change(
            client, wanted, question=question, is_agreed=yes or undo, is_dry=dry_run, as_json=as_json
        )
    if done is not None and not as_json:
        typer.echo(f"{chosen_runs.count(done.count, 'run')} {'taken out of' if undo else 'moved to'} the archive.")
