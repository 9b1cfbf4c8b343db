"""`lightning-sweeps rename`: gives a run or a project another name."""

from __future__ import annotations

import typer

from lightning_sweeps.cli.delayed_imports import delayed_imports

with delayed_imports():
    from lightning_sweeps.cli.tables import note
    from lightning_sweeps.client.up_to_date import connect_up_to_date

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def rename(
    which: str = typer.Argument(..., metavar="RUN", help="Id of the run; with --project, the name of the project."),
    name: str = typer.Argument(..., help="The new name."),
    project: bool = typer.Option(False, "--project", help="Rename a project."),
) -> None:
    """Give a run another name, or a project.

    Programs that log new runs to the old name of a project create a project of that name again.

    Examples:

      lightning-sweeps rename r-3jphyvqvyy1k35fa baseline

      lightning-sweeps rename --project scratch vision
    """
    with connect_up_to_date(note) as client:
        if project:
            client.rename_project(which, name)
            typer.echo(f"The project {which} is now {name}.")
        else:
            renamed = client.label_run(which, name=name)
            typer.echo(f"The run {renamed.id} is now named {renamed.name}.")
