"""`lightning-sweeps top`: shows sweeps, trials, curves, machines and output in a terminal."""

from __future__ import annotations

import importlib

import typer

from lightning_sweeps.cli import suggestions
from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.known_projects import check_project
from lightning_sweeps.core.pasted_id import last_part
from lightning_sweeps.errors import UsageError

if not is_help_only():
    import shutil
    import sys
    from importlib.util import find_spec

    from lightning_sweeps.cli.tables import note
    from lightning_sweeps.cli.terminal.feed import Feed
    from lightning_sweeps.cli.terminal.location import Location
    from lightning_sweeps.cli.terminal.picture import Look, as_text, draw
    from lightning_sweeps.cli.terminal.reader import Reader
    from lightning_sweeps.cli.terminal.tables import sorted_trials
    from lightning_sweeps.client import Client
    from lightning_sweeps.client.connection import connect
    from lightning_sweeps.client.up_to_date import connect_up_to_date

APP = "lightning_sweeps.cli.terminal.app"
"""Needs Textual, which is not installed everywhere, and which `--once` does not need."""
TIMEOUT_S = 10.0

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def top(
    sweep: str | None = typer.Argument(
        None,
        metavar="[SWEEP_ID]",
        parser=last_part,
        autocompletion=suggestions.sweeps,
        help="Id of a sweep. Opens its page.",
    ),
    project: str | None = typer.Option(
        None, "--project", "-p", autocompletion=suggestions.projects, help="Show only sweeps and runs of this project."
    ),
    once: bool = typer.Option(
        False, "--once", help="Print the page and the machines as text, and end. Needs no terminal."
    ),
    use_ascii: bool = typer.Option(
        False, "--ascii", help="Draw with ASCII characters only. The default where the terminal has no others."
    ),
) -> None:
    """Show sweeps, trials, learning curves, machines with their GPUs, and output, live in a terminal.

    Press `?` for the keys; they are those of the dashboard. A terminal of 80 columns and 24 lines is enough.
    """
    place = Location("sweep", sweep=sweep) if sweep else Location()
    is_ascii = use_ascii or not (sys.stdout.encoding or "").lower().startswith("utf")
    if once:
        with connect_up_to_date(note) as client:
            check_project(client, project)
            typer.echo(_text(client, project, place, is_ascii=is_ascii))
        return
    _check_terminal()
    first = connect()
    check_project(first, project)
    if sweep:
        first.sweep(sweep)
    first.close()
    feed = Feed(lambda: connect(start_local=False, timeout_s=TIMEOUT_S), project)
    try:
        importlib.import_module(APP).TopApp(feed, place, is_ascii=is_ascii).run()
    finally:
        feed.close()


def _check_terminal() -> None:
    if find_spec("textual") is None:
        raise UsageError(
            "`top` needs Textual, which is not installed",
            hint='pip install "lightning-sweeps[top]"; `lightning-sweeps top --once` prints the page without it',
        )
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("`top` needs a terminal", hint="`lightning-sweeps top --once` prints the page as text")


def _text(client: Client, project: str | None, place: Location, *, is_ascii: bool) -> str:
    """Return the page as text, with the curve of its first trial, and the machines below."""
    reader = Reader(client, project)
    size = shutil.get_terminal_size((160, 24))
    look = Look(size.columns, size.lines, is_ascii=is_ascii)
    snapshot = reader.read(place)
    if place.page == "sweep" and snapshot.trials:
        shown = sorted_trials(snapshot.trials, None, is_best_first=False)[0]
        place = Location("sweep", sweep=place.sweep, trial=shown.id)
        snapshot = reader.read(place)
    pages = [draw(snapshot, place, look), draw(snapshot, Location("nodes"), look)]
    return "\n\n".join(as_text(page) for page in pages)
