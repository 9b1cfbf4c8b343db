"""`lightning-sweeps login`: stores the API key of a server, and makes that server the default of this machine."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import typer

from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.core.setting_values import server_url
from lightning_sweeps.errors import UsageError

if not is_help_only():
    from lightning_sweeps.cli.logout import log_out
    from lightning_sweeps.cli.tables import print_json
    from lightning_sweeps.cli.wandb_login import write_login
    from lightning_sweeps.client import Client
    from lightning_sweeps.client.connection import keep_login, list_logins
    from lightning_sweeps.core.paths import Home, WandbClientFiles
    from lightning_sweeps.core.settings import default_url, read_settings
    from lightning_sweeps.server.process.address import is_loopback

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def login(
    url: str = typer.Argument("", help="URL of the server: http://host:port or https://host.", show_default=False),
    key: str = typer.Option("", "--key", help="The API key (default: ask for it, or read it from a pipe)."),
    forget: bool = typer.Option(False, "--forget", help="Delete the stored key of this server, as `logout` does."),
    for_wandb: bool = typer.Option(
        False, "--wandb", help="Also write what unmodified wandb clients read: ~/.netrc and ~/.config/wandb/settings."
    ),
    is_listed: bool = typer.Option(False, "--list", help="List the servers whose keys are stored."),
    as_json: bool = AS_JSON,
) -> None:
    """Check the API key of a server, store it in the home folder (mode 0600), and use this server by default."""
    settings = read_settings()
    home = Home(settings.home)
    if as_json and not is_listed:
        raise UsageError("`--json` was given alone, allowed: with `--list`")
    if is_listed:
        _list(home, as_json=as_json)
        return
    if not url:
        raise UsageError("the URL of the server is missing", hint="for example `lightning-sweeps login https://host`")
    address = server_url(url)
    if forget:
        log_out(home, address)
        return
    given = (key or typer.prompt("API key", hide_input=True)).strip()
    if is_plain_and_remote(address):
        typer.echo(f"warning: {address} is not encrypted; everybody on the network can read the key", err=True)
        typer.echo(
            "hint: use HTTPS, for example through a proxy (`lightning-sweeps docs server`), or a tunnel", err=True
        )
    with Client(address, given, ca_file=settings.ca_file) as client:
        client.projects()
    keep_login(home, address, given)
    typer.echo(f"The server accepts the key. Commands and programs on this machine use {address} from now on.")
    typer.echo("`lightning-sweeps logout` ends that. LIGHTNING_SWEEPS_URL takes precedence if it is set.")
    if for_wandb:
        write_login(WandbClientFiles(Path.home()), address, given)
        typer.echo("wandb's clients use it, too: scripts, `wandb sweep` and `wandb agent` work unchanged.")
    if settings.url not in ("", address, default_url(home)):
        typer.echo(f"LIGHTNING_SWEEPS_URL is set to {settings.url}: unset it to use {address}.", err=True)


def is_plain_and_remote(url: str) -> bool:
    """Return whether requests to a server cross a network without encryption."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def _list(home: Home, *, as_json: bool) -> None:
    used = default_url(home)
    known = sorted(list_logins(home))
    if as_json:
        print_json([{"url": address, "is_default": address == used} for address in known])
        return
    for address in known:
        typer.echo(f"{address} (default)" if address == used else address)
    if not known:
        typer.echo("No keys are stored. Commands use the local server.")
