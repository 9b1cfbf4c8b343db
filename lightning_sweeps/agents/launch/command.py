"""Builds a trial's command line from the sweep's `program` and `command` and the trial's parameters.

`command` has W&B's format: a list of tokens with macros. It differs from W&B in three ways: `${interpreter}` is the
agent's Python, not the first `python` on PATH; `--lr=${lr}` works; a word that is an unknown macro is an error. Only
`check_program` reads files.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from lightning_sweeps.agents.gang import GangMember
from lightning_sweeps.agents.launch.arguments import MANY_WORDS, Arguments, Value, names_of
from lightning_sweeps.agents.launch.environment import search_path
from lightning_sweeps.agents.launch.interpreted import is_interpreted
from lightning_sweeps.agents.launch.interpreter import is_own_interpreter
from lightning_sweeps.agents.launch.torchrun import torchrun_command, with_separator
from lightning_sweeps.core import macros
from lightning_sweeps.core.paths import TrialFolder
from lightning_sweeps.core.program_command import PlainCommand, is_python_file, plain_command, program_of, ranks_problem
from lightning_sweeps.errors import LaunchError


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

    Without `command`, the program gets `args` and `--key=value` for each parameter. A single rank starts directly.
    Several ranks or machines start through torchrun, also if a `command` only runs the program with arguments. Any
    other `command` runs unchanged, except that torchrun gets `--` before the program.

    Args:
        config: the sweep file.
        params: the trial's parameters.
        context: where the trial runs, and with which ranks.

    Raises:
        LaunchError: a macro is unknown, a variable is not set, or there is no `program`; the message names it.
    """
    tokens = config.get("command")
    needs_ranks = context.processes > 1 or context.member is not None
    plain = plain_of(config, interpreter=context.interpreter, environ=context.environ)
    if tokens is None or (needs_ranks and plain):
        program, *arguments = _words_of(plain, config, params, context)
        return _program_command([_runnable(program), *arguments], context)
    words = _Expansion(config, Arguments.of(config, params), context).expand_all(
        with_separator([str(token) for token in tokens])
    )
    if not words:
        raise LaunchError(
            "the sweep's `command` is empty", hint="leave `command` out to run `program` with its parameters"
        )
    return words


def plain_of(config: Mapping[str, Any], *, interpreter: str, environ: Mapping[str, str]) -> PlainCommand | None:
    """Return the program and the arguments of a sweep, or None if its `command` does more than run one program.

    Args:
        config: the sweep file.
        interpreter: the Python that runs the agent.
        environ: the agent's environment, for `PATH`.
    """
    is_interpreter = partial(is_own_interpreter, interpreter=interpreter, environ=environ)
    return plain_command(config, is_interpreter=is_interpreter)


def program_words(config: Mapping[str, Any], params: Mapping[str, Value], *, context: CommandContext) -> list[str]:
    """Return the program and the arguments of a trial: the fixed ones, and one `--key=value` for each parameter.

    Raises:
        LaunchError: there is no `program`, or the sweep's `command` does more than run one program.
    """
    plain = plain_of(config, interpreter=context.interpreter, environ=context.environ)
    return _words_of(plain, config, params, context)


def _words_of(
    plain: PlainCommand | None, config: Mapping[str, Any], params: Mapping[str, Value], context: CommandContext
) -> list[str]:
    if plain is None and config.get("command") is None:
        program_of(config)
    if plain is None:
        raise LaunchError(f"the sweep's `command` does more than run one program: {config.get('command')}")
    return [plain.program, *_Expansion(config, Arguments.of(config, params), context).expand_all(plain.arguments)]


def check_ranks(config: Mapping[str, Any], *, option: int | None, interpreter: str, environ: Mapping[str, str]) -> None:
    """Check that the sweep's `command` starts the ranks that the sweep file or the agent's option names.

    Raises:
        LaunchError: it does not.
    """
    processes = option or (config.get("resources") or {}).get("processes") or 1
    is_interpreter = partial(is_own_interpreter, interpreter=interpreter, environ=environ)
    if problem := ranks_problem(config, processes, is_interpreter=is_interpreter):
        name = "--processes-per-trial" if option else "resources.processes"
        raise LaunchError(f"the number of ranks (`{name}`) {problem}")


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
    path_variable = search_path(environ)
    if tokens is None:
        name = program_of(config)
        by_interpreter = is_interpreted(name, folder) and (folder / name).exists()
        _check_file(name, folder, path_variable, by_interpreter=by_interpreter)
        return
    words = [str(token) for token in tokens]
    program = config.get("program")
    if program and "${program}" in words and is_python_file(str(program)):
        _check_file(str(program), folder, path_variable, by_interpreter=True)
    first = next((word for word in words if word != "${env}"), "")
    if first and "${" not in first and "=" not in first:
        _check_file(first, folder, path_variable, by_interpreter=False)


def _check_file(name: str, folder: Path, path_variable: str, *, by_interpreter: bool) -> None:
    path = folder / name
    if not (path.is_file() or (by_interpreter and path.is_dir())):
        if "/" not in name and not by_interpreter and shutil.which(name, path=path_variable):
            return
        elsewhere = "" if "/" in name or by_interpreter else ", nor on PATH, nor beside the agent's Python"
        raise LaunchError(
            f"the sweep's program `{name}` is not in `{folder}`{elsewhere}",
            hint="start the agent in the folder of the program, or name the program by its full path in the sweep file",
        )
    if not (by_interpreter or os.access(path, os.X_OK)):
        raise LaunchError(
            f"the sweep's program `{path}` is neither a Python file nor executable",
            hint=f"`chmod +x {path}`, or name it `.py`",
        )


def _program_command(program: Sequence[str], context: CommandContext) -> list[str]:
    if context.processes == 1 and context.member is None:
        return [context.interpreter, *program] if is_interpreted(program[0]) else list(program)
    return torchrun_command(
        program,
        interpreter=context.interpreter,
        processes=context.processes,
        launch_id=context.launch_id,
        log_folder=context.folder.rank_logs,
        member=context.member,
    )


def _runnable(program: str) -> str:
    """Return an executable of the working folder as a path: the system searches for a bare name only on PATH."""
    is_file_here = "/" not in program and Path(program).is_file()
    return f"./{program}" if is_file_here and not is_interpreted(program) else program


@dataclass(frozen=True, slots=True)
class _Expansion:
    config: Mapping[str, Any]
    arguments: Arguments
    context: CommandContext

    def expand_all(self, tokens: Sequence[str]) -> list[str]:
        return [word for token in tokens for word in self.expand(token)]

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
        known = ", ".join([*MANY_WORDS, *macros.TEXT_MACROS, "envvar:NAME", *self.arguments.flat])
        return LaunchError(f"`{token}`: there is no macro `${{{name}}}`, allowed: {known}")

    def _variable(self, name: str, token: str) -> str:
        value = self.context.environ.get(name)
        if value is None:
            raise LaunchError(
                f"`{token}`: the environment variable `{name}` is not set in the agent's environment",
                hint=f"`export {name}=...` before starting the agent",
            )
        return value
