"""`lightning-sweeps logs`: shows or follows the output of ranks."""

from __future__ import annotations

import json
import time
from dataclasses import asdict

import typer

from lightning_sweeps.cli import suggestions
from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.errors import NotFound

if not is_help_only():
    from lightning_sweeps.cli.tables import note
    from lightning_sweeps.client import Client
    from lightning_sweeps.client.up_to_date import connect_up_to_date
    from lightning_sweeps.journal.records import FINAL_RUN_STATES
    from lightning_sweeps.messages import RunDetails

FOLLOW_INTERVAL_S = 0.5
MAX_LINES = 10_000

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def logs(
    target: str = typer.Argument(
        ...,
        metavar="RUN|GROUP|TRIAL",
        autocompletion=suggestions.runs,
        help="Id of a run or a trial, or name of a group.",
    ),
    follow: bool = typer.Option(False, "--follow", "-f", help="Keep printing new lines until all ranks have ended."),
    last: int = typer.Option(200, "--last", "-n", min=1, max=MAX_LINES, help="Earlier lines to show for each rank."),
    as_json: bool = AS_JSON,
) -> None:
    """Show what the ranks of a run, a group or a trial printed. Each line starts with its rank.

    With --json, each line is a JSON object.
    """
    with connect_up_to_date(note) as client:
        runs = _find(client, target)
        shown = {run.id: _show(client, run, last=last, after=0, as_json=as_json) for run in runs}
        while follow:
            is_over = all(client.run(run.id).state in FINAL_RUN_STATES for run in runs)
            for run in runs:
                shown[run.id] = _show(client, run, last=MAX_LINES, after=shown[run.id], as_json=as_json)
            if is_over:
                return
            time.sleep(FOLLOW_INTERVAL_S)
        if not any(shown.values()):
            typer.echo(
                "No output was recorded. For programs other than trials, set LIGHTNING_SWEEPS_CONSOLE=on.",
                err=True,
            )


def _find(client: Client, target: str) -> list[RunDetails]:
    try:
        return [client.run(target)]
    except NotFound:
        runs = client.runs(group=target).runs or client.runs(trial=target).runs
    if not runs:
        raise NotFound(f"there is no run, group or trial `{target}`", hint="`lightning-sweeps runs` lists the runs")
    return sorted(runs, key=lambda run: run.rank)


def _show(client: Client, run: RunDetails, *, last: int, after: int, as_json: bool) -> int:
    """Print the lines after the line with the id `after`, and return the id of the last one."""
    lines = client.console(run.id, last=last, after=after)
    for line in lines:
        if as_json:
            typer.echo(json.dumps(asdict(line) | {"run": run.id, "rank": run.rank}))
        else:
            typer.echo(f"[{run.rank}] {line.line}", err=line.stream == "stderr")
    return lines[-1].id if lines else after
