"""`lightning-sweeps rename`: gives a run, a group or a project another name."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import typer

from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON

if not is_help_only():
    from lightning_sweeps.cli.tables import note, print_json
    from lightning_sweeps.client.up_to_date import connect_up_to_date
    from lightning_sweeps.errors import NotFound, UsageError
    from lightning_sweeps.messages import RunChoice, RunsChange

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def rename(
    which: str = typer.Argument(
        ..., metavar="RUN", help="Id of the run; with --group, of the group; with --project, the name of the project."
    ),
    name: str = typer.Argument(..., help="The new name."),
    group: bool = typer.Option(False, "--group", help="Rename all runs of a group."),
    project: bool = typer.Option(False, "--project", help="Rename a project."),
    as_json: bool = AS_JSON,
) -> None:
    """Give a run another name, or a group or a project.

    The runs of a group keep the end of their names that tells the rank, such as `-rank1`. Programs that log new runs to
    the old name of a project create a project of that name again.

    Examples:

      lightning-sweeps rename r-3jphyvqvyy1k35fa baseline

      lightning-sweeps rename --group g-1f4k2m9q0z baseline

      lightning-sweeps rename --project scratch vision
    """
    if group and project:
        raise UsageError("`--group` and `--project` were both given", hint="give one of them, or neither for a run")
    done: dict[str, Any]
    with connect_up_to_date(note) as client:
        if project:
            client.rename_project(which, name)
            said, done = f"The project {which} is now {name}.", {"project": name}
        elif group:
            changed = client.change_runs(RunsChange(RunChoice(group=which), action="rename", to_name=name))
            if not changed.count:
                raise NotFound(f"there is no group `{which}`", hint="`lightning-sweeps runs --json` shows the groups")
            said, done = f"The group {which} is now named {name}. Its runs: {changed.count}.", asdict(changed)
        else:
            renamed = client.label_run(which, name=name)
            said, done = f"The run {renamed.id} is now named {renamed.name}.", asdict(renamed)
    if as_json:
        print_json(done)
    else:
        typer.echo(said)
