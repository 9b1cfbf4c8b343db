"""`lightning-sweeps docs`: prints a page of the documentation, or serves the built site on this machine."""

from __future__ import annotations

from pathlib import Path

import typer

import lightning_sweeps
from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.core.similar import did_you_mean
from lightning_sweeps.errors import UsageError

if not is_help_only():
    from lightning_sweeps.cli.docs_server import LOOPBACK, make_server

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)

INDEX = "index.html"
IN_PACKAGE = Path(lightning_sweeps.__file__).parent / "pages"
IN_REPOSITORY = Path(lightning_sweeps.__file__).parents[1] / "docs"


@app.command()
def docs(
    page: str = typer.Argument(
        "",
        metavar="[PAGE|FOLDER]",
        help="A page to print, such as `sweep-file`; or a folder with the built site to serve.",
        show_default=False,
    ),
    port: int = typer.Option(0, "--port", help="Port to listen on (default: a free one)."),
    where: bool = typer.Option(False, "--where", help="Print the folder of the built pages and exit."),
    list_: bool = typer.Option(False, "--list", help="Print the names of all pages and exit."),
) -> None:
    """Print a page of the documentation, or serve the built site at an address of this machine until Ctrl-C."""
    pages = find_pages()
    if list_:
        typer.echo("\n".join(pages))
        return
    if page in pages:
        typer.echo(pages[page].read_text(encoding="utf-8"), nl=False)
        return
    site = find_site(page)
    if where:
        typer.echo(str(site))
        return
    with make_server(site, port) as server:
        typer.echo(f"Documentation: http://{LOOPBACK}:{server.server_port}/")
        typer.echo("Ctrl-C ends it.")
        server.serve_forever()


def find_pages() -> dict[str, Path]:
    """Return the pages that came with this installation, by name, such as `how-to/sql`."""
    folder = IN_PACKAGE if IN_PACKAGE.is_dir() else IN_REPOSITORY
    return {file.relative_to(folder).with_suffix("").as_posix(): file for file in sorted(folder.rglob("*.md"))}


def find_site(folder: str = "") -> Path:
    """Return the folder of the built pages.

    Raises:
        UsageError: the folder has no built pages.
    """
    site = Path(folder) if folder else Path(lightning_sweeps.__file__).parents[1] / "site"
    if (site / INDEX).is_file():
        return site
    pages = find_pages()
    listed = "`lightning-sweeps docs --list` lists the pages that `lightning-sweeps docs PAGE` prints"
    if not folder:
        raise UsageError("this installation has no built site", hint=listed)
    what = f"`{folder}` is neither a page nor a folder with an `{INDEX}`"
    raise UsageError(what, hint=did_you_mean(folder, pages) or listed)
