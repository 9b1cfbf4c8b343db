"""`lightning-sweeps ui`: opens the dashboard in a browser and logs it in."""

from __future__ import annotations

import sys
from urllib.parse import quote

import typer

from lightning_sweeps.cli import suggestions
from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.core.pasted_id import last_part

if not is_help_only():
    import webbrowser

    from lightning_sweeps.cli.tables import print_json
    from lightning_sweeps.client.connection import connect
    from lightning_sweeps.core.settings import environment, read_settings

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def ui(
    sweep: str | None = typer.Argument(
        None,
        parser=last_part,
        autocompletion=suggestions.sweeps,
        help="Id of a sweep. Opens its page.",
        show_default=False,
    ),
    no_open: bool = typer.Option(False, "--no-open", help="Print the link without opening a browser."),
    as_json: bool = AS_JSON,
) -> None:
    """Print a login link for the dashboard, and open it in a browser if there is a screen, unless --json is given."""
    with connect() as client:
        if sweep is not None:
            client.sweep(sweep)
        link = client.login_link()
        to = f"&to={quote(f'/sweeps/{sweep}', safe='')}" if sweep is not None else ""
        known = read_settings().url  # somebody who named the server reaches it there
        url = f"{known or link.url or client.url}{link.path}{to}"
    if as_json:
        print_json({"url": url, "expires": link.expires, "is_built": link.is_built})
        return
    if not link.is_built:
        typer.echo("The server was installed without the dashboard. Its page explains how to build it.", err=True)
    typer.echo(f"Dashboard: {url}")
    typer.echo("The link works once, within one hour. To stop the server, run `lightning-sweeps server --stop`.")
    if not no_open and has_screen():
        webbrowser.open(url)


def has_screen() -> bool:
    """Return whether a browser can open on a screen of this machine."""
    variables = environment()
    is_remote = "SSH_CONNECTION" in variables
    is_graphic = sys.platform == "darwin" or bool(variables.get("DISPLAY") or variables.get("WAYLAND_DISPLAY"))
    return sys.stdout.isatty() and is_graphic and not is_remote
