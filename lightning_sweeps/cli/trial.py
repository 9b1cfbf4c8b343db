"""`lightning-sweeps trial`: shows, marks or stops one trial."""

from __future__ import annotations

from dataclasses import asdict

import typer

from lightning_sweeps.cli import tables
from lightning_sweeps.cli.tables import duration, number, parameters, print_json
from lightning_sweeps.client import Client
from lightning_sweeps.client.up_to_date import connect_up_to_date
from lightning_sweeps.errors import UsageError
from lightning_sweeps.messages import Trial, TrialMark

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def trial(
    which: str = typer.Argument(
        ..., metavar="SWEEP_ID/NUMBER", help="Sweep and trial number as in `status SWEEP_ID`, or the id of the trial."
    ),
    ignore: bool = typer.Option(False, "--ignore", help="Exclude its value from the search and from the best trial."),
    count: bool = typer.Option(False, "--count", help="Undo --ignore."),
    note: str | None = typer.Option(None, "--note", help="Attach a note. An empty text deletes it."),
    stop: bool = typer.Option(False, "--stop", help="Stop it."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON for scripts."),
) -> None:
    """Show one trial, mark it, or stop it.

    Examples:

      lightning-sweeps trial 1a2b3c4d5e/7

      lightning-sweeps trial 1a2b3c4d5e/7 --ignore --note "trained on old data"
    """
    if ignore and count:
        raise UsageError("only one of `--ignore` and `--count` is allowed")
    with connect_up_to_date(tables.note) as client:
        trial_id = find(client, which)
        if ignore or count or note is not None:
            client.mark_trial(trial_id, TrialMark(ignored=ignore if ignore or count else None, note=note))
        found = client.stop_trial(trial_id) if stop else client.trial(trial_id)
    if as_json:
        print_json(asdict(found))
        return
    for line in lines(found):
        typer.echo(line)


def find(client: Client, which: str) -> str:
    """Return the id of a trial.

    Args:
        client: The server to search.
        which: `SWEEP_ID/NUMBER`, or the id of the trial.

    Raises:
        UsageError: the sweep has no trial of this number.
    """
    sweep, slash, number = which.partition("/")
    if not slash:
        return which
    numbers = {str(trial.number): trial.id for trial in client.trials(sweep)}
    if number not in numbers:
        raise UsageError(f"sweep `{sweep}` has no trial `{number}`, allowed: 1 to {len(numbers)}")
    return numbers[number]


def lines(trial: Trial) -> list[str]:
    """Return the description of a trial as lines."""
    reason = f": {trial.reason}" if trial.reason else ""
    text = [f"Trial {trial.number} ({trial.id}) of sweep {trial.sweep} is {trial.state}{reason}"]
    text += [f"parameters: {parameters(trial.params)}"]
    ignored = ", ignored" if trial.ignored else ""
    text += [f"value: {number(trial.objective)} ({trial.reports} reports){ignored}"]
    text += [f"note: {trial.note}"] if trial.note else []
    if trial.started is not None:
        text += [f"duration: {duration(trial.started, trial.ended)}, attempt {trial.attempt}"]
    tail = trial.stderr_tail.rstrip()
    return text + (["", tail] if tail else [])
