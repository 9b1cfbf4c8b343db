"""`lightning-sweeps db`: checks, measures, backs up, restores, compacts or migrates a database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast, get_args

import typer

from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.cli.quick_group import QuickGroup
from lightning_sweeps.core.states import SpaceBy
from lightning_sweeps.errors import EXIT_FAILURE, LightningSweepsError, UsageError

if not is_help_only():
    from rich.console import Console
    from sqlalchemy.exc import DBAPIError

    from lightning_sweeps.cli.db_usage import print_report
    from lightning_sweeps.cli.stop_server import stop_server
    from lightning_sweeps.cli.tables import print_json
    from lightning_sweeps.client.connection import connect
    from lightning_sweeps.client.up_to_date import catch_up
    from lightning_sweeps.core.durations import parse_duration
    from lightning_sweeps.core.paths import Home
    from lightning_sweeps.core.settings import read_settings
    from lightning_sweeps.journal.delivered import find_delivered, return_delivered
    from lightning_sweeps.server.process.home_files import server_lock
    from lightning_sweeps.store import compaction, maintenance, space
    from lightning_sweeps.store.blobs import blob_table
    from lightning_sweeps.store.blobs.blob_storage import open_blob_storage
    from lightning_sweeps.store.database import Store, open_store, sqlite_url
    from lightning_sweeps.store.database_file import damage
    from lightning_sweeps.store.database_url import database_url
    from lightning_sweeps.store.failures import describe
    from lightning_sweeps.store.migrate import latest, migrate, version
    from lightning_sweeps.store.restore import check_backup
    from lightning_sweeps.store.restore import restore as restore_database
    from lightning_sweeps.system.local_server import read_last_server

app = typer.Typer(
    cls=QuickGroup,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Check, measure, back up, restore, compact or migrate a server's database.",
)

SPACE_BY: tuple[str, ...] = get_args(SpaceBy)

Backup = typer.Argument(help="File that `db backup` has written.")
NewFile = typer.Argument(help="File to create.")
Database = typer.Option(
    None,
    "--database",
    help="sqlite:///file or postgresql://... (default: SQLite in the home).",
)


Changed = typer.Option(
    None,
    "--changed",
    metavar="AGE",
    help="Check only what came in since then, for example `1d`, `12h` or `30m`; the file as a whole is not checked.",
)
By = typer.Option("project", "--by", help="What each line is about: project, run or key.")
Blobs = typer.Option(None, "--blobs", help="The server's `--blobs` option (default: in the home).")


@app.command()
def check(
    database: str | None = Database,
    blobs_folder: str | None = Blobs,
    changed: str | None = Changed,
    as_json: bool = AS_JSON,
) -> None:
    """Check the database file, references between rows, point counts, and the files of media and artifacts.

    Also list what could not be stored. `--changed 1d` checks only what came in during the last day, which is fast.
    """
    since = None if changed is None else time.time() - _age(changed)
    with _opened(database) as store, Console(stderr=True).status("opening") as status:
        findings = maintenance.check(store, since=since, say=status.update)
        status.update("checking the files of media and artifacts")
        blobs = open_blob_storage(blobs_folder, store, folder=_folder())
        findings += maintenance.check_blobs(store, blobs, since=since)
        rejected = maintenance.list_rejected(store)
    if as_json:
        print_json({"findings": findings, "not_stored": rejected})
    else:
        for line in [*findings, *(f"not stored: {one}" for one in rejected)]:
            typer.echo(line)
        if not findings:
            what = "The database" if changed is None else f"What came in during the last {changed}"
            typer.echo(f"{what} is intact.")
    if findings:
        raise typer.Exit(EXIT_FAILURE)


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
    with _opened(database) as store, Console(stderr=True).status("opening") as status:
        done = compaction.compact(store, say=status.update)
        collected = blob_table.collect(store, open_blob_storage(blobs_folder, store, folder=_folder()))
    typer.echo(f"Sorted the new rows of {done.journals} journals and built the chart data of {done.chunks} chunks.")
    if done.freed_bytes:
        typer.echo(f"Gave {done.freed_bytes / 1e6:.1f} MB of unused space back to the disk.")
    freed = f"{collected.blobs} files ({collected.size_bytes / 1e6:.1f} MB)"
    typer.echo(f"Deleted {freed} that nothing refers to, and {collected.uploads} abandoned uploads.")


@app.command()
def usage(
    by: str = By,
    project: str | None = typer.Option(None, "--project", "-p", help="Only runs of this project."),
    run: str | None = typer.Option(None, "--run", help="Only this run."),
    limit: int = typer.Option(20, "--limit", "-n", min=1, max=10_000, help="Number of lines."),
    server: bool = typer.Option(
        False, "--server", help="Ask the server that this machine uses, with a key of the role admin."
    ),
    database: str | None = Database,
    as_json: bool = AS_JSON,
) -> None:
    """List the space that projects, runs or keys take, the largest first.

    The sizes are kept with each run and series, so nothing is read through.
    """
    if by not in SPACE_BY:
        raise UsageError(f"`--by` is `{by}`, allowed: {', '.join(SPACE_BY)}")
    chosen = cast("SpaceBy", by)
    if server:
        with connect() as client:
            report = client.space(chosen, project=project, run=run, limit=limit)
    else:
        quota = read_settings().quota_rows
        with _opened(database) as store, store.read() as connection:
            report = space.report(connection, by=chosen, project=project, run=run, limit=limit, quota=quota)
    print_report(report, by=chosen, as_json=as_json)


@app.command(name="migrate")
def migrate_command(database: str | None = Database) -> None:
    """Migrate the database to this version's schema. A server does this when it starts."""
    with _opened(database, is_migrated=False) as store:
        before = version(store)
        migrate(store)
    typer.echo(f"The schema is at {latest()} (before: {before or 'none'}).")


@app.command()
def restore(path: Path = Backup) -> None:
    """Put a backup in the place of the SQLite database in the home folder.

    Stop the server, keep the previous database beside the new one, and have the rows uploaded again that the backup
    lacks, as far as this machine still has the journals of their runs.
    """
    home = Home(read_settings().home)
    check_backup(path)
    last = read_last_server(home)
    stopped = stop_server(home)
    with server_lock(home, replaces_automatic=True):
        previous = restore_database(path, home.server_database)
        with _opened(None, is_migrated=False) as store:
            migrate(store)
        kept = list(find_delivered(home))
        for journal in kept:
            return_delivered(home, journal)
    typer.echo(f"Restored {home.server_database} from {path}.")
    if previous is not None:
        typer.echo(f"The previous database is {previous}.")
    if last is not None and not last.is_automatic:
        typer.echo(f"Start the server again; {len(kept)} journals of this machine then add what the backup lacks.")
    elif stopped is not None or kept:
        with connect():
            missing = catch_up()
        typer.echo(f"The server runs again, and has what {len(kept)} journals of this machine add.")
        if missing.sizes:
            typer.echo(str(missing))


def _folder() -> Path:
    return Home(read_settings().home).blobs


def _age(text: str) -> float:
    try:
        age = parse_duration(text)
    except ValueError:
        age = None
    if age is None:
        raise UsageError(f"`--changed {text}` is not an age", hint="give a number with `d`, `h` or `m`, such as `1d`")
    return age


@contextmanager
def _opened(database: str | None, *, is_migrated: bool = True) -> Iterator[Store]:
    settings = read_settings()
    path = Home(settings.home).server_database
    database = database_url(database, settings)
    if database is None and not path.exists():
        raise UsageError(f"there is no database `{path}`", hint="name a database with `--database`")
    store = open_store(database or sqlite_url(path), series_storage=settings.series_storage)
    try:
        if store.file is not None:
            _check_file(store.file.path)
        if is_migrated and version(store) != latest():
            raise UsageError(
                f"the database has schema {version(store) or 'none'}, this version needs {latest()}",
                hint="run `lightning-sweeps db migrate`",
            )
        yield store
    except DBAPIError as error:
        shown = store.engine.url.render_as_string()
        raise LightningSweepsError(
            f"the database `{shown}` cannot be used: {describe(error)}",
            hint="`lightning-sweeps db restore BACKUP` puts a backup in its place" if store.file else None,
        ) from error
    finally:
        store.close()


def _check_file(path: Path) -> None:
    """Check the file of a database before SQLite opens it.

    Raises:
        LightningSweepsError: it is no whole database.
    """
    problem = damage(path) if path.exists() else ""
    if problem:
        raise LightningSweepsError(
            f"the database `{path}` {problem}", hint="`lightning-sweeps db restore BACKUP` puts a backup in its place"
        )
