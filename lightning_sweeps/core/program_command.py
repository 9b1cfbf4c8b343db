"""Reads the form of a sweep's `command`: which program it runs, and who starts the ranks of a trial."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from lightning_sweeps.core import macros
from lightning_sweeps.errors import LaunchError

TORCHRUN = ("torchrun", "torch.distributed.run", "torch.distributed.launch")
PROCESSES_OPTION = re.compile(r"--nproc[-_]per[-_]node(?:=(.*))?")
PYTHON = re.compile(r"python(3(\.\d+)?)?")


@dataclass(frozen=True, slots=True)
class PlainCommand:
    """A command that runs one program and does nothing else: the agent may start it warm, and on several ranks.

    Attributes:
        program: the program's file.
        arguments: its arguments, with macros.
    """

    program: str
    arguments: tuple[str, ...]


def may_be_python(word: str) -> bool:
    """Return whether the first word of a command may be the Python that runs the agent."""
    return PYTHON.fullmatch(PurePath(word).name) is not None


def plain_command(
    config: Mapping[str, Any], *, is_interpreter: Callable[[str], bool] = may_be_python
) -> PlainCommand | None:
    """Return the program and the arguments of a sweep, or None if its `command` has another form.

    A plain command is `${env}`, which may be missing, the interpreter, which is missing for a program that is not a
    Python file, `${program}` or a Python file, and arguments.

    Args:
        config: the sweep file.
        is_interpreter: tells whether a word runs the agent's Python, besides `${interpreter}`.
    """
    program = config.get("program")
    if config.get("command") is None:
        return PlainCommand(str(program), _arguments(config.get("args"))) if program else None
    words = [str(token) for token in config["command"]]
    words = words[1:] if words[:1] == ["${env}"] else words
    has_interpreter = bool(words) and (words[0] == "${interpreter}" or is_interpreter(words[0]))
    words = words[1:] if has_interpreter else words
    if not words:
        return None
    name = str(program) if words[0] == "${program}" and program else words[0]
    if "${" in name or has_interpreter != is_python_file(name) or (words[0] != "${program}" and not has_interpreter):
        return None
    return PlainCommand(name, tuple(words[1:]))


def _arguments(given: object) -> tuple[str, ...]:
    """Return the arguments of a program without `command`: fixed ones, and the macro for the parameters."""
    fixed = tuple(map(str, given)) if isinstance(given, list) else ()
    has_macro = any(macros.whole_name(word) in macros.ARGUMENT_MACROS for word in fixed)
    return fixed if has_macro else (*fixed, "${args}")


def is_python_file(name: str) -> bool:
    """Return whether the interpreter runs a file of this name."""
    return name.endswith((".py", ".pyc", ".pyz")) and not name.startswith("-")


def torchrun_position(tokens: Sequence[str]) -> int | None:
    """Return the position of torchrun in a command, or None."""
    return next((index for index, token in enumerate(tokens) if PurePath(token).name in TORCHRUN), None)


def torchrun_processes(tokens: Sequence[str]) -> str | None:
    """Return the number of ranks that a command with torchrun names, or None."""
    for index, token in enumerate(tokens):
        if match := PROCESSES_OPTION.fullmatch(token):
            return match[1] if match[1] is not None else next(iter(tokens[index + 1 : index + 2]), None)
    return None


def ranks_problem(
    config: Mapping[str, Any], processes: int, *, is_interpreter: Callable[[str], bool] = may_be_python
) -> str:
    """Return why a sweep's `command` does not start this number of ranks, or an empty string.

    Args:
        config: the sweep file.
        processes: the number of ranks that the sweep file or the agent's option names.
        is_interpreter: as in `plain_command`.
    """
    if processes == 1 or config.get("command") is None or plain_command(config, is_interpreter=is_interpreter):
        return ""
    tokens = [str(token) for token in config["command"]]
    if torchrun_position(tokens) is not None:
        named = torchrun_processes(tokens)
        is_other = named is not None and named.isdigit() and int(named) != processes
        return f"is {processes}, but `command` gives torchrun `--nproc-per-node={named}`" if is_other else ""
    return (
        f"is {processes}, but this `command` starts its own processes; leave `processes` out if it starts the ranks, "
        "otherwise write it as [${interpreter}, ${program}, ...], or use `args` in place of `command`"
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
