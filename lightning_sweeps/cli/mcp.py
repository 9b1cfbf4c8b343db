"""`lightning-sweeps mcp`: an MCP server for coding agents."""

from __future__ import annotations

import importlib

import typer

from lightning_sweeps.errors import UsageError

SERVER = "lightning_sweeps.mcp.server"  # needs the extra `mcp`

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def mcp(
    allow_changes: bool = typer.Option(
        False, "--allow-changes", help="Also offer tools that create, pause, resume and stop sweeps."
    ),
) -> None:
    """Serve runs, sweeps and series to a coding agent over stdin and stdout, until stdin is closed."""
    try:
        build_server = importlib.import_module(SERVER).build_server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("mcp", "mcp_types"):
            raise
        raise UsageError(
            "the MCP server needs the package `mcp`", hint='pip install "lightning-sweeps[mcp]"'
        ) from error
    build_server(allows_changes=allow_changes).run("stdio")
