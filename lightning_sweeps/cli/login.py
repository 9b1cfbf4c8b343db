"""`lightning-sweeps login`: keep the key of a server, so that no environment has to hold it."""

from __future__ import annotations

import typer

from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import forget_login, keep_login
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import UsageError

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def login(
    url: str = typer.Argument(help="The server's address, as in LIGHTNING_SWEEPS_URL."),
    key: str = typer.Option("", "--key", help="The key; without it you are asked, or it is read from a pipe."),
    forget: bool = typer.Option(False, "--forget", help="Forget the key of this server."),
) -> None:
    """Keep the API key of a server in the home folder (mode 0600), after a look whether the server accepts it."""
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"the address is `{url}`, allowed: http://host:port or https://host")
    settings = read_settings()
    home, address = Home(settings.home), url.rstrip("/")
    if forget:
        known = forget_login(home, address)
        typer.echo(f"Forgot the key of {address}." if known else f"No key of {address} was kept.")
        return
    given = (key or typer.prompt("API key", hide_input=True)).strip()
    with Client(address, given, ca_file=settings.ca_file) as client:
        client.projects()
    keep_login(home, address, given)
    typer.echo(f"The server accepts it. Set LIGHTNING_SWEEPS_URL={address} to use this server.")
