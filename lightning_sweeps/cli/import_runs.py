"""`lightning-sweeps import`: imports runs that other programs logged."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import typer

from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.cli.json_option import AS_JSON
from lightning_sweeps.errors import FormatFailed, LightningSweepsError, UsageError

if not is_help_only():
    from lightning_sweeps.cli.formats import list_formats
    from lightning_sweeps.cli.tables import print_json
    from lightning_sweeps.client.connection import connect
    from lightning_sweeps.core.registry import place_of
    from lightning_sweeps.core.settings import read_settings
    from lightning_sweeps.importers import IMPORTERS
    from lightning_sweeps.importers.detection import detect_importer
    from lightning_sweeps.importers.follow import Follower
    from lightning_sweeps.importers.imported_run import ImportedRun
    from lightning_sweeps.importers.importer import Importer
    from lightning_sweeps.importers.upload import upload_run

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)

FOLLOWED_FORMAT = "tensorboard"


def _print_formats(value: bool) -> None:
    if value and not is_help_only():
        for name, importer in list_formats(IMPORTERS):
            left_out = f"; leaves out: {importer.leaves_out}" if importer.leaves_out else ""
            typer.echo(f"{name:<12} {importer.description}{left_out}")
        raise typer.Exit


@app.command(name="import")
def import_runs(
    path: str = typer.Argument(metavar="PATH", help="A file, or a folder that is searched with all its subfolders."),
    source: str = typer.Option(
        "", "--from", metavar="FORMAT", help="Format of the files, as --list-formats lists them (default: detected)."
    ),
    project: str = typer.Option(
        "",
        "--project",
        "-p",
        help="Project of the runs (default: the one that the files name, otherwise that of the settings).",
    ),
    formats: bool = typer.Option(  # noqa: ARG001 - handled by its callback
        False, "--list-formats", is_eager=True, callback=_print_formats, help="List the formats and exit."
    ),
    follow: bool = typer.Option(
        False, "--follow", help="Keep reading files as they grow, until Ctrl-C: TensorBoard's event files."
    ),
    as_json: bool = AS_JSON,
) -> None:
    """Import runs that other programs logged. Can be repeated: each row is stored once.

    What a format leaves out is counted; `--list-formats` names it.
    """
    root = Path(path)
    if not root.exists():
        raise UsageError(f"there is no file or folder `{path}`", hint="usage: `lightning-sweeps import PATH`")
    if follow and as_json:
        raise UsageError("`--follow` prints no JSON", hint="leave out `--json`")
    importer = _importer(source, root, is_followed=follow)
    if follow:
        _follow(importer, root, project)
        return
    imported = list(_import_all(importer, root, project, is_quiet=as_json))
    if not imported:
        raise UsageError(f"`{path}` contains no files of the format `{importer.name}`")
    if as_json:
        print_json(imported)


def _importer(source: str, root: Path, *, is_followed: bool) -> Importer:
    """Return the importer of a format. A folder that is followed may still be empty: its files are TensorBoard's."""
    if source:
        return IMPORTERS.get(source)()
    if is_followed and root.is_dir() and not any(file.is_file() for file in root.rglob("*")):
        return IMPORTERS.get(FOLLOWED_FORMAT)()
    return detect_importer(root)


def _follow(importer: Importer, root: Path, project: str) -> None:
    """Upload what files below `root` get, until SIGINT or SIGTERM."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with connect() as client:
        follower = Follower(client, importer, root, project=project or read_settings().project)
        typer.echo(f"following `{root}`; Ctrl-C ends")
        for one in follower.run(stopped):
            if one.new_rows:
                typer.echo(f"{one.run_name}: {one.new_rows} new rows")
            if one.problem:
                typer.echo(f"{one.run_name}: read only up to the damage in {one.problem}", err=True)


def _import_all(importer: Importer, root: Path, project: str, *, is_quiet: bool) -> Iterator[dict[str, object]]:
    """Upload every run below `root`, print a line for each unless `is_quiet`, and yield what was stored."""
    with connect() as client:
        for run in _read(importer, root):
            run_project = project or run.project or read_settings().project
            result = upload_run(client, run, project=run_project, source=importer.name)
            left = ", ".join(f"{number} {kind}" for kind, number in run.left_out.items())
            left_out = f"; left out: {left}" if left else ""
            if not is_quiet:
                typer.echo(f"{result.name}: {result.rows} rows, {result.new_rows} new{left_out}")
            if run.problem:
                typer.echo(f"{result.name}: read only up to the damage in {run.problem}", err=True)
            yield asdict(result) | {"left_out": dict(run.left_out), "problem": run.problem}


def _read(importer: Importer, root: Path) -> Iterator[ImportedRun]:
    """Yield what the importer reads.

    Raises:
        FormatFailed: the importer raised. The runs before are imported.
    """
    runs = iter(importer.read(root))
    while True:
        try:
            run = next(runs, None)
        except (LightningSweepsError, OSError):
            raise
        except Exception as error:  # an importer of another package may raise anything
            raise FormatFailed(
                f"the import format `{importer.name}` failed: {type(error).__name__}: {error} ({place_of(error)})",
                hint="the runs above are imported; a repeated import stores nothing twice",
            ) from error
        if run is None:
            return
        yield run
