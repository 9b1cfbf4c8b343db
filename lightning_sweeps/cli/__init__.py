"""Defines the command line `lightning-sweeps`. Each command is one file.

The module of a command is imported when its name is given; for its help, without what its functions need.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer
from typer.completion import completion_init  # type: ignore[attr-defined]
from typer.core import TyperCommand
from typer.main import get_command

from lightning_sweeps.cli import suggestions
from lightning_sweeps.cli.help_only import import_for_help
from lightning_sweeps.cli.other_words import HINTS
from lightning_sweeps.cli.quick_group import QuickGroup
from lightning_sweeps.cli.refused_values import refused_value
from lightning_sweeps.core.full_version import full_version
from lightning_sweeps.core.installation import ADD_SERVER, has_server, is_left_out
from lightning_sweeps.core.similar import did_you_mean
from lightning_sweeps.errors import LightningSweepsError, NotFound, UsageError

EXIT_INTERRUPTED = 130
SETTINGS = "lightning_sweeps.core.settings"  # not needed for help


@dataclass(frozen=True, slots=True)
class CliCommand:
    """A command of the command line.

    Attributes:
        module: Module with the command as a typer application named `app`.
        help: One line for the list of commands.
        names_server: Whether it talks to a server, and says to which one if that is not the local one.
    """

    module: str
    help: str
    names_server: bool = True


COMMANDS = {
    "demo": CliCommand("lightning_sweeps.cli.demo", "Run a small sweep of two-rank DDP trials on this machine."),
    "sweep": CliCommand("lightning_sweeps.cli.sweep", "Create a sweep from a W&B sweep file, or change one."),
    "tune": CliCommand("lightning_sweeps.cli.tune", "Create a sweep and run it on this machine until it ends."),
    "agent": CliCommand("lightning_sweeps.cli.agent", "Run the trials of a sweep on this machine, one agent per GPU."),
    "agents": CliCommand("lightning_sweeps.cli.agents", "List the agents that were submitted as jobs, or cancel them."),
    "status": CliCommand("lightning_sweeps.cli.status", "Show all sweeps, or the trials and agents of one sweep."),
    "trial": CliCommand("lightning_sweeps.cli.trial", "Show a trial, exclude it from the results, or stop it."),
    "report": CliCommand("lightning_sweeps.cli.report", "Summarize the results of a sweep, its failures and its time."),
    "runs": CliCommand("lightning_sweeps.cli.runs", "List runs with their state, group, rank and last values."),
    "sql": CliCommand("lightning_sweeps.cli.sql", "Ask runs, sweeps and series in SQL."),
    "project": CliCommand("lightning_sweeps.cli.project", "Show what is written about a project, or write it."),
    "delete": CliCommand("lightning_sweeps.cli.delete", "Move runs or a sweep to the trash, or empty the trash."),
    "restore": CliCommand("lightning_sweeps.cli.restore", "Bring runs or a sweep back from the trash."),
    "archive": CliCommand("lightning_sweeps.cli.archive", "Hide runs from lists, or show them again."),
    "move": CliCommand("lightning_sweeps.cli.move", "Move runs to another project."),
    "rename": CliCommand("lightning_sweeps.cli.rename", "Give a run or a project another name."),
    "ui": CliCommand("lightning_sweeps.cli.ui", "Open the dashboard in a browser, logged in."),
    "top": CliCommand("lightning_sweeps.cli.top", "Show sweeps, curves, GPUs and output live in this terminal."),
    "logs": CliCommand("lightning_sweeps.cli.logs", "Show or follow the output of a run, a group or a trial."),
    "sync": CliCommand("lightning_sweeps.cli.sync", "Upload journals of offline runs, or a copied folder of journals."),
    "export": CliCommand("lightning_sweeps.cli.export", "Write runs and all logged values to files."),
    "import": CliCommand("lightning_sweeps.cli.import_runs", "Import runs from TensorBoard, W&B or CSV files."),
    "mcp": CliCommand("lightning_sweeps.cli.mcp", "Serve runs and sweeps to a coding agent (MCP).", False),
    "skill": CliCommand("lightning_sweeps.cli.skill", "Print the page that teaches a coding agent this tool.", False),
    "doctor": CliCommand(
        "lightning_sweeps.cli.doctor", "Check this machine, its settings and its server, and say what to type.", False
    ),
    "completion": CliCommand(
        "lightning_sweeps.cli.completion", "Complete commands, options and ids with the Tab key.", False
    ),
    "db": CliCommand(
        "lightning_sweeps.cli.db", "Check, back up, restore, compact or migrate a server's database.", False
    ),
    "login": CliCommand("lightning_sweeps.cli.login", "Use a team's server from this machine.", False),
    "logout": CliCommand("lightning_sweeps.cli.logout", "Use the local server again.", False),
    "key": CliCommand("lightning_sweeps.cli.key", "Create, list and revoke API keys of the server."),
    "alerts": CliCommand("lightning_sweeps.cli.alerts", "Choose what the server sends alerts about, and test them."),
    "docs": CliCommand("lightning_sweeps.cli.docs", "Read the documentation in a browser.", False),
    "server": CliCommand(
        "lightning_sweeps.cli.server", "Run a server for a team, or manage the server of this machine.", False
    ),
}


class LazyGroup(QuickGroup):
    """Lists commands without their modules. A module is imported only to run its command or to show its help."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002
        return list(COMMANDS)

    def get_command(  # type: ignore[override]
        self,
        ctx: typer.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> TyperCommand | None:
        entry = COMMANDS.get(cmd_name)
        return None if entry is None else TyperCommand(name=cmd_name, help=entry.help, callback=None)

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            raise refused_value(error) or error from error.__cause__

    def resolve_command(self, ctx: typer.Context, args: list[str]):  # type: ignore[no-untyped-def, override]
        name = args[0] if args else ""
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            meant = HINTS.get(name) or did_you_mean(name, COMMANDS) or "`lightning-sweeps --help` lists the commands"
            raise UsageError(f"there is no command `{name}`", hint=meant)
        if name not in COMMANDS:
            return super().resolve_command(ctx, args)
        is_help_only = "--help" in args or ctx.resilient_parsing
        if COMMANDS[name].names_server and not is_help_only:
            _name_server()
        load = import_for_help if is_help_only else importlib.import_module
        command = get_command(load(COMMANDS[name].module).app)
        command.name = name
        if is_help_only:
            for leaf in _leaves(command):
                leaf.callback = _refuse_help_as_value
        return name, command, args[1:]


def _leaves(command: Any) -> Iterator[Any]:
    """Yield a command, or the commands of a group like `db`."""
    commands = getattr(command, "commands", None)
    if commands is None:
        yield command
    else:
        for inner in commands.values():
            yield from _leaves(inner)


def _refuse_help_as_value(*_: Any, **__: Any) -> None:
    """Take the place of a command's function where `--help` is among the words, but no option."""
    raise UsageError("`--help` stands where a value is expected", hint="put it last to see the help")


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Log DDP runs and tune hyperparameters on all your GPUs.\n\nStart with:  lightning-sweeps sweep sweep.yaml",
)


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Show the version and exit.")) -> None:
    if version:
        typer.echo(full_version())
        raise typer.Exit


def _name_server() -> None:
    """Say on a terminal which server the command talks to, unless it is the local one."""
    url = importlib.import_module(SETTINGS).read_settings().url
    if url and sys.stderr.isatty():
        typer.echo(f"Server: {url}", err=True)


def main() -> None:
    """Run the command line. Our own errors become one message on stderr and an exit status, without a traceback."""
    completion_init()  # registers the shells; a shell that completes calls this program
    try:
        app(prog_name="lightning-sweeps")
    except NotFound as error:
        meant = suggestions.hint_for(error)
        print(f"error: {NotFound(error.message, hint=meant or error.hint)}", file=sys.stderr)
        sys.exit(error.exit_status)
    except LightningSweepsError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
    except ModuleNotFoundError as error:
        if has_server() or not is_left_out(error.name):
            raise
        print(f"error: {UsageError('this installation has no server', hint=ADD_SERVER)}", file=sys.stderr)
        sys.exit(UsageError.exit_status)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:  # `lightning-sweeps runs | head`
        sys.stderr.close()
        sys.exit(1)
