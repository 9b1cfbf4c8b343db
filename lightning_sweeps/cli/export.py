"""`lightning-sweeps export`: writes runs and their logged values to files."""

from __future__ import annotations

from pathlib import Path

import typer

from lightning_sweeps.cli import suggestions
from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.cli.known_projects import check_project

if not is_help_only():
    from lightning_sweeps.api.query import Api
    from lightning_sweeps.cli.formats import list_formats
    from lightning_sweeps.cli.tables import note, print_json
    from lightning_sweeps.client.up_to_date import connect_up_to_date
    from lightning_sweeps.exporters import EXPORTERS
    from lightning_sweeps.messages import RunsQuery

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)

OLD_ROWS = "(thinned != null or rows_deleted != null)"
"""The filter of runs that have lost rows because they were old."""
FOLDER = typer.Argument(help="Folder to write into; it is created if it does not exist.")
KEYS = typer.Option(
    [],
    "--key",
    "-k",
    autocompletion=suggestions.metrics,
    help="Only the values of this metric; can be given several times.",
)


def _print_formats(value: bool) -> None:
    if value and not is_help_only():
        for name, exporter in list_formats(EXPORTERS):
            typer.echo(f"{name:<12} {exporter.description}")
        raise typer.Exit


@app.command()
def export(
    folder: Path = FOLDER,
    project: str | None = typer.Option(
        None, "--project", "-p", autocompletion=suggestions.projects, help="Only this project."
    ),
    filter_text: str = typer.Option("", "--filter", "-f", help="Only runs that match this filter expression."),
    file_format: str = typer.Option(
        "csv", "--format", metavar="FORMAT", help="File format. --list-formats lists them."
    ),
    safe_csv: bool = typer.Option(
        False, "--safe-csv", help="CSV files in which no cell is a formula: short for --format safe-csv."
    ),
    key: list[str] = KEYS,
    no_files: bool = typer.Option(False, "--no-files", help="Without the contents of media and artifacts."),
    no_points: bool = typer.Option(False, "--no-points", help="Only the runs, without their logged values."),
    formats: bool = typer.Option(  # noqa: ARG001 - handled by its callback
        False, "--list-formats", is_eager=True, callback=_print_formats, help="List the formats and exit."
    ),
    as_json: bool = AS_JSON,
) -> None:
    """Write runs, everything that they logged and printed, and their media and artifacts to files.

    Nothing is rounded, sampled or left out.
    """
    file_format = "safe-csv" if safe_csv else file_format
    EXPORTERS.get(file_format)  # raise for an unknown format before a server is started
    client = connect_up_to_date(note)
    check_project(client, project)
    with Api(client) as api:
        files = api.export(
            folder,
            format=file_format,
            project=project,
            filter=filter_text,
            keys=key,
            include_points=not no_points,
            include_files=not no_files,
        )
        of_old_rows = " and ".join(filter(None, (filter_text and f"({filter_text})", OLD_ROWS)))
        concerned = client.query_runs(RunsQuery(project, of_old_rows, columns=[], limit=0)).total
    if concerned:
        note(f"the server has thinned or deleted the rows of {concerned} of these runs, because they were old")
    if as_json:
        print_json([{"path": str(file.path), "count": file.count, "kind": file.kind} for file in files])
        return
    for file in files:
        typer.echo(f"{file.path}: {file.count} {file.kind}")
