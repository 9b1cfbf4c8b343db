"""`lightning-sweeps login`: stores the API key of a server, so that it does not have to be in the environment."""

from __future__ import annotations

from urllib.parse import urlsplit

import typer

from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import forget_login, keep_login
from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import UsageError
from lightning_sweeps.server.process.address import is_loopback

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def login(
    url: str = typer.Argument(help="URL of the server, as in LIGHTNING_SWEEPS_URL."),
    key: str = typer.Option("", "--key", help="The API key (default: ask for it, or read it from a pipe)."),
    forget: bool = typer.Option(False, "--forget", help="Delete the stored key of this server."),
) -> None:
    """Check the API key of a server and store it in the home folder (mode 0600)."""
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"the URL is `{url}`, allowed: `http://host:port` and `https://host`")
    settings = read_settings()
    home, address = Home(settings.home), url.rstrip("/")
    if forget:
        known = forget_login(home, address)
        typer.echo(f"Deleted the key for {address}." if known else f"There is no stored key for {address}.")
        return
    given = (key or typer.prompt("API key", hide_input=True)).strip()
    if is_plain_and_remote(address):
        typer.echo(f"warning: {address} is not encrypted; everybody on the network can read the key", err=True)
        typer.echo("hint: use HTTPS, for example through a proxy (docs/server.md), or a tunnel", err=True)
    with Client(address, given, ca_file=settings.ca_file) as client:
        client.projects()
    keep_login(home, address, given)
    typer.echo(f"The server accepts the key. To use this server, set LIGHTNING_SWEEPS_URL={address}")


def is_plain_and_remote(url: str) -> bool:
    """Return whether requests to a server cross a network without encryption."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")
