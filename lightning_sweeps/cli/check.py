"""`lightning-sweeps sweep FILE --check`: shows the space of a sweep file and the command lines of its first trials."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from lightning_sweeps.agents.launch.command import CommandContext, build_command, check_program, processes_of
from lightning_sweeps.cli.tables import parameters
from lightning_sweeps.core.paths import TrialFolder
from lightning_sweeps.core.settings import environment
from lightning_sweeps.errors import LaunchError, UsageError
from lightning_sweeps.sweeps.config import ParsedSweep
from lightning_sweeps.sweeps.definition import SweepDefinition
from lightning_sweeps.sweeps.preview import first_points
from lightning_sweeps.sweeps.repeats import Repeats

SHOWN_TRIALS = 3
SHOWN_SEEDS = 5
DOUBLE_QUOTES_SPOIL = re.compile(r'["$`\\!]')
"""Characters that keep a meaning in double quotes."""


def show(parsed: ParsedSweep) -> None:
    """Print the size of the sweep's space, and the command lines of its first trials."""
    definition = SweepDefinition.of(parsed.config)
    config, space = parsed.config, definition.space
    size = (
        "an unlimited number of points"
        if space.size is None
        else ("1 point" if space.size == 1 else f"{space.size} points")
    )
    if space.is_restricted and space.size is not None:
        size = f"at most {size}"
    count = len(space.dimensions)
    dimensions = "1 parameter" if count == 1 else f"{count} parameters"
    typer.echo(f"The file is valid: method {config.method}, {dimensions}, {size}.")
    for line in _repeat_lines(config.repeats):
        typer.echo(line)
    is_exact = config.seed is not None or definition.method.is_exhaustive
    first = "first trials" if not config.repeats.is_used else "first trial of each of the first points"
    typer.echo(f"The {first}:" if is_exact else "Trials like these, depending on the seed:")
    seed = {} if config.repeats.seed is None else {config.repeats.seed: 1}
    for number, params in enumerate(first_points(definition, seed=config.seed or 0, count=SHOWN_TRIALS), 1):
        typer.echo(f"  {_command_line(parsed.raw, params | seed, number)}")


def _repeat_lines(repeats: Repeats) -> list[str]:
    """Return how the points of a sweep run again, as lines."""
    if not repeats.is_used:
        return []
    seed = f"with `{repeats.seed}`" if repeats.seed else "with the seeds (`current_trial().seed`)"
    seeds = ", ".join(str(number) for number in range(1, min(repeats.count, SHOWN_SEEDS) + 1))
    more = f", ..., {repeats.count}" if repeats.count > SHOWN_SEEDS else ""
    value = {"mean": "the mean", "median": "the median"}.get(repeats.judge, f"the {repeats.judge}")
    text = [f"Each point runs as {repeats.count} trials {seed} {seeds}{more}. Its value is {value} of theirs."]
    if repeats.max is not None:
        text += [f"A point that may be the best one gets up to {repeats.max} trials."]
    return text


def program_warnings(raw: Mapping[str, Any], file: str) -> list[str]:
    """Return a warning if the sweep has no program, or if the agents would not find it in the current folder.

    Args:
        raw: the checked sweep file.
        file: its path. The program is looked for beside it too.

    Raises:
        UsageError: `program` is a whole command line.
    """
    if not (raw.get("program") or raw.get("command")):
        return ["it names no `program`: only `lightning_sweeps.agent(sweep_id, function)` can run it"]
    missing = _missing_program(raw, Path.cwd())
    if missing is None:
        return []
    beside = folder_with_program(raw, file)
    if beside is not None:
        return [f"the program is beside the sweep file, not in this folder: start the agents in `{beside}`"]
    words = str(raw.get("program") or "").split()
    if len(words) > 1 and not raw.get("command"):
        command = ", ".join([*words, '"${args}"'])
        raise UsageError(
            f"`program` is `{raw['program']}`, and there is no such file, allowed: the path of one file",
            hint=f"write a command line as a list: `command: [{command}]`",
        )
    return [f"{missing.message}; {missing.hint}"]


def folder_with_program(raw: Mapping[str, Any], file: str) -> Path | None:
    """Return the folder of the sweep file if the program is there and not in the current folder."""
    beside = Path(file).resolve().parent
    is_only_there = _missing_program(raw, Path.cwd()) is not None and _missing_program(raw, beside) is None
    return beside if is_only_there else None


def _missing_program(raw: Mapping[str, Any], folder: Path) -> LaunchError | None:
    try:
        check_program(raw, folder=folder, environ=environment())
    except LaunchError as error:
        return error
    return None


def _command_line(raw: Mapping[str, Any], params: dict[str, Any], number: int) -> str:
    """Return the command line of a trial, or its parameters if it cannot be started here or a function runs it."""
    context = CommandContext(
        interpreter=sys.executable,
        environ=environment(),
        folder=TrialFolder(Path(f"TRIAL_{number}")),
        processes=processes_of(raw, option=None, gpus=0),
        launch_id=f"TRIAL_{number}",
    )
    if not (raw.get("program") or raw.get("command")):
        return parameters(params)
    try:
        return " ".join(map(_quoted, build_command(raw, params, context=context)))
    except LaunchError as error:
        return f"{parameters(params)} ({error.message})"


def _quoted(word: str) -> str:
    """Return a word as a shell reads it, in double quotes if that is easier to read."""
    return f'"{word}"' if "'" in word and not DOUBLE_QUOTES_SPOIL.search(word) else shlex.quote(word)
