"""`lightning-sweeps sql`: asks runs, sweeps and series in SQL."""

from __future__ import annotations

import csv
import sys

import typer

from lightning_sweeps.cli import suggestions
from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.cli.known_projects import check_project
from lightning_sweeps.errors import UsageError

if not is_help_only():
    from lightning_sweeps.api.query import Api
    from lightning_sweeps.api.rows import Row
    from lightning_sweeps.api.sql.tables import describe_tables
    from lightning_sweeps.cli.tables import console, note, number, print_json, table
    from lightning_sweeps.client.up_to_date import connect_up_to_date

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def sql(
    statement: str = typer.Argument("", metavar="STATEMENT", help="One SELECT statement; `-` reads it from stdin."),
    project: str | None = typer.Option(
        None, "--project", "-p", autocompletion=suggestions.projects, help="Only this project."
    ),
    filter_text: str = typer.Option("", "--filter", "-f", help="Only runs that match this filter expression."),
    key: list[str] = typer.Option(  # noqa: B008  typer declares lists this way
        [], "--key", "-k", help="Only series of this metric; can be given several times."
    ),
    as_json: bool = AS_JSON,
    as_csv: bool = typer.Option(False, "--csv", help="Print CSV."),
    timeout_s: float = typer.Option(60.0, "--timeout-s", min=0.001, help="How long the statement may take."),
    tables: bool = typer.Option(False, "--tables", help="List the tables and their columns, and exit."),
) -> None:
    """Run a SELECT statement over the tables runs, config, summary, series, points, sweeps, trials and params."""
    if tables:
        typer.echo(describe_tables())
        return
    asked = sys.stdin.read() if statement == "-" else statement
    if not asked.strip():
        raise UsageError("no statement was given", hint='for example: lightning-sweeps sql "select * from runs"')
    if as_json and as_csv:
        raise UsageError("`--json` and `--csv` were given, allowed: one of them")
    client = connect_up_to_date(note)
    check_project(client, project)
    with Api(client) as api:
        rows = list(api.sql(asked, project=project, filter=filter_text, keys=key, timeout_s=timeout_s))
    if as_json:
        print_json(rows)
    elif as_csv:
        _print_csv(rows)
    elif rows:
        console().print(table(list(rows[0]), [[number(value) for value in row.values()] for row in rows]))
    else:
        typer.echo("No rows.")


def _print_csv(rows: list[Row]) -> None:
    if rows:
        writer = csv.writer(sys.stdout)
        writer.writerow(rows[0])
        writer.writerows(row.values() for row in rows)
