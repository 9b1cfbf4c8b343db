"""`lightning-sweeps sweep`: creates a sweep from a file, or checks the file. `sweep_changes.py` changes a sweep."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import typer

from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.core.pasted_id import last_part
from lightning_sweeps.errors import UsageError
from lightning_sweeps.sweeps.yaml_versions import YamlVersion

if not is_help_only():
    from lightning_sweeps.cli import check, sweep_changes
    from lightning_sweeps.cli.tables import print_json, warn
    from lightning_sweeps.client.connection import connect
    from lightning_sweeps.core.settings import read_settings
    from lightning_sweeps.messages import SweepCreate, SweepCreated, SweepState
    from lightning_sweeps.sweeps import json_schema
    from lightning_sweeps.sweeps.config import ParsedSweep, load_sweep_file


@dataclass(frozen=True, slots=True)
class PriorResults:
    """Earlier sweeps and runs, by id. A search starts with their results."""

    sweeps: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)


app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def sweep(
    target: str | None = typer.Argument(
        None, metavar="FILE|SWEEP_ID", show_default=False, help="A sweep file, or the id of a sweep to change."
    ),
    project: str | None = typer.Option(None, "--project", "-p", help="Project name. Overrides the sweep file."),
    name: str | None = typer.Option(None, "--name", help="Name of the sweep. Overrides the sweep file."),
    is_checked: bool = typer.Option(
        False, "--check", help="Check the file and show the command lines of its first trials. Create nothing."
    ),
    pause: bool = typer.Option(False, "--pause", help="Start no trials until --resume. Running trials continue."),
    resume: bool = typer.Option(
        False, "--resume", help="Start trials again after --pause, or after the end of the sweep."
    ),
    stop: bool = typer.Option(False, "--stop", help="End the sweep: start no more trials. Running trials continue."),
    cancel: bool = typer.Option(False, "--cancel", help="End the sweep and stop its running trials."),
    update: str | None = typer.Option(
        None,
        "--update",
        metavar="SWEEP_ID",
        help="Apply the settings of the file to this sweep. Its metric must not change.",
    ),
    enqueue: str | None = typer.Option(
        None, "--enqueue", metavar="JSON", help="Add a trial with these parameters to the sweep."
    ),
    prior_run: list[str] = typer.Option(  # noqa: B008  typer declares lists this way
        [], "--prior-run", "-R", metavar="RUN_ID", help="Start the search with the result of this run. May be repeated."
    ),
    prior_sweep: list[str] = typer.Option(  # noqa: B008  typer declares lists this way
        [],
        "--prior-sweep",
        metavar="SWEEP_ID",
        help="Start the search with the results of this sweep. May be repeated.",
    ),
    extend: int | None = typer.Option(
        None, "--extend", metavar="N", help="Allow N more trials. A finished sweep runs again."
    ),
    retry_failed: bool = typer.Option(
        False, "--retry-failed", help="Run the failed trials of the sweep again, also after its end."
    ),
    error: str = typer.Option(
        "", "--error", metavar="TEXT", help="With --retry-failed: only trials whose error contains this text."
    ),
    show_replay: bool = typer.Option(
        False, "--replay", help="Repeat the search from the recorded results and compare the points."
    ),
    yaml: YamlVersion | None = typer.Option(  # noqa: B008  the rule does not know this type
        None, "--yaml", help="YAML version of the file; 1.1 as in W&B. Overrides the file (default: 1.2)."
    ),
    schema: bool = typer.Option(False, "--schema", help="Print the JSON schema of sweep files for editors."),
    as_json: bool = AS_JSON,
) -> None:
    """Create a sweep from a W&B sweep file and print how to run it.

    Examples:

      lightning-sweeps sweep sweep.yaml

      lightning-sweeps sweep sweep.yaml --check

      lightning-sweeps sweep sweep.yaml --prior-sweep 1a2b3c4d5e

      lightning-sweeps sweep 1a2b3c4d5e --pause

      lightning-sweeps sweep --update 1a2b3c4d5e sweep.yaml

      lightning-sweeps sweep 1a2b3c4d5e --extend 20

      lightning-sweeps sweep 1a2b3c4d5e --enqueue '{"lr": 0.01, "optimizer.name": "sgd"}'

      lightning-sweeps sweep 1a2b3c4d5e --retry-failed --error "out of memory"
    """
    states: dict[SweepState, bool] = {"paused": pause, "running": resume, "stopped": stop, "cancelled": cancel}
    changes = [state for state, is_given in states.items() if is_given]
    operations = {
        "--check": is_checked,
        "--pause": pause,
        "--resume": resume,
        "--stop": stop,
        "--cancel": cancel,
        "--update": update is not None,
        "--enqueue": enqueue is not None,
        "--retry-failed": retry_failed,
        "--replay": show_replay,
        "--schema": schema,
    }
    if sum(operations.values()) > 1:
        raise UsageError(f"at most one of {', '.join(operations)} is allowed")
    if error and not retry_failed:
        raise UsageError("`--error` is used only with `--retry-failed`")
    if schema:
        typer.echo(json_schema.render(), nl=False)
    elif target is None:
        raise UsageError("no sweep file was given", hint="for example `lightning-sweeps sweep sweep.yaml`")
    elif update is not None:
        sweep_changes.update(last_part(update), target, project=project, name=name, yaml=yaml)
    elif enqueue is not None:
        sweep_changes.enqueue(last_part(target), enqueue)
    elif extend is not None:
        sweep_changes.extend(last_part(target), extend)
    elif retry_failed:
        sweep_changes.retry_failed(last_part(target), error)
    elif show_replay:
        sweep_changes.show_replay(last_part(target))
    elif changes:
        sweep_changes.set_state(last_part(target), changes[0])
    elif is_checked:
        _check(target, load_sweep_file(target, version=yaml))
    else:
        prior = PriorResults(prior_sweep, prior_run)
        _create(target, project=project, name=name, prior=prior, yaml=yaml, as_json=as_json)


def create_from_file(
    file: str,
    *,
    project: str | None,
    name: str | None,
    prior: PriorResults | None = None,
    yaml: YamlVersion | None = None,
) -> tuple[SweepCreated, str]:
    """Create a sweep from its file and print warnings about the file.

    Args:
        file: Path of the sweep file.
        project: Project name. Overrides the file.
        name: Name of the sweep. Overrides the file.
        prior: Earlier results that the search starts with.
        yaml: YAML version of the file. Overrides the file.

    Returns:
        The sweep and the URL of the server.

    Raises:
        SweepFileError: the file has faults. Nothing was created.
        ServerError: the server cannot be reached, or it rejected the sweep.
    """
    parsed = load_sweep_file(file, version=yaml)
    warn([*parsed.warnings, *check.program_warnings(parsed.raw, file)])
    source = Path(file).read_text()
    project = project or parsed.config.project or read_settings().project
    with connect() as client:
        known = prior or PriorResults()
        created = client.create_sweep(
            SweepCreate(
                parsed.raw,
                source=source,
                project=project,
                name=name,
                prior_sweeps=known.sweeps,
                prior_runs=known.runs,
            )
        )
        url = client.url
    return created, url


def _create(
    file: str,
    *,
    project: str | None,
    name: str | None,
    prior: PriorResults,
    yaml: YamlVersion | None,
    as_json: bool,
) -> None:
    created, url = create_from_file(file, project=project, name=name, prior=prior, yaml=yaml)
    warn([warning for warning in created.warnings if warning.startswith(("sweep ", "run "))])
    if as_json:
        print_json({"id": created.id, "project": created.project, "server": url})
        return
    typer.echo(f"Created sweep {created.id} in project {created.project} on {url}")
    if prior.sweeps or prior.runs:
        typer.echo(f"The search starts with {created.prior} earlier results")
    typer.echo(f"Run it:    lightning-sweeps agent {created.id}")
    typer.echo(f"Watch it:  lightning-sweeps status {created.id}")


def _check(file: str, parsed: ParsedSweep) -> None:
    warn([*parsed.warnings, *check.program_warnings(parsed.raw, file)])
    check.show(parsed)
