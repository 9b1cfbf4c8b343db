"""`lightning-sweeps import`: runs that other programs have logged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path

import typer

from lightning_sweeps.client.connection import connect
from lightning_sweeps.core.settings import read_settings
from lightning_sweeps.errors import UsageError
from lightning_sweeps.importers import csv_files, tensorboard, wandb
from lightning_sweeps.importers.imported_run import PastRun
from lightning_sweeps.importers.upload import ship

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


class Source(str, Enum):
    """What wrote the files."""

    tensorboard = "tensorboard"
    csv = "csv"
    wandb = "wandb"


READERS: dict[Source, Callable[[Path], Iterator[PastRun]]] = {
    Source.tensorboard: tensorboard.read,
    Source.csv: csv_files.read,
    Source.wandb: wandb.read,
}


From = typer.Argument(help="What wrote the files; csv: Lightning's CSVLogger and others; wandb: its folder of runs.")


@app.command(name="import")
def import_history(
    source: Source = From,
    path: str = typer.Argument(help="A file, or a folder that is searched with all its folders."),
    project: str = typer.Option("", "--project", "-p", help="Default: the files' own, or that of the settings."),
) -> None:
    """Bring runs that other programs have logged. May be repeated: what is there already is not doubled.

    Numbers are taken; images and the like are counted and left out.
    """
    root = Path(path)
    if not root.exists():
        raise UsageError(f"there is no file or folder `{path}`")
    found = 0
    with connect() as client:
        for past in READERS[source](root):
            found += 1
            into = project or past.project or read_settings().project
            done = ship(client, past, project=into, source=source.value)
            left = ", ".join(f"{count} {kind}" for kind, count in past.left_out.items())
            typer.echo(f"{done.name}: {done.rows} rows, {done.new_rows} new{f'; left out: {left}' if left else ''}")
            if past.problem:
                typer.echo(f"{done.name}: read up to damage in {past.problem}", err=True)
    if not found:
        raise UsageError(f"`{path}` holds no files of {source.value}")
