"""`lightning-sweeps db`: checks, backs up, compacts or migrates a database."""

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
from lightning_sweeps.store.database_url import database_url
from lightning_sweeps.store.migrate import latest, migrate, version

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Check, back up, compact or migrate a server's database. The server may keep running.",
)

NewFile = typer.Argument(help="File to create.")
Database = typer.Option(
    None,
    "--database",
    help="sqlite:///file or postgresql://... (default: SQLite in the home).",
)


Blobs = typer.Option(None, "--blobs", help="The server's `--blobs` option (default: in the home).")


@app.command()
def check(database: str | None = Database, blobs_folder: str | None = Blobs) -> None:
    """Check the database file, references between rows, point counts, and the files of media and artifacts.

    Also list what could not be stored.
    """
    with _opened(database) as store:
        findings = maintenance.check(store) + maintenance.check_blobs(
            store, open_blob_storage(blobs_folder, store, folder=_folder())
        )
        rejected = maintenance.list_rejected(store)
    for finding in findings:
        typer.echo(finding)
    for one in rejected:
        typer.echo(f"not stored: {one}")
    if findings:
        raise typer.Exit(EXIT_FAILURE)
    typer.echo("The database is intact.")


@app.command()
def backup(path: Path = NewFile, database: str | None = Database) -> None:
    """Copy an SQLite database to a new file, consistently."""
    with _opened(database) as store:
        maintenance.backup(store, path)
    typer.echo(f"Copied to {path} ({path.stat().st_size / 1e6:.1f} MB).")


@app.command()
def compact(database: str | None = Database, blobs_folder: str | None = Blobs) -> None:
    """Sort new rows into series, build missing chart data, and free unused space.

    Also delete the files of media and artifacts that no run and no artifact refers to, and abandoned uploads.
    """
    with _opened(database) as store:
        done = maintenance.compact(store)
        collected = blob_table.collect(store, open_blob_storage(blobs_folder, store, folder=_folder()))
    typer.echo(f"Sorted the new rows of {done.journals} journals and built the chart data of {done.chunks} chunks.")
    freed = f"{collected.blobs} files ({collected.size_bytes / 1e6:.1f} MB)"
    typer.echo(f"Deleted {freed} that nothing refers to, and {collected.uploads} abandoned uploads.")


@app.command(name="migrate")
def migrate_command(database: str | None = Database) -> None:
    """Migrate the database to this version's schema. A server does this when it starts."""
    with _opened(database, is_migrated=False) as store:
        before = version(store)
        migrate(store)
    typer.echo(f"The schema is at {latest()} (before: {before or 'none'}).")


def _folder() -> Path:
    return Home(read_settings().home).blobs


@contextmanager
def _opened(database: str | None, *, is_migrated: bool = True) -> Iterator[Store]:
    settings = read_settings()
    path = Home(settings.home).server_database
    database = database_url(database, settings)
    if database is None and not path.exists():
        raise UsageError(f"there is no database `{path}`", hint="name a database with `--database`")
    store = open_store(database or sqlite_url(path), series_storage=settings.series_storage)
    try:
        if is_migrated and version(store) != latest():
            raise UsageError(
                f"the database has schema {version(store) or 'none'}, this version needs {latest()}",
                hint="run `lightning-sweeps db migrate`",
            )
        yield store
    finally:
        store.close()
