"""`lightning-sweeps delete`: moves runs or a sweep to the trash, or empties the trash."""

from __future__ import annotations

import typer

from lightning_sweeps.cli import chosen_runs
from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.core.durations import DAY_S

if not is_help_only():
    from lightning_sweeps.cli.tables import note, print_json
    from lightning_sweeps.client import Client
    from lightning_sweeps.client.up_to_date import connect_up_to_date
    from lightning_sweeps.messages import RunsChange, Trash

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def delete(
    runs: list[str] | None = chosen_runs.RUNS,
    project: str | None = chosen_runs.PROJECT,
    group: str | None = chosen_runs.GROUP,
    where: str = chosen_runs.FILTER,
    sweep: str | None = typer.Option(None, "--sweep", "-s", help="This sweep and all runs of its trials."),
    running: bool = chosen_runs.RUNNING,
    empty_trash: bool = typer.Option(False, "--empty-trash", help="Delete for good what is in the trash."),
    yes: bool = chosen_runs.YES,
    dry_run: bool = chosen_runs.DRY_RUN,
    as_json: bool = AS_JSON,
) -> None:
    """Move runs to the trash. The server deletes them for good after a week; until then, `restore` brings them back.

    Examples:

      lightning-sweeps delete r-3jphyvqvyy1k35fa

      lightning-sweeps delete --project digits --filter 'state = failed and created < -30d'

      lightning-sweeps delete --sweep spqm4j5tw6

      lightning-sweeps delete --empty-trash
    """
    with connect_up_to_date(note) as client:
        if empty_trash:
            _empty(client, is_agreed=yes, is_dry=dry_run, as_json=as_json)
        elif sweep is not None:
            _delete_sweep(client, sweep, is_agreed=yes, is_dry=dry_run, as_json=as_json)
        else:
            chosen = chosen_runs.choice(runs, project=project, group=group, where=where)
            wanted = RunsChange(chosen, "delete", with_running=running)
            question = f"Move {{runs}} to the trash{_until(client.trash())}"
            done = chosen_runs.change(client, wanted, question=question, is_agreed=yes, is_dry=dry_run, as_json=as_json)
            if done is not None and not as_json:
                typer.echo(f"Moved {chosen_runs.count(done.count, 'run')} to the trash.")


def _until(trash: Trash) -> str:
    if trash.keep_s is None:
        return ""
    return f", where the server keeps them for {trash.keep_s / DAY_S:g} days"


def _delete_sweep(client: Client, sweep_id: str, *, is_agreed: bool, is_dry: bool, as_json: bool) -> None:
    found = client.sweep(sweep_id)
    trials = chosen_runs.count(sum(found.counts.values()), "trial")
    question = f"Move the sweep {found.name} with {trials} and their runs to the trash"
    is_done = chosen_runs.is_confirmed(question, is_agreed=is_agreed, is_dry=is_dry, as_json=as_json)
    if is_done:
        client.delete_sweep(sweep_id)
    if as_json:
        print_json({"sweep": sweep_id, "is_done": is_done})
    elif is_done:
        typer.echo(f"Moved the sweep {sweep_id} to the trash. Undo this:  lightning-sweeps restore --sweep {sweep_id}")


def _empty(client: Client, *, is_agreed: bool, is_dry: bool, as_json: bool) -> None:
    trash = client.trash()
    if not trash.runs and not trash.sweeps:
        _say_emptied(0, 0, is_done=False, as_json=as_json)
        return
    content = f"{chosen_runs.count(trash.runs, 'run')} with {chosen_runs.count(trash.rows, 'row')}"
    question = f"Delete {content} and {chosen_runs.count(trash.sweeps, 'sweep')} for good"
    if not chosen_runs.is_confirmed(question, is_agreed=is_agreed, is_dry=is_dry, as_json=as_json):
        if as_json:
            _say_emptied(trash.runs, trash.sweeps, is_done=False, as_json=True)
        return
    runs = sweeps = 0
    while True:
        done = client.empty_trash()
        runs, sweeps = runs + done.runs, sweeps + done.sweeps
        if not done.remaining or not (done.runs or done.sweeps):
            break
        typer.echo(f"{runs:,} runs deleted, {done.remaining:,} runs and sweeps remain ...", err=as_json)
    _say_emptied(runs, sweeps, is_done=True, as_json=as_json)


def _say_emptied(runs: int, sweeps: int, *, is_done: bool, as_json: bool) -> None:
    """Say what was deleted for good; in JSON also what would be."""
    if as_json:
        print_json({"runs": runs, "sweeps": sweeps, "is_done": is_done})
        return
    if not is_done:
        typer.echo("The trash is empty.")
        return
    typer.echo(f"Deleted {chosen_runs.count(runs, 'run')} and {chosen_runs.count(sweeps, 'sweep')} for good.")
    typer.echo("The database reuses their space; `lightning-sweeps db compact` gives it back to the disk.")
