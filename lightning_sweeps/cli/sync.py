"""`lightning-sweeps sync`: ship journals that no service ships, as often as one likes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import typer

from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import connect
from lightning_sweeps.client.upload_blobs import send_contents
from lightning_sweeps.client.upload_journals import send_rest
from lightning_sweeps.core.paths import JOURNAL_SUFFIX, Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import JournalError, ServerRefused, Unauthorized, UsageError
from lightning_sweeps.journal.closing import closing_of, is_closed, last_finish, write_closing
from lightning_sweeps.journal.reader import read_header
from lightning_sweeps.journal.records import Header
from lightning_sweeps.system.node import is_alive, node_id

SILENT_S = 600.0
"""A journal of another machine that has not grown for so long is taken for ended; a later row reopens its run."""

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one journal: `problem` is empty where the server has all of it."""

    path: Path
    records: int = 0
    problem: str = ""
    is_ended: bool = False


@app.command()
def sync(
    folder: str | None = typer.Argument(None, metavar="[FOLDER]", help="A folder of journals; default: this home's."),
    clean: bool = typer.Option(False, "--clean", help="Take away journals that have ended and that the server has."),
) -> None:
    """Ship journals that were left behind: offline runs, a machine without network, copied folders.

    May be repeated: the server takes every row once.
    """
    paths = _journals(Path(folder) if folder is not None else None)
    if not paths:
        typer.echo("No journals to ship.")
        return
    with connect() as client:
        outcomes = [_ship(client, path) for path in paths]
    for outcome in outcomes:
        if outcome.problem:
            typer.echo(f"{outcome.path}: {outcome.problem}", err=True)
    whole = [outcome for outcome in outcomes if not outcome.problem]
    typer.echo(f"{len(whole)} of {len(outcomes)} journals are on the server; {_sum(outcomes)} records were new to it.")
    if clean:
        for outcome in whole:
            if outcome.is_ended:
                outcome.path.unlink()
    if len(whole) < len(outcomes):
        raise typer.Exit(1)


def _journals(folder: Path | None) -> list[Path]:
    if folder is not None and not folder.is_dir():
        raise UsageError(f"`{folder}` is no folder", hint="give the folder that holds the `.journal` files")
    home = Home(read_settings().home)
    folders = [folder] if folder is not None else [home.offline, home.journals]
    return [path for each in folders for path in sorted(each.glob(f"*{JOURNAL_SUFFIX}"))]


def _ship(client: Client, path: Path) -> Outcome:
    try:
        header = read_header(path)
        if header is None:
            return Outcome(path, problem="holds no header yet")
        _close_dead(path, header)
        journal_id = path.name.removesuffix(JOURNAL_SUFFIX)
        shipment = send_rest(client, path, journal_id, client.journal_offset(journal_id))
        left = path.stat().st_size - shipment.committed
        sent = send_contents(client, _home_of(path), journal_id)
        problem = f"{left} bytes at its end are no whole record" if left else sent.refused
        if sent.gone and not problem:
            problem = f"{sent.gone} files that it names are not in `{_home_of(path).media}`"
        return Outcome(path, shipment.records, problem, is_closed(path))
    except Unauthorized:
        raise
    except (JournalError, ServerRefused, OSError) as error:
        return Outcome(path, problem=str(error))


def _home_of(path: Path) -> Home:
    """Return the home whose media a journal names: the one it lies in, else this user's."""
    its = Home(path.absolute().parent.parent)
    return its if its.media.is_dir() else Home(read_settings().home)


def _close_dead(path: Path, header: Header) -> None:
    """Write the end of a journal whose process can no longer do it."""
    if is_closed(path):
        return
    if header.process.node == node_id():
        is_dead = not is_alive(header.process.pid, header.process.started)
    else:
        is_dead = time.time() - path.stat().st_mtime > SILENT_S
    closing = closing_of(last_finish(path), None) if is_dead else None
    if closing is not None:
        write_closing(path, closing)


def _sum(outcomes: list[Outcome]) -> int:
    return sum(outcome.records for outcome in outcomes)
