"""`lightning-sweeps sweep`: creates a sweep from a file, checks the file, or changes a sweep."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import typer

from lightning_sweeps.cli import check
from lightning_sweeps.cli.tables import parameters, print_json
from lightning_sweeps.client.connection import connect
from lightning_sweeps.core.ids import last_part
from lightning_sweeps.core.settings import read_settings, use_one_thread
from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import SweepCreate, SweepCreated, SweepState, SweepUpdate
from lightning_sweeps.sweeps import json_schema, yaml12
from lightning_sweeps.sweeps.config import ParsedSweep, load_sweep_file
from lightning_sweeps.sweeps.definition import define_sweep
from lightning_sweeps.sweeps.replay import replay


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
    resume: bool = typer.Option(False, "--resume", help="Start trials again after --pause."),
    stop: bool = typer.Option(False, "--stop", help="Start no more trials, permanently. Running trials continue."),
    cancel: bool = typer.Option(False, "--cancel", help="End the sweep and stop its running trials."),
    update: str | None = typer.Option(
        None,
        "--update",
        metavar="SWEEP_ID",
        help="Apply the settings of the file to this sweep. Its search must not change.",
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
    show_replay: bool = typer.Option(
        False, "--replay", help="Repeat the search from the recorded results and compare the points."
    ),
    yaml: yaml12.Version | None = typer.Option(  # noqa: B008  the rule does not know this type
        None, "--yaml", help="YAML version of the file; 1.1 as in W&B. Overrides the file (default: 1.2)."
    ),
    schema: bool = typer.Option(False, "--schema", help="Print the JSON schema of sweep files for editors."),
    as_json: bool = typer.Option(False, "--json", help="Print the new sweep as JSON."),
) -> None:
    """Create a sweep from a W&B sweep file and print how to run it.

    Examples:

      lightning-sweeps sweep sweep.yaml

      lightning-sweeps sweep sweep.yaml --check

      lightning-sweeps sweep sweep.yaml --prior-sweep 1a2b3c4d5e

      lightning-sweeps sweep 1a2b3c4d5e --pause

      lightning-sweeps sweep --update 1a2b3c4d5e sweep.yaml

      lightning-sweeps sweep 1a2b3c4d5e --enqueue '{"lr": 0.01, "optimizer.name": "sgd"}'
    """
    flags: list[tuple[SweepState, bool]] = [
        ("paused", pause),
        ("running", resume),
        ("stopped", stop),
        ("cancelled", cancel),
    ]
    changes = [state for state, given in flags if given]
    if len(changes) + is_checked + schema + show_replay + (update is not None) + (enqueue is not None) > 1:
        options = "--check, --pause, --resume, --stop, --cancel, --update, --enqueue, --replay, --schema"
        raise UsageError(f"at most one of {options} is allowed")
    if schema:
        typer.echo(json_schema.render(), nl=False)
    elif target is None:
        raise UsageError("no sweep file was given", hint="for example `lightning-sweeps sweep sweep.yaml`")
    elif update is not None:
        _update(last_part(update), target, project=project, name=name, yaml=yaml)
    elif enqueue is not None:
        _enqueue(last_part(target), enqueue)
    elif show_replay:
        _replay(last_part(target))
    elif changes:
        _change(last_part(target), changes[0])
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
    yaml: yaml12.Version | None = None,
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
    _warn([*parsed.warnings, *check.program_warnings(parsed.raw, file)])
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
    yaml: yaml12.Version | None,
    as_json: bool,
) -> None:
    created, url = create_from_file(file, project=project, name=name, prior=prior, yaml=yaml)
    _warn([warning for warning in created.warnings if warning.startswith(("sweep ", "run "))])
    if as_json:
        print_json({"id": created.id, "project": created.project, "server": url})
        return
    typer.echo(f"Created sweep {created.id} in project {created.project} on {url}")
    if prior.sweeps or prior.runs:
        typer.echo(f"The search starts with {created.prior} earlier results")
    typer.echo(f"Run it:    lightning-sweeps agent {created.id}")
    typer.echo(f"Watch it:  lightning-sweeps status {created.id}")


def _check(file: str, parsed: ParsedSweep) -> None:
    _warn([*parsed.warnings, *check.program_warnings(parsed.raw, file)])
    check.show(parsed)


def _change(sweep_id: str, state: SweepState) -> None:
    with connect() as client:
        changed = client.set_sweep_state(sweep_id, state)
    typer.echo(f"Sweep {changed.id} is now {changed.state}")


def _update(sweep_id: str, file: str, *, project: str | None, name: str | None, yaml: yaml12.Version | None) -> None:
    if project is not None:
        raise UsageError(f"`--project {project}` cannot be used with --update: the project of a sweep cannot change")
    parsed = load_sweep_file(file, version=yaml)
    _warn(parsed.warnings)
    raw = parsed.raw if name is None else parsed.raw | {"name": name}
    with connect() as client:
        changed = client.update_sweep(sweep_id, SweepUpdate(raw, source=Path(file).read_text()))
    typer.echo(f"Sweep {changed.id} now has the settings of {file}. It is {changed.state}.")


def _enqueue(sweep_id: str, text: str) -> None:
    try:
        params = json.loads(text)
    except ValueError:
        params = None
    if not isinstance(params, dict):
        raise UsageError(
            f"the value of --enqueue is `{text}`, expected the parameters as a JSON object",
            hint="""for example `--enqueue '{"lr": 0.01, "optimizer.name": "sgd"}'`""",
        )
    with connect() as client:
        trial = client.enqueue_trial(sweep_id, params)
    typer.echo(f"Added trial {trial.number} ({trial.id}) to sweep {sweep_id}: {parameters(trial.params)}")


def _replay(sweep_id: str) -> None:
    with connect() as client:
        found, trials, inputs = client.sweep(sweep_id), client.trials(sweep_id), client.search_inputs(sweep_id)
    if found.config.get("metrics"):
        raise UsageError("a sweep with several `metrics` cannot be replayed", hint="a sweep with one `metric` can")
    use_one_thread()  # as in the server: the number of threads changes the last digits of a fit
    differing = 0
    for replayed in replay(define_sweep(found.config), inputs, trials):
        trial = replayed.trial
        known = "" if trial.known_ends is None else f", knowing {trial.known_ends} results"
        result = "the same point" if replayed.is_same else f"now {parameters(replayed.params or {})}"
        typer.echo(f"trial {trial.number}{known}: {parameters(trial.params)}: {result}")
        differing += not replayed.is_same
    typer.echo("The method gives every point again." if not differing else f"{differing} points differ.")
    raise typer.Exit(1 if differing else 0)


def _warn(warnings: list[str]) -> None:
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
