"""`lightning-sweeps skill`: the page that teaches a coding agent how to use this package."""

from __future__ import annotations

import typer

from lightning_sweeps.cli.help_only import is_help_only

if not is_help_only():
    from lightning_sweeps.mcp.skill import SKILL_FILE, read_skill

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def skill(path: bool = typer.Option(False, "--path", help="Print the path of the file instead.")) -> None:
    """Print the skill file: how to log runs, run sweeps, and find out what happened."""
    typer.echo(str(SKILL_FILE) if path else read_skill(), nl=path)
