"""`lightning-sweeps restore`: brings runs or a sweep back from the trash."""

from __future__ import annotations

from dataclasses import asdict

import typer

from lightning_sweeps.cli import chosen_runs
from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON

if not is_help_only():
    from lightning_sweeps.cli.tables import note, print_json
    from lightning_sweeps.client.up_to_date import connect_up_to_date
    from lightning_sweeps.messages import RunsChange

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def restore(
    runs: list[str] | None = chosen_runs.RUNS,
    project: str | None = chosen_runs.PROJECT,
    group: str | None = chosen_runs.GROUP,
    where: str = chosen_runs.FILTER,
    sweep: str | None = typer.Option(None, "--sweep", "-s", help="This sweep and all runs of its trials."),
    as_json: bool = AS_JSON,
) -> None:
    """Bring runs back from the trash. `lightning-sweeps runs --deleted` lists what is there.

    Examples:

      lightning-sweeps restore r-3jphyvqvyy1k35fa

      lightning-sweeps restore --project digits --filter 'deleted > -1h'
    """
    with connect_up_to_date(note) as client:
        if sweep is not None:
            restored = client.restore_sweep(sweep)
            if as_json:
                print_json(asdict(restored))
                return
            typer.echo(f"The sweep {restored.id} and its runs are back.")
            return
        chosen = chosen_runs.choice(runs, project=project, group=group, where=where)
        done = client.change_runs(RunsChange(chosen, "restore"))
        if as_json:
            print_json(asdict(done))
            return
        typer.echo(f"{chosen_runs.count(done.count, 'run')} restored.")
