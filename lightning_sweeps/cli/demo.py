"""`lightning-sweeps demo`: runs a real sweep of two-rank DDP trials from an installed package."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import typer

from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.errors import UsageError

if not is_help_only():
    from lightning_sweeps.agents.options import AgentOptions
    from lightning_sweeps.cli.tune import create_and_run
    from lightning_sweeps.cli.ui import ui

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)

FILES = ("sweep.yaml", "train_lightning.py", "data.py")
IN_PACKAGE = Path(__file__).parents[1] / "demo"
IN_REPOSITORY = Path(__file__).parents[2] / "examples" / "ddp"
DATA_LIBRARY = "sklearn"


@app.command()
def demo(
    folder: str = typer.Option("lightning-sweeps-demo", "--folder", help="Folder for the program and the sweep file."),
    slots: int = typer.Option(2, "--slots", min=1, help="Trials at the same time; each has two ranks."),
    trials: int | None = typer.Option(None, "--trials", min=1, help="Number of trials (default: the sweep's 8)."),
) -> None:
    """Write a small DDP program and its sweep file into a folder, run the sweep, and show the results.

    It trains on the CPU in about a minute. The files are yours to change: run them again with
    `lightning-sweeps tune sweep.yaml` in that folder.
    """
    if importlib.util.find_spec(DATA_LIBRARY) is None:
        raise UsageError(
            "the demo trains on the digits of scikit-learn, which is not installed", hint="`pip install scikit-learn`"
        )
    copy_files(Path(folder))
    typer.echo(f"Wrote {', '.join(FILES)} into {folder}. Running `lightning-sweeps tune sweep.yaml` there.")
    os.chdir(folder)
    sweep_id, status = create_and_run("sweep.yaml", AgentOptions(slots=slots, count=trials, gpus="none", quiet=True))
    ui(sweep_id, no_open=True, as_json=False)
    raise typer.Exit(status)


def copy_files(folder: Path) -> None:
    """Copy the demo's files into a folder, which is created. Files that exist there stay as they are.

    Raises:
        UsageError: the folder cannot be written.
    """
    source = IN_PACKAGE if IN_PACKAGE.is_dir() else IN_REPOSITORY
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            if not (folder / name).exists():
                shutil.copyfile(source / name, folder / name)
    except OSError as error:
        raise UsageError(
            f"cannot write the demo into `{folder}`: {error.strerror or error}",
            hint="`lightning-sweeps demo --folder FOLDER` takes another folder",
        ) from error
