"""Decides whether the owner of a machine allows what a sweep runs there. Pure.

A sweep comes from whoever may create sweeps on the server. An agent runs its program as the user who started the agent.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.core.program_command import program_of
from lightning_sweeps.errors import LaunchError

PROGRAM_MACRO = "${program}"
REST = "*"
"""As the last word of a pattern, it stands for all further words."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an agent may run. Empty: anything.

    Attributes:
        programs: patterns of `program`.
        commands: patterns of `command`.
        projects: names of projects.
    """

    programs: Sequence[str] = ()
    commands: Sequence[str] = ()
    projects: Sequence[str] = ()


def allowed_by(options: AgentOptions) -> Allowed:
    """Return what the agents with these options may run."""
    return Allowed(options.allow_program, options.allow_command, options.only_project)


def check_allowed(config: Mapping[str, Any], project: str, allowed: Allowed) -> None:
    """Check that an agent may run a sweep.

    Args:
        config: the sweep file.
        project: the sweep's project.
        allowed: what the agent's owner allows.

    Raises:
        LaunchError: it may not; the message says which option forbids it.
    """
    if allowed.projects and project not in allowed.projects:
        raise _refusal(f"sweeps of the project `{project}`", "--only-project", allowed.projects)
    if not (allowed.programs or allowed.commands):
        return
    command = config.get("command")
    if command is None:
        _check_program(program_of(config), allowed)
        return
    words = [str(word) for word in command]
    if not any(_matches_words(words, pattern) for pattern in allowed.commands):
        raise _refusal(f"the command `{shlex.join(words)}`", "--allow-command", allowed.commands)
    if any(PROGRAM_MACRO in word for word in words):
        _check_program(program_of(config), allowed)


def _check_program(program: str, allowed: Allowed) -> None:
    if not any(_matches_path(program, pattern) for pattern in allowed.programs):
        raise _refusal(f"the program `{program}`", "--allow-program", allowed.programs)


def _matches_path(path: str, pattern: str) -> bool:
    """Return whether a path matches. A `*` stays in its folder, and `..` is resolved before."""
    parts, patterns = posixpath.normpath(path).split("/"), posixpath.normpath(pattern).split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def _matches_words(words: Sequence[str], pattern: str) -> bool:
    """Return whether each word matches the word of the pattern at its place."""
    patterns = shlex.split(pattern)
    if patterns and patterns[-1] == REST:
        patterns.pop()
        words = words[: len(patterns)] if len(words) >= len(patterns) else ()
    return len(words) == len(patterns) and all(map(fnmatchcase, words, patterns))


def _refusal(what: str, option: str, given: Sequence[str]) -> LaunchError:
    shown = ", ".join(f"`{one}`" for one in given) or "nothing"
    return LaunchError(
        f"this agent does not run {what}: `{option}` allows {shown}",
        hint=f"if you trust the sweep, start the agent with another `{option}`",
    )
