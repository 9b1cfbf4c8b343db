"""`lightning-sweeps sync`: uploads journals that no service uploads."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.errors import JournalError, ServerRefused, Unauthorized, UsageError

if not is_help_only():
    from lightning_sweeps.cli.tables import print_json
    from lightning_sweeps.client import Client
    from lightning_sweeps.client.connection import connect
    from lightning_sweeps.client.upload_blobs import upload_blobs
    from lightning_sweeps.client.upload_journals import upload_journal
    from lightning_sweeps.core.paths import JOURNAL_SUFFIX, REJECTED_SUFFIX, Home
    from lightning_sweeps.core.settings import read_settings
    from lightning_sweeps.journal.closing import (
        JournalEnd,
        closing_of,
        closing_of_silent,
        end_path,
        is_closed,
        last_finish,
        read_end,
    )
    from lightning_sweeps.journal.reader import read_header
    from lightning_sweeps.journal.records import Header
    from lightning_sweeps.system.node import is_alive, node_id

SILENT_S = 600.0
"""A journal of another machine that has not grown for this long counts as ended. A later row reopens its run."""

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True, slots=True)
class SyncResult:
    """The result for one journal. `problem` is empty if the server has the whole journal."""

    path: Path
    records: int = 0
    problem: str = ""
    is_ended: bool = False


@app.command()
def sync(
    folder: str | None = typer.Argument(
        None, metavar="[FOLDER]", help="Folder of journals (default: those of the home folder)."
    ),
    clean: bool = typer.Option(
        False, "--clean", help="Delete journals that have ended and that the server has stored completely."
    ),
    retry: bool = typer.Option(
        False, "--retry", help="Also try again what was rejected, on this machine and on the server."
    ),
    as_json: bool = AS_JSON,
) -> None:
    """Upload journals of offline runs, of a machine without network, or in a copied folder.

    Can be repeated: the server stores each row once.
    """
    paths = _journals(Path(folder) if folder is not None else None)
    if retry:
        _retry(is_quiet=as_json)
    if not paths and not as_json:
        typer.echo("No journals to upload.")
        return
    with connect() as client:
        results = [_upload(client, path) for path in paths]
    for result in results:
        if result.problem:
            typer.echo(f"{result.path}: {result.problem}", err=True)
    complete = [result for result in results if not result.problem]
    if as_json:
        print_json([asdict(result) | {"path": str(result.path)} for result in results])
    else:
        typer.echo(f"{len(complete)} of {len(results)} journals are on the server, with {_sum(results)} new records.")
    if clean:
        for result in complete:
            if result.is_ended:
                result.path.unlink()
                end_path(result.path).unlink(missing_ok=True)
    if len(complete) < len(results):
        raise typer.Exit(1)


def _retry(*, is_quiet: bool) -> None:
    """Make the service try its journals again, and the server its records."""
    for path in Home(read_settings().home).journals.glob(f"*{REJECTED_SUFFIX}"):
        path.unlink(missing_ok=True)
    with connect() as client:
        result = client.retry_rejected()
    if (result.stored or result.left) and not is_quiet:
        typer.echo(f"{result.stored} records that were rejected are stored now, {result.left} are still rejected.")


def _journals(folder: Path | None) -> list[Path]:
    if folder is not None and not folder.is_dir():
        raise UsageError(f"`{folder}` is not a folder", hint="name the folder that contains the `.journal` files")
    home = Home(read_settings().home)
    folders = [folder] if folder is not None else [home.offline, home.journals]
    return [path for each in folders for path in sorted(each.glob(f"*{JOURNAL_SUFFIX}"))]


def _upload(client: Client, path: Path) -> SyncResult:
    try:
        header = read_header(path)
        if header is None:
            return SyncResult(path, problem="has no header yet")
        end = _end_of(path, header)
        journal_id = path.name.removesuffix(JOURNAL_SUFFIX)
        upload = upload_journal(client, path, journal_id, client.journal_offset(journal_id), end=end)
        left = path.stat().st_size - upload.committed if end is None else 0
        left = max(0, left)  # the server has more than an older copy
        blobs = upload_blobs(client, _home_of(path), journal_id)
        problem = f"the last {left} bytes are not a whole record" if left else blobs.rejection
        if blobs.missing and not problem:
            problem = f"{blobs.missing} logged files are not in `{_home_of(path).media}`"
        return SyncResult(path, upload.records, problem, end is not None or is_closed(path))
    except Unauthorized:
        raise
    except (JournalError, ServerRefused, OSError) as error:
        return SyncResult(path, problem=str(error))


def _home_of(path: Path) -> Home:
    """Return the home folder with the journal's blobs: the folder that contains the journal, otherwise this user's."""
    own = Home(path.absolute().parent.parent)
    return own if own.media.is_dir() else Home(read_settings().home)


def _end_of(path: Path, header: Header) -> JournalEnd | None:
    """Return how a journal ended, if its process is dead and did not write it. Nothing is written into a copy."""
    known = read_end(path)
    if known is not None or is_closed(path):
        return known
    stat = path.stat()
    if header.process.node == node_id():
        is_dead, closing = not is_alive(header.process.pid, header.process.started), closing_of(last_finish(path), None)
    else:
        is_dead, closing = time.time() - stat.st_mtime > SILENT_S, closing_of_silent(last_finish(path), stat.st_mtime)
    return JournalEnd(stat.st_size, stat.st_mtime, closing) if is_dead and closing is not None else None


def _sum(results: list[SyncResult]) -> int:
    return sum(result.records for result in results)
