"""What `lightning-sweeps sweep` does to an existing sweep: its state, its settings, more trials, a replay."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from lightning_sweeps.cli.tables import parameters, warn
from lightning_sweeps.client.connection import connect
from lightning_sweeps.core.settings import use_one_thread
from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import SweepState, SweepUpdate
from lightning_sweeps.sweeps.config import load_sweep_file
from lightning_sweeps.sweeps.definition import define_sweep
from lightning_sweeps.sweeps.replay import last_search_change, replay
from lightning_sweeps.sweeps.yaml_versions import YamlVersion


def set_state(sweep_id: str, state: SweepState) -> None:
    """Pause, resume, stop or cancel a sweep."""
    with connect() as client:
        changed = client.set_sweep_state(sweep_id, state)
    typer.echo(f"Sweep {changed.id} is now {changed.state}")


def update(sweep_id: str, file: str, *, project: str | None, name: str | None, yaml: YamlVersion | None) -> None:
    """Apply the settings of a file to a sweep."""
    if project is not None:
        raise UsageError(f"`--project {project}` cannot be used with --update: the project of a sweep cannot change")
    parsed = load_sweep_file(file, version=yaml)
    warn(parsed.warnings)
    raw = parsed.raw if name is None else parsed.raw | {"name": name}
    with connect() as client:
        changed = client.update_sweep(sweep_id, SweepUpdate(raw, source=Path(file).read_text()))
    typer.echo(f"Sweep {changed.id} now has the settings of {file}. It is {changed.state}.")


def enqueue(sweep_id: str, text: str) -> None:
    """Add a trial with parameters that are given as JSON."""
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


def extend(sweep_id: str, trials: int) -> None:
    """Raise the maximum number of trials."""
    with connect() as client:
        changed = client.extend_sweep(sweep_id, trials)
    typer.echo(f"Sweep {changed.id} now has a `run_cap` of {changed.run_cap} trials. It is {changed.state}.")
    show_next(sweep_id, changed.state)


def retry_failed(sweep_id: str, error: str) -> None:
    """Run the failed trials of a sweep again, or those whose error contains a text."""
    with connect() as client:
        found = client.retry_failed(sweep_id, error=error)
        state = client.sweep(sweep_id).state
    if not found:
        typer.echo(f"Sweep {sweep_id} has no failed trial" + (f" whose error contains `{error}`" if error else ""))
        return
    numbers = ", ".join(str(trial.number) for trial in found)
    typer.echo(f"{'Trial' if len(found) == 1 else 'Trials'} {numbers} of sweep {sweep_id} will run again")
    show_next(sweep_id, state)


def show_next(sweep_id: str, state: SweepState) -> None:
    """Print which command makes an agent run what was added to a sweep."""
    if state == "paused":
        typer.echo(f"The sweep is paused. Let it run:  lightning-sweeps sweep {sweep_id} --resume")
    else:
        typer.echo(f"Run it:    lightning-sweeps agent {sweep_id}")


def show_replay(sweep_id: str) -> None:
    """Repeat the search of a sweep and compare the points. Exit with status 1 if points differ."""
    with connect() as client:
        found, trials, inputs = client.sweep(sweep_id), client.trials(sweep_id), client.search_inputs(sweep_id)
        since = last_search_change(client.sweep_changes(sweep_id))
    if found.config.get("metrics"):
        raise UsageError("a sweep with several `metrics` cannot be replayed", hint="a sweep with one `metric` can")
    use_one_thread()  # as in the server: the number of threads changes the last digits of a fit
    if since is not None:
        typer.echo("The search was changed by a user. Only the trials after the last change are repeated.")
    differing = 0
    for replayed in replay(define_sweep(found.config), inputs, trials, since=since):
        trial = replayed.trial
        known = "" if trial.known_ends is None else f", knowing {trial.known_ends} results"
        result = "the same point" if replayed.is_same else f"now {parameters(replayed.params or {})}"
        typer.echo(f"trial {trial.number}{known}: {parameters(trial.params)}: {result}")
        differing += not replayed.is_same
    typer.echo("The method gives every point again." if not differing else f"{differing} points differ.")
    raise typer.Exit(1 if differing else 0)
