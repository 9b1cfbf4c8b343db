"""`lightning-sweeps report`: summarizes a sweep as Markdown, JSON or an HTML file."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

import typer

from lightning_sweeps.cli import suggestions
from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.core.pasted_id import last_part
from lightning_sweeps.errors import UsageError

if not is_help_only():
    from lightning_sweeps.cli.report_html import render
    from lightning_sweeps.cli.report_text import build, lines
    from lightning_sweeps.cli.tables import note, print_json
    from lightning_sweeps.client.up_to_date import connect_up_to_date

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def report(
    sweep: str = typer.Argument(
        ..., metavar="SWEEP_ID", parser=last_part, autocompletion=suggestions.sweeps, help="Id of the sweep."
    ),
    as_json: bool = AS_JSON,
    html: Path | None = typer.Option(  # noqa: B008  typer declares paths this way
        None, "--html", metavar="FILE", help="Write one HTML file with plots, which opens without a network."
    ),
) -> None:
    """Print the best trials, parameter importances, failed trials with the reasons, changes, and the time spent."""
    with connect_up_to_date(note) as client:
        about = client.sweep(sweep)
        points = client.sweep_points(sweep) if about.repeats > 1 else []
        found = build(about, client.trials(sweep), client.agents(sweep), client.sweep_changes(sweep), points)
    if html is not None:
        try:
            html.write_text(render(found, now=time.time()), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"cannot write the report to `{html}`: {error.strerror or error}") from error
        typer.echo(f"Wrote {html}")
        return
    if as_json:
        print_json(asdict(found))
        return
    for line in lines(found):
        typer.echo(line)
