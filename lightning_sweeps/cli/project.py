"""`lightning-sweeps project`: shows the page of a project, or edits its texts."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import typer

from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.errors import UsageError

if not is_help_only():
    from lightning_sweeps.cli.tables import note, print_json
    from lightning_sweeps.client.up_to_date import connect_up_to_date
    from lightning_sweeps.messages import ProjectEdit, ProjectPage

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def project(
    name: str = typer.Argument(..., metavar="PROJECT", help="Name of the project."),
    describe: str | None = typer.Option(None, "--describe", metavar="FILE", help="Set the description; `-`: stdin."),
    notes: str | None = typer.Option(None, "--notes", metavar="FILE", help="Set the notes; `-`: stdin."),
    metric: str | None = typer.Option(None, "--metric", help="Set the metric that is shown first."),
    as_json: bool = AS_JSON,
) -> None:
    """Show the page of a project: its description, notes, pins and defaults. Or edit it.

    Examples:

      lightning-sweeps project digits

      lightning-sweeps project digits --describe README.md --metric val/loss
    """
    with connect_up_to_date(note) as client:
        page = client.project(name)
        if (describe, notes, metric) != (None, None, None):
            edit = ProjectEdit(page.version, description=_text(describe), notes=_text(notes), metric=metric)
            page = client.edit_project(name, edit)
    if as_json:
        print_json(asdict(page))
    else:
        typer.echo("\n\n".join(filter(None, _parts(page))))


def _text(path: str | None) -> str | None:
    """Return the content of a file, or of stdin; None for no file.

    Raises:
        UsageError: the file cannot be read.
    """
    if path is None:
        return None
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"`{path}` cannot be read as text ({error})") from None


def _parts(page: ProjectPage) -> list[str]:
    facts = [
        f"Metric: {page.metric}" if page.metric else "",
        f"Columns: {', '.join(page.columns)}" if page.columns else "",
        f"Pinned runs: {', '.join(page.runs)}" if page.runs else "",
        *(f"Pinned view: {view.name}: {view.address}" for view in page.views),
    ]
    given = [page.description.strip(), page.notes.strip(), "\n".join(filter(None, facts))]
    return given if any(given) else [f"Nobody has written anything about the project {page.name} yet."]
