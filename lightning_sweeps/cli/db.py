"""`lightning-sweeps db`: check, back up, compact or migrate a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from lightning_sweeps.core.paths import Home
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import EXIT_FAILURE, UsageError
from lightning_sweeps.store import maintenance
from lightning_sweeps.store.blobs import blob_table
from lightning_sweeps.store.blobs.blob_storage import open_blob_storage
from lightning_sweeps.store.database import Store, open_store, sqlite_url
from lightning_sweeps.store.migrate import latest, migrate, version

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Check, back up, compact or migrate a server's database. A server may run meanwhile.",
)

NewFile = typer.Argument(help="The new file.")
Database = typer.Option(None, "--database", help="sqlite:///file or postgresql://... (default: SQLite in the home).")


Blobs = typer.Option(None, "--blobs", help="The folder or URL of files, as the server has it (default: in the home).")


@app.command()
def check(database: str | None = Database, blobs_folder: str | None = Blobs) -> None:
    """Say whether the database is whole: its file, its references, as many points as it says, and all its files."""
    with _opened(database) as store:
        findings = maintenance.check(store) + maintenance.check_blobs(
            store, open_blob_storage(blobs_folder, store, folder=_folder())
        )
    for finding in findings:
        typer.echo(finding)
    if findings:
        raise typer.Exit(EXIT_FAILURE)
    typer.echo("The database is whole.")


@app.command()
def backup(path: Path = NewFile, database: str | None = Database) -> None:
    """Copy a SQLite database into a new file, as it is at one moment."""
    with _opened(database) as store:
        maintenance.backup(store, path)
    typer.echo(f"Copied to {path} ({path.stat().st_size / 1e6:.1f} MB).")


@app.command()
def compact(database: str | None = Database, blobs_folder: str | None = Blobs) -> None:
    """Sort what is new into series, make what charts of old data lack, and give unused space back.

    Files of media and artifacts that no run or artifact names any more are taken away.
    """
    with _opened(database) as store:
        done = maintenance.compact(store)
        collected = blob_table.collect(store, open_blob_storage(blobs_folder, store, folder=_folder()))
    typer.echo(f"Sorted the new rows of {done.journals} journals; {done.chunks} chunks got their pages.")
    freed = f"{collected.blobs} files ({collected.size_bytes / 1e6:.1f} MB)"
    typer.echo(f"Took away {freed} that nothing names, and {collected.uploads} uploads that nobody goes on with.")


@app.command(name="migrate")
def migrate_command(database: str | None = Database) -> None:
    """Bring the database to this version's schema; a server does the same when it starts."""
    with _opened(database, is_migrated=False) as store:
        before = version(store)
        migrate(store)
    typer.echo(f"The schema is at {latest()} (it was at {before or 'nothing'}).")


def _folder() -> Path:
    return Home(read_settings().home).blobs


@contextmanager
def _opened(database: str | None, *, is_migrated: bool = True) -> Iterator[Store]:
    settings = read_settings()
    path = Home(settings.home).server_database
    if database is None and not path.exists():
        raise UsageError(f"there is no database `{path}`", hint="name one with --database")
    store = open_store(database or sqlite_url(path), series_storage=settings.series_storage)
    try:
        if is_migrated and version(store) != latest():
            raise UsageError(
                f"the database is at schema {version(store) or 'none'}, this version wants {latest()}",
                hint="lightning-sweeps db migrate",
            )
        yield store
    finally:
        store.close()
