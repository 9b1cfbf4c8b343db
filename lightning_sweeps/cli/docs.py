"""`lightning-sweeps docs`: serves the built documentation on this machine."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import typer

import lightning_sweeps
from lightning_sweeps.errors import UsageError
from lightning_sweeps.server.process.options import LOOPBACK

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)

INDEX = "index.html"


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line for each request."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature of the base class
        """Print nothing."""


@app.command()
def docs(
    folder: str = typer.Argument(
        "",
        metavar="[FOLDER]",
        help="The built pages (default: those of `make docs`).",
        show_default=False,
    ),
    port: int = typer.Option(0, "--port", help="Port to listen on (default: a free one)."),
    where: bool = typer.Option(False, "--where", help="Print the folder of the built pages and exit."),
) -> None:
    """Serve the documentation at an address of this machine until Ctrl-C."""
    site = find_site(folder)
    if where:
        typer.echo(str(site))
        return
    with make_server(site, port) as server:
        typer.echo(f"Documentation: http://{LOOPBACK}:{server.server_port}/")
        typer.echo("Ctrl-C ends it.")
        server.serve_forever()


def find_site(folder: str = "") -> Path:
    """Return the folder of the built pages.

    Raises:
        UsageError: the folder has no built pages.
    """
    site = Path(folder) if folder else Path(lightning_sweeps.__file__).parents[1] / "site"
    if (site / INDEX).is_file():
        return site
    built = "run `make docs` in a checkout, then `lightning-sweeps docs FOLDER` with its folder `site`"
    what = f"`{folder}` has no `{INDEX}`" if folder else "this installation has no built documentation"
    raise UsageError(what, hint=built)


def make_server(site: Path, port: int) -> ThreadingHTTPServer:
    """Return a server of these files on this machine.

    Raises:
        UsageError: the port is taken or not allowed.
    """
    try:
        return ThreadingHTTPServer((LOOPBACK, port), partial(QuietHandler, directory=str(site)))
    except (OSError, OverflowError) as error:
        raise UsageError(f"cannot listen on port `{port}`: {error}", hint="leave `--port` out for a free one") from None
