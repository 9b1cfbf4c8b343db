"""Builds a trial's command line from the sweep's `program` and `command` and the trial's parameters.

`command` has W&B's format: a list of tokens with macros. It differs from W&B in three ways: `${interpreter}` is the
agent's Python, not the first `python` on PATH; `--lr=${lr}` works; a word that is an unknown macro is an error. Only
`check_program` reads files.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightning_sweeps.agents.gang import GangMember
from lightning_sweeps.agents.launch.arguments import MANY_WORDS, Arguments, Value, names_of
from lightning_sweeps.core import macros
from lightning_sweeps.core.paths import TrialFolder
from lightning_sweeps.errors import LaunchError

PYTHON_SUFFIXES = (".py", ".pyc", ".pyz")


@dataclass(frozen=True, slots=True)
class CommandContext:
    """Values that determine a command line, besides the sweep and the trial.

    Attributes:
        interpreter: the Python that runs the agent.
        environ: the variables that `${envvar:NAME}` reads.
        folder: the trial's files.
        processes: number of ranks on this node.
        launch_id: id of this attempt of the trial; torchrun's rendezvous id.
        member: this machine in a trial on several machines; None for a trial on one.
    """

    interpreter: str
    environ: Mapping[str, str]
    folder: TrialFolder
    processes: int
    launch_id: str
    member: GangMember | None = None


def build_command(config: Mapping[str, Any], params: Mapping[str, Value], *, context: CommandContext) -> list[str]:
    """Return the argv of a trial.

    Without `command`, the program gets `--key=value` for each parameter. A single rank starts directly. Several ranks
    or machines start through torchrun. A `command` runs unchanged.

    Args:
        config: the sweep file.
        params: the trial's parameters.
        context: where the trial runs, and with which ranks.

    Raises:
        LaunchError: a macro is unknown, a variable is not set, or there is no `program`; the message names it.
    """
    tokens = config.get("command")
    if tokens is None:
        return _program_command(program_of(config), context) + program_arguments(config, params)
    expansion = _Expansion(config, Arguments.of(config, params), context)
    words = [word for token in tokens for word in expansion.expand(str(token))]
    if not words:
        raise LaunchError(
            "the sweep's `command` is empty", hint="leave `command` out to run `program` with its parameters"
        )
    return words


def program_arguments(config: Mapping[str, Any], params: Mapping[str, Value]) -> list[str]:
    """Return the arguments of a `program` without `command`: one `--key=value` for each parameter."""
    return Arguments.of(config, params).words()


def nodes_of(config: Mapping[str, Any]) -> int:
    """Return the number of machines of each trial: the sweep's `resources.nodes`, by default 1."""
    return int((config.get("resources") or {}).get("nodes") or 1)


def processes_of(config: Mapping[str, Any], *, option: int | None, gpus: int) -> int:
    """Return the number of ranks on this node: the option, else the sweep's `resources.processes`, else one per GPU."""
    if option is not None:
        return option
    resources = config.get("resources") or {}
    return int(resources.get("processes") or max(1, gpus))


def check_program(config: Mapping[str, Any], *, folder: Path, environ: Mapping[str, str]) -> None:
    """Check that the sweep's program exists, so that no trial fails because of it.

    Args:
        config: the sweep file.
        folder: the working folder of trials.
        environ: the agent's environment, for `PATH`.

    Raises:
        LaunchError: the program does not exist or is not executable; the message names it and the folder.
    """
    tokens = config.get("command")
    path_variable = environ.get("PATH", os.defpath)
    if tokens is None:
        _check_file(program_of(config), folder, path_variable, by_interpreter=False)
        return
    words = [str(token) for token in tokens]
    program = config.get("program")
    if program and "${program}" in words and str(program).endswith(PYTHON_SUFFIXES):
        _check_file(str(program), folder, path_variable, by_interpreter=True)
    first = next((word for word in words if word != "${env}"), "")
    if first and "${" not in first and "=" not in first:
        _check_file(first, folder, path_variable, by_interpreter=False)


def _check_file(name: str, folder: Path, path_variable: str, *, by_interpreter: bool) -> None:
    path = folder / name
    if not path.is_file():
        if "/" not in name and not by_interpreter and shutil.which(name, path=path_variable):
            return
        raise LaunchError(
            f"the sweep's program `{name}` is not in `{folder}`",
            hint="start the agent in the folder of the program, or name the program by its full path in the sweep file",
        )
    if not (by_interpreter or name.endswith(PYTHON_SUFFIXES) or os.access(path, os.X_OK)):
        raise LaunchError(
            f"the sweep's program `{path}` is neither a Python file nor executable",
            hint=f"`chmod +x {path}`, or name it `.py`",
        )


def program_of(config: Mapping[str, Any]) -> str:
    """Return the sweep's `program`.

    Raises:
        LaunchError: the sweep has no program.
    """
    program = config.get("program")
    if not program:
        raise LaunchError("the sweep has no `program`", hint="add `program: train.py` to the sweep file")
    return str(program)


def _program_command(program: str, context: CommandContext) -> list[str]:
    is_python = program.endswith(PYTHON_SUFFIXES)
    if context.processes == 1 and context.member is None:
        return [context.interpreter, program] if is_python else [_runnable(program)]
    return [
        context.interpreter,
        "-m",
        "torch.distributed.run",
        f"--nproc-per-node={context.processes}",
        *_rendezvous_options(context.member),
        f"--rdzv-id={context.launch_id}",
        "--max-restarts=0",
        f"--log-dir={context.folder.rank_logs}",
        "--tee=3",
        *([] if is_python else ["--no-python"]),
        program if is_python else _runnable(program),
    ]


def _rendezvous_options(member: GangMember | None) -> list[str]:
    if member is None:
        return ["--nnodes=1", "--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0"]
    return [
        f"--nnodes={member.nodes}",
        f"--node-rank={member.rank}",
        "--rdzv-backend=static",
        f"--master-addr={member.host}",
        f"--master-port={member.port}",
    ]


def _runnable(program: str) -> str:
    """Return a file of the working folder as a path: the system searches for a bare name only on PATH."""
    return program if "/" in program or not Path(program).is_file() else f"./{program}"


ONE_TEXT = ("interpreter", "program", "args_json", "args_json_file", "args_dict")
"""Macros that expand to one piece of text and may be part of a token."""


@dataclass(frozen=True, slots=True)
class _Expansion:
    config: Mapping[str, Any]
    arguments: Arguments
    context: CommandContext

    def expand(self, token: str) -> list[str]:
        whole = macros.whole_name(token)
        if whole in MANY_WORDS:
            return MANY_WORDS[whole](self.arguments)
        return [macros.replace(token, self._names(), lambda name: self._text(name, token))]

    def _names(self) -> set[str]:
        return {*self.arguments.flat, *names_of(self.config.get("parameters") or {})}

    def _text(self, name: str, token: str) -> str:
        if name.startswith(macros.ENVVAR_PREFIX):
            return self._variable(name.removeprefix(macros.ENVVAR_PREFIX), token)
        if name in MANY_WORDS:
            raise LaunchError(
                f"`{token}`: `${{{name}}}` becomes several words and cannot be part of a token",
                hint="make it a separate token in the sweep's `command`",
            )
        match name:
            case "interpreter":
                return self.context.interpreter
            case "program":
                return program_of(self.config)
            case "args_json_file":
                return str(self.context.folder.arguments)
            case "args_json" | "args_dict":
                return json.dumps(self.arguments.nested)
        text = self.arguments.find(name)
        if text is None:
            raise self._missing(name, token)
        return text

    def _missing(self, name: str, token: str) -> LaunchError:
        if name in self._names():
            return LaunchError(
                f"`{token}`: the parameter `{name}` is switched off in this trial",
                hint="use `${args}`, which leaves it out, or give the parameter a value in every trial",
            )
        known = ", ".join([*MANY_WORDS, *ONE_TEXT, "envvar:NAME", *self.arguments.flat])
        return LaunchError(f"`{token}`: there is no macro `${{{name}}}`, allowed: {known}")

    def _variable(self, name: str, token: str) -> str:
        value = self.context.environ.get(name)
        if value is None:
            raise LaunchError(
                f"`{token}`: the environment variable `{name}` is not set in the agent's environment",
                hint=f"`export {name}=...` before starting the agent",
            )
        return value
