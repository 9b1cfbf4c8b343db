"""`lightning-sweeps logout`: deletes the stored API key of a server."""

from __future__ import annotations

import typer

from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.core.setting_values import server_url

if not is_help_only():
    from lightning_sweeps.client.connection import forget_login
    from lightning_sweeps.core.paths import Home
    from lightning_sweeps.core.settings import default_url, read_settings

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def logout(url: str = typer.Argument("", help="URL of the server (default: the default server).")) -> None:
    """Delete the stored API key of a server. If it is the default, commands use the local server again."""
    home = Home(read_settings().home)
    address = server_url(url) if url else default_url(home)
    if address:
        log_out(home, address)
    else:
        typer.echo("This machine has no default server.")


def log_out(home: Home, address: str) -> None:
    """Delete a stored key, and print whether there was one."""
    was_default = default_url(home) == address
    known = forget_login(home, address)
    typer.echo(f"Deleted the key for {address}." if known else f"There is no stored key for {address}.")
    if was_default:
        typer.echo("Commands and programs on this machine use the local server from now on.")
