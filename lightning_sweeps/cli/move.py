"""`lightning-sweeps move`: moves runs to another project."""

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
def move(
    runs: list[str] | None = chosen_runs.RUNS,
    project: str | None = chosen_runs.PROJECT,
    group: str | None = chosen_runs.GROUP,
    where: str = chosen_runs.FILTER,
    to: str = typer.Option(..., "--to", help="The other project. It is created if it is new."),
    running: bool = chosen_runs.RUNNING,
    yes: bool = chosen_runs.YES,
    dry_run: bool = chosen_runs.DRY_RUN,
    as_json: bool = AS_JSON,
) -> None:
    """Move runs to another project. Artifacts and sweeps stay in theirs.

    Examples:

      lightning-sweeps move r-3jphyvqvyy1k35fa --to vision

      lightning-sweeps move --project scratch --filter 'tags has keep' --to vision
    """
    chosen = chosen_runs.choice(runs, project=project, group=group, where=where)
    wanted = RunsChange(chosen, "move", to, with_running=running)
    with connect_up_to_date(note) as client:
        question = f"Move {{runs}} to {to}"
        done = chosen_runs.change(client, wanted, question=question, is_agreed=yes, is_dry=dry_run, as_json=as_json)
    if done is not None and not as_json:
        typer.echo(f"{chosen_runs.count(done.count, 'run')} moved to {to}.")
