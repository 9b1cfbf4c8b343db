"""`lightning-sweeps alerts`: adds, lists, removes and tests the rules of alerts."""

from __future__ import annotations

from dataclasses import asdict
from typing import get_args

import typer

from lightning_sweeps.cli import suggestions
from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.cli.known_projects import check_project
from lightning_sweeps.cli.quick_group import QuickGroup
from lightning_sweeps.core.pasted_id import last_part
from lightning_sweeps.core.similar import did_you_mean
from lightning_sweeps.errors import AlertNotSent, UsageError

if not is_help_only():
    import time

    from lightning_sweeps.cli.tables import console, duration, print_json, table
    from lightning_sweeps.client import Client
    from lightning_sweeps.client.connection import connect
    from lightning_sweeps.messages import ALERT_OPTIONS, AlertCondition, AlertRule, AlertRuleCreate, AlertSent

app = typer.Typer(
    cls=QuickGroup,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Choose what the server sends alerts about, and test whether they arrive. Where they go is an option of the"
    " server: `lightning-sweeps server --alert apprise=slack://...`.",
)

TEST_S = 30.0
POLL_S = 0.2

ALLOWED = (
    "sweep_finished, sweep_paused (after failures), run_finished (outside of sweeps), failed (--times),"
    " diverged (--metric), metric (--metric, --above, --below), rank_hangs, gpu_idle (--minutes),"
    " gpu_overheated (--above), machine_lost (--minutes), run_alert (a call of `run.alert()`)"
)
CHANNELS = typer.Option(
    [], "--to", metavar="CHANNEL", help="Send to this channel of the server; may be repeated (default: all)."
)


@app.command()
def add(
    condition: str = typer.Argument(metavar="CONDITION", help=f"What raises an alert: {ALLOWED}."),
    project: str | None = typer.Option(
        None, "--project", "-p", autocompletion=suggestions.projects, help="Only for this project (default: all)."
    ),
    sweep: str | None = typer.Option(
        None, "--sweep", "-s", parser=last_part, autocompletion=suggestions.sweeps, help="Only for this sweep."
    ),
    metric: str | None = typer.Option(None, "--metric", "-m", help="Name of a metric, for example val/loss."),
    above: float | None = typer.Option(None, "--above", help="Alert if the value, or the temperature, is larger."),
    below: float | None = typer.Option(None, "--below", help="Alert if the value is smaller."),
    times: int | None = typer.Option(None, "--times", help="One alert for so many failed trials (default: 1)."),
    minutes: float | None = typer.Option(None, "--minutes", help="How long it lasts before an alert."),
    to: list[str] = CHANNELS,
    as_json: bool = AS_JSON,
) -> None:
    """Add a rule. The server sends an alert for each event after this moment, once, with a link to its page.

    For example:

    lightning-sweeps alerts add failed --times 3 --project digits

    lightning-sweeps alerts add metric --metric val/accuracy --above 0.95 --to team
    """
    wanted = AlertRuleCreate(_condition(condition), project, sweep, metric, above, below, times, minutes, to)
    with connect() as client:
        check_project(client, project)
        rule = client.add_alert_rule(wanted)
        channels = client.alerts(last=1).channels
    if as_json:
        print_json(asdict(rule))
        return
    typer.echo(f"Added the rule {rule.id}: {_describe(rule)}.")
    if not channels:
        typer.echo(
            "The server has no channels yet, so nobody is told: start it with `--alert NAME=DESTINATION`.", err=True
        )


@app.command(name="list")
def list_alerts(
    last: int = typer.Option(10, "--last", "-n", min=1, max=1000, help="Number of alerts to show."),
    as_json: bool = AS_JSON,
) -> None:
    """List the channels of the server, the rules, and the last alerts with whether they were sent."""
    with connect() as client:
        found = client.alerts(last=last)
    if as_json:
        print_json(asdict(found))
        return
    typer.echo(f"Channels: {', '.join(found.channels) or 'none; start the server with `--alert NAME=DESTINATION`'}")
    rows = [
        [rule.id, _describe(rule), ", ".join(rule.wanted.channels) or "all", rule.created_by] for rule in found.rules
    ]
    console().print(table(["rule", "when", "to", "created by"], rows))
    if found.recent:
        sent = [[f"{duration(one.created, None)} ago", one.title, one.channel, _outcome(one)] for one in found.recent]
        console().print(table(["raised", "alert", "to", "sent"], sent))


@app.command()
def remove(rule: str = typer.Argument(metavar="RULE", help="Id of the rule; `alerts list` shows it.")) -> None:
    """Remove a rule. Alerts that it has raised are still sent."""
    with connect() as client:
        client.remove_alert_rule(rule)
    typer.echo(f"Removed the rule {rule}.")


@app.command()
def test(
    channel: str | None = typer.Argument(None, metavar="[CHANNEL]", help="Name of a channel (default: all)."),
) -> None:
    """Send a test alert, and say whether each receiver accepted it."""
    with connect() as client:
        waiting = client.test_alerts(channel)
        found = _wait(client, waiting)
    for one in found:
        typer.echo(f"{one.channel}: {_outcome(one)}")
    if any(one.sent is None for one in found):
        raise AlertNotSent(
            "not every test alert was accepted", hint="`lightning-sweeps alerts list` shows later attempts"
        )


def _condition(given: str) -> AlertCondition:
    allowed: tuple[AlertCondition, ...] = get_args(AlertCondition)
    for condition in allowed:
        if condition == given.replace("-", "_"):
            return condition
    raise UsageError(
        f"there is no alert condition `{given}`, allowed: {', '.join(allowed)}", hint=did_you_mean(given, allowed)
    )


def _wait(client: Client, waiting: list[AlertSent]) -> list[AlertSent]:
    """Return the alerts again, once each of them was tried."""
    ids = {one.id for one in waiting}
    deadline = time.monotonic() + TEST_S
    while True:
        found = [one for one in client.alerts(last=1000).recent if one.id in ids]
        if all(one.sent is not None or one.problem for one in found) or time.monotonic() > deadline:
            return found
        time.sleep(POLL_S)


def _outcome(one: AlertSent) -> str:
    if one.sent is not None:
        return "accepted"
    if one.next_try is None:
        return f"given up after {one.tries} attempts: {one.problem}"
    return f"not accepted yet, the server tries again: {one.problem}" if one.problem else "on its way"


def _describe(rule: AlertRule) -> str:
    """Return what a rule is about, in one line."""
    wanted = rule.wanted
    given = [(name, getattr(wanted, name)) for name in (*ALERT_OPTIONS, "project", "sweep")]
    words = [f"{name} {one if isinstance(one, str) else f'{one:g}'}" for name, one in given if one is not None]
    return ", ".join([wanted.condition, *words])
