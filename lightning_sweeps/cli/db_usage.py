"""`lightning-sweeps db usage`: lists who takes how much space in a server's database and among its files."""

from __future__ import annotations

from dataclasses import asdict

import typer

from lightning_sweeps.cli.tables import Column, console, print_json, table
from lightning_sweeps.messages import SpaceBy, SpaceReport, SpaceUse

COLUMNS: list[Column] = [
    *(
        (name, "right")
        for name in ("runs", "rows", "values", "MB", "of rows", "of media", "of artifacts", "of console")
    ),
    "",
]


def print_report(report: SpaceReport, *, by: SpaceBy, as_json: bool) -> None:
    """Print who takes how much space, the largest first."""
    if as_json:
        print_json([asdict(use) | {"total_bytes": use.total_bytes} for use in report.uses])
        return
    if not report.uses:
        typer.echo("There are no runs.")
        return
    head: list[Column] = [by, *(["project"] if by == "run" else [])]
    console().print(table([*head, *COLUMNS], [_row(use, by) for use in report.uses]))
    if report.total > len(report.uses):
        typer.echo(f"Showing the largest {len(report.uses)} of {report.total}. Use --limit to show more.")


def _row(use: SpaceUse, by: SpaceBy) -> list[str]:
    sizes = (use.total_bytes, use.row_bytes, use.media_bytes, use.artifact_bytes, use.console_bytes)
    counts = (use.runs, use.rows, use.points)
    head = [use.name, *([use.project] if by == "run" else [])]
    return [*head, *(f"{count:,}" for count in counts), *(f"{size / 1e6:,.1f}" for size in sizes), use.note]
