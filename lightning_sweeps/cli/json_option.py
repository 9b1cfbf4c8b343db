"""The option `--json` of every command that prints data."""

from __future__ import annotations

import typer

AS_JSON = typer.Option(False, "--json", help="Print JSON for scripts.")
