"""The options of launchers on the command line: `agent --on NAME` has the options that the launcher declares."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

from lightning_sweeps.errors import UsageError

REGISTRY = "lightning_sweeps.agents.launchers.registry"
"""Imported when a launcher is named: most agents have none, and the models of options need pydantic."""

LAUNCHER_FLAGS = ("--on", "--launcher")
SLURM = "slurm"
GIVEN = "lightning_sweeps.launcher_options"
"""Key in the context of a command: the texts of each option of a launcher."""


class LauncherCommand(TyperCommand):
    """A command that also has the options of the launcher that its words name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        name = launcher_named(args)
        own = [flag for param in self.params for flag in param.opts]
        if name is None:
            _check_launcher_is_named(args, own)
        else:
            self.params = [*self.params, *(param for param in _params(name) if param.opts[0] not in own)]
        return super().parse_args(ctx, args)


def given_options(ctx: typer.Context) -> dict[str, list[str]]:
    """Return the texts that the command line gave for each option of its launcher, in order."""
    given: dict[str, list[str]] = ctx.meta.get(GIVEN, {})
    return given


def launcher_named(words: Sequence[str]) -> str | None:
    """Return the launcher that the words of a command name, if there is one."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        flag, separator, value = word.partition("=")
        if word == f"--{SLURM}":
            return SLURM
        if flag in LAUNCHER_FLAGS:
            return value if separator else following
    return None


def _params(launcher: str) -> list[Any]:
    """Return the options of a launcher as parameters of a command. Their texts go to the command's context."""

    def command(**_: object) -> None:
        """Declare the options."""

    options = _model(launcher).model_fields
    declared = [_parameter(launcher, name, field) for name, field in options.items()]
    command.__signature__ = inspect.Signature(declared)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in declared}
    app = typer.Typer(add_completion=False)
    app.command()(command)
    return [param for param in get_command(app).params if param.name in options]


def _parameter(launcher: str, name: str, field: Any) -> inspect.Parameter:
    is_flag = field.annotation is bool
    option = typer.Option(
        flag_of(name),
        help=f"{launcher}: {field.description}",
        metavar=None if is_flag else "VALUE",
        callback=_keeper(name),
        expose_value=False,
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=False if is_flag else [],
        annotation=Annotated[bool if is_flag else list[str], option],
    )


def _keeper(name: str) -> Callable[[typer.Context, Any], None]:
    def keep(ctx: typer.Context, value: Any) -> None:
        if value:
            ctx.meta.setdefault(GIVEN, {})[name] = ["true"] if value is True else list(value)

    keep.__annotations__ = {"ctx": typer.Context, "value": Any}
    return keep


def flag_of(name: str) -> str:
    """Return the flag of a launcher's option."""
    return "--" + name.replace("_", "-")


def _check_launcher_is_named(words: Sequence[str], own: Sequence[str]) -> None:
    """Check that no option belongs to a launcher.

    Raises:
        UsageError: one does; the message names the launchers that have it.
    """
    unknown = [word.partition("=")[0] for word in words if word.startswith("--")]
    for flag in unknown:
        owners = [] if flag in {*own, "--help"} else [name for name in _names() if _has_option(name, flag)]
        if owners:
            raise UsageError(
                f"`{flag}` was given without `--on`, and it is an option of the launchers {', '.join(owners)}",
                hint=f"add the launcher, for example `--on {owners[0]}`",
            )


def _has_option(launcher: str, flag: str) -> bool:
    return any(flag_of(name) == flag for name in _model(launcher).model_fields)


def _names() -> list[str]:
    names: list[str] = importlib.import_module(REGISTRY).LAUNCHERS.names()
    return names


def _model(launcher: str) -> Any:
    return importlib.import_module(REGISTRY).LAUNCHERS.get(launcher).options_model
