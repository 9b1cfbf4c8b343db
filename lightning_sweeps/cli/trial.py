"""`lightning-sweeps trial`: shows or marks one trial, stops it or runs it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import typer

from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.errors import UsageError

if not is_help_only():
    from lightning_sweeps.cli import tables
    from lightning_sweeps.cli.tables import duration, number, parameters, print_json
    from lightning_sweeps.client import Client
    from lightning_sweeps.client.up_to_date import connect_up_to_date
    from lightning_sweeps.messages import Trial, TrialAttempt, TrialMark

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def trial(
    which: str = typer.Argument(
        ..., metavar="SWEEP_ID/NUMBER", help="Sweep and trial number as in `status SWEEP_ID`, or the id of the trial."
    ),
    ignore: bool = typer.Option(False, "--ignore", help="Exclude its value from the search and from the best trial."),
    count: bool = typer.Option(False, "--count", help="Undo --ignore."),
    discard: bool = typer.Option(False, "--discard", help="Free its point: the trial no longer counts in the sweep."),
    restore: bool = typer.Option(False, "--restore", help="Undo --discard."),
    note: str | None = typer.Option(None, "--note", help="Attach a note. An empty text deletes it."),
    stop: bool = typer.Option(False, "--stop", help="Stop it."),
    retry: bool = typer.Option(False, "--retry", help="Run it again after its end, with the same parameters."),
    as_json: bool = AS_JSON,
) -> None:
    """Show one trial, mark it, stop it, or run it again.

    Examples:

      lightning-sweeps trial 1a2b3c4d5e/7

      lightning-sweeps trial 1a2b3c4d5e/7 --ignore --note "trained on old data"

      lightning-sweeps trial 1a2b3c4d5e/7 --retry
    """
    if ignore and count:
        raise UsageError("only one of `--ignore` and `--count` is allowed")
    if discard and restore:
        raise UsageError("only one of `--discard` and `--restore` is allowed")
    if stop and retry:
        raise UsageError("only one of `--stop` and `--retry` is allowed")
    with connect_up_to_date(tables.note) as client:
        trial_id = find(client, which)
        mark = TrialMark(
            ignored=ignore if ignore or count else None, note=note, discarded=discard if discard or restore else None
        )
        if mark != TrialMark():
            client.mark_trial(trial_id, mark)
        if stop:
            client.stop_trial(trial_id)
        if retry:
            client.retry_trial(trial_id)
        found, attempts = client.trial(trial_id), client.attempts(trial_id)
    if as_json:
        print_json(asdict(found) | {"attempts": list(map(asdict, attempts))})
        return
    for line in lines(found, attempts):
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
        allowed = f"allowed: 1 to {len(numbers)}" if numbers else "and no other trial yet"
        raise UsageError(f"sweep `{sweep}` has no trial `{number}`, {allowed}")
    return numbers[number]


def lines(trial: Trial, attempts: Sequence[TrialAttempt] = ()) -> list[str]:
    """Return the description of a trial and its earlier attempts as lines."""
    said = trial.error or trial.reason
    reason = f": {said}" if said else ""
    text = [f"Trial {trial.number} ({trial.id}) of sweep {trial.sweep} is {trial.state}{reason}"]
    text += [f"point: {trial.point}, repeat {trial.repeat}"] if (trial.point, trial.repeat) != (trial.number, 1) else []
    text += [f"parameters: {parameters(trial.params)}"]
    ignored = (", ignored" if trial.ignored else "") + (", discarded" if trial.discarded else "")
    text += [f"value: {number(trial.objective)} ({trial.reports} reports){ignored}"]
    text += [f"note: {trial.note}"] if trial.note else []
    if trial.started is not None:
        text += [f"duration: {duration(trial.started, trial.ended)}, attempt {trial.attempt}"]
    text += [_attempt_line(attempt) for attempt in attempts]
    tail = trial.stderr_tail.rstrip()
    return text + (["", tail] if tail else [])


def _attempt_line(attempt: TrialAttempt) -> str:
    said = attempt.error or attempt.reason
    reason = f": {said}" if said else ""
    return f"attempt {attempt.number}: {attempt.state} after {duration(attempt.started, attempt.ended)}{reason}"
