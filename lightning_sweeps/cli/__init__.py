"""The command line: `lightning-sweeps`. One file per command, loaded when that command is called and not before."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from lightning_sweeps import __version__
from lightning_sweeps.errors import LightningSweepsError

EXIT_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: the module that holds it, as a typer app named `app`, and its line in the list."""

    module: str
    help: str


COMMANDS = {
    "sweep": Entry("lightning_sweeps.cli.sweep", "Create a sweep from a W&B sweep file; check, pause or end one."),
    "tune": Entry("lightning_sweeps.cli.tune", "Create a sweep and run it here to its end, in one command."),
    "agent": Entry("lightning_sweeps.cli.agent", "Run a sweep's trials here: one agent per GPU, in one command."),
    "status": Entry("lightning_sweeps.cli.status", "Show sweeps, or one sweep's trials, best result and agents."),
    "trial": Entry("lightning_sweeps.cli.trial", "Show one trial, mark it as not to be counted, or stop it."),
    "report": Entry("lightning_sweeps.cli.report", "Report what a sweep found, why trials were stopped, what it took."),
    "runs": Entry("lightning_sweeps.cli.runs", "List runs: state, group, rank, last values."),
    "ui": Entry("lightning_sweeps.cli.ui", "Open the dashboard in a browser, logged in."),
    "logs": Entry("lightning_sweeps.cli.logs", "Show or follow what the ranks of a run, group or trial print."),
    "sync": Entry("lightning_sweeps.cli.sync", "Upload journals of offline runs or from another machine."),
    "export": Entry("lightning_sweeps.cli.export", "Write runs and their logged values into files."),
    "import": Entry("lightning_sweeps.cli.import_runs", "Import runs from TensorBoard, wandb or CSV files."),
    "db": Entry("lightning_sweeps.cli.db", "Check, back up, compact or migrate a server's database."),
    "login": Entry("lightning_sweeps.cli.login", "Keep the API key of a server on this machine."),
    "key": Entry("lightning_sweeps.cli.key", "Make, list and revoke the server's API keys."),
    "server": Entry("lightning_sweeps.cli.server", "Run a server for a team, or manage this machine's own."),
}


class LazyGroup(TyperGroup):
    """Knows every command's name and help line; loads a command's module only to run it or to show its own help."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002
        return list(COMMANDS)

    def get_command(  # type: ignore[override]
        self,
        ctx: typer.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> TyperCommand | None:
        entry = COMMANDS.get(cmd_name)
        return None if entry is None else TyperCommand(name=cmd_name, help=entry.help, callback=None)

    def resolve_command(self, ctx: typer.Context, args: list[str]):  # type: ignore[no-untyped-def, override]
        name = args[0] if args else ""
        if name not in COMMANDS:
            return super().resolve_command(ctx, args)
        command = get_command(importlib.import_module(COMMANDS[name].module).app)
        command.name = name
        return name, command, args[1:]


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Log DDP runs and tune hyperparameters over all your GPUs.\n\nStart with:  lightning-sweeps sweep sweep.yaml",
)


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Show the version and exit.")) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line; an error of ours is one message on stderr and its exit status, never a traceback."""
    try:
        app(prog_name="lightning-sweeps")
    except LightningSweepsError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:  # `lightning-sweeps runs | head`
        sys.stderr.close()
        sys.exit(1)
