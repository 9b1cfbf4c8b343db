"""The options of an agent, declared once for `lightning-sweeps agent`, `tune`, and each slot's own command line."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

from lightning_sweeps.core.durations import parse_duration
from lightning_sweeps.errors import UsageError


def _option(default: Any, help_text: str, *, minimum: int | None = None, short: str = "") -> Any:
    """Declare an option; `minimum` is the smallest allowed value, `short` a one-letter flag such as `-g`."""
    return field(default=default, metadata={"help": help_text, "minimum": minimum, "short": short})


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """Options of the agents of one machine. The help texts describe them."""

    count: int | None = _option(None, "End after this many trials, over all slots.", minimum=1)
    gpus: str | None = _option(None, "GPUs to use, by index or UUID, for example 0,2; `none` for none.")
    gpus_per_trial: int | None = _option(None, "GPUs of one trial (default: 1; 0 for none).", minimum=0, short="-g")
    processes_per_trial: int | None = _option(
        None, "Ranks of one trial (default: the sweep file's `resources.processes`, else one per GPU).", minimum=1
    )
    slots: int | None = _option(
        None, "Trials at the same time (default: as many as the GPUs allow; 1 without GPUs).", minimum=1
    )
    slot: int | None = _option(None, "Run only the agent of this slot.", minimum=0)
    cold: bool = _option(False, "Start each trial as a new process that does its own imports.")
    prefix: str | None = _option(
        None,
        "Text before each line of a trial's output, with {trial}, {attempt}, {slot} or {host} (default: [{trial}] ).",
    )
    quiet: bool = _option(False, "Do not show the output of trials.", short="-q")
    only_errors: bool = _option(False, "Show only trials that fail, with the end of their error output.")
    idle_timeout: float | None = _option(None, "Give up after this many seconds without a trial (default: never).")
    wait: bool = _option(False, "Wait while failures have paused the sweep, instead of ending with status 1.")
    wait_for_server: bool = _option(
        False, "Wait for a server that does not answer yet, instead of ending. Jobs of a launcher always wait."
    )
    keep: str | None = _option(
        None,
        "Delete folders and logs of ended trials after this time, for example 14d (default: LIGHTNING_SWEEPS_KEEP).",
    )
    grace_s: float = _option(30.0, "Seconds between telling a trial to stop and SIGTERM.", minimum=0)
    gpu_memory_floor_gib: float = _option(
        0.0, "Start a trial only while each of its GPUs has this much free memory, in GiB.", minimum=0
    )
    share_gpus: bool = _option(False, "Start trials on GPUs that run a trial of another agent, instead of waiting.")
    disk_floor_gib: float = _option(
        0.1, "Give up when a disk with runs or checkpoints has less free space, in GiB.", minimum=0
    )
    max_quick_failures: int | None = _option(
        None,
        "Give up when this many trials in a row fail right after their start (default: the sweep's `max_failures`).",
        minimum=1,
    )
    address: str | None = _option(
        None,
        "Address that other machines use to reach this one, for trials on several machines (default: detected).",
    )

    allow_program: tuple[str, ...] = _option(
        (), "Run only programs that match this pattern, for example `train_*.py`. May be repeated (default: any)."
    )
    allow_command: tuple[str, ...] = _option(
        (), "Run only a `command` whose words match this pattern, for example `python train.py *`. May be repeated."
    )
    only_project: tuple[str, ...] = _option((), "Run only sweeps of this project. May be repeated (default: any).")

    def __post_init__(self) -> None:
        for option in fields(self):
            value, minimum = getattr(self, option.name), option.metadata["minimum"]
            if value is not None and minimum is not None and value < minimum:
                raise UsageError(f"`{flag(option.name)} {value}` was given, allowed: {minimum} or more")
        self.format_prefix()
        if self.idle_timeout is not None and self.idle_timeout <= 0:
            raise UsageError(f"`--idle-timeout {self.idle_timeout}` was given, allowed: more than 0 seconds")

        try:
            parse_duration(self.keep or "forever")
        except ValueError:
            raise UsageError(f"`--keep {self.keep}` was given, allowed: a number with d, h or m; forever") from None

    def format_prefix(self, *, trial: int = 0, attempt: int = 1, slot: int = 0, host: str = "") -> str:
        """Return what is printed before each line of a trial's output."""
        if self.prefix is None:
            return f"[{trial}] "
        try:
            return self.prefix.format(trial=trial, attempt=attempt, slot=slot, host=host)
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise UsageError(
                f"`--prefix {self.prefix}` was given, allowed: text with {{trial}}, {{attempt}}, {{slot}} or {{host}}",
                hint="write a brace twice to print it",
            ) from error

    def to_argv(self) -> list[str]:
        """Return the options as words of a command line; those with their default value are left out."""
        words: list[str] = []
        for option in fields(self):
            value = getattr(self, option.name)
            if isinstance(value, tuple):
                words += [f"{flag(option.name)}={one}" for one in value]
            elif value is True:
                words.append(flag(option.name))
            elif value is not False and value != option.default:
                words.append(f"{flag(option.name)}={value}")
        return words


@dataclass(frozen=True, slots=True)
class AgentCall:
    """The command line of one slot's agent.

    Attributes:
        sweep_id: the sweep.
        options: the agent's options.
        folder: the folder that all agents of this machine share; None if there is only one agent.
        unset: variables that were set only for torchrun.
        tagged: descriptors that lead to the process which draws the lines of all slots.
    """

    sweep_id: str
    options: AgentOptions
    folder: Path | None = None
    unset: tuple[str, ...] = ()
    tagged: tuple[int, ...] = ()


def parse_call(arguments: Sequence[str], *, program: str) -> AgentCall:
    """Parse the command line of one slot's agent.

    For an invalid command line, print a usage message and end the process with status 2.

    Args:
        arguments: the words after the program.
        program: the program's name in messages.
    """
    parser = argparse.ArgumentParser(prog=program, description="Run the trials of a sweep.", allow_abbrev=False)
    parser.add_argument("sweep_id", metavar="SWEEP_ID")
    for option in fields(AgentOptions):
        parser.add_argument(flag(option.name), help=option.metadata["help"], **_argparse_kind(option))
    parser.add_argument("--tuner-folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--unset", action="append", default=[], help=argparse.SUPPRESS)
    parser.add_argument("--tagged", action="append", type=int, default=[], help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    values = {option.name: getattr(given, option.name) for option in fields(AgentOptions)}
    return AgentCall(given.sweep_id, options_of(values), given.tuner_folder, tuple(given.unset), tuple(given.tagged))


def options_of(values: Mapping[str, Any]) -> AgentOptions:
    """Return options from the values that a parser of command lines found; repeated options are lists there."""
    given: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in values.items()}
    return AgentOptions(**given)


def option_type(option: Field[Any]) -> Any:
    """Return the type annotation of a field of `AgentOptions`, for example `int | None`."""
    return _types()[option.name]


@lru_cache(maxsize=1)
def _types() -> dict[str, Any]:
    return get_type_hints(AgentOptions)


def is_repeated(option: Field[Any]) -> bool:
    """Return whether an option may be given several times."""
    return option.default == ()


def flag(name: str) -> str:
    """Return the command line flag of an option."""
    return "--" + name.replace("_", "-")


def _argparse_kind(option: Field[Any]) -> dict[str, Any]:
    kind = option_type(option)
    if kind is bool:
        return {"action": "store_true"}
    if is_repeated(option):
        return {"action": "append", "default": []}
    value_type = next((member for member in get_args(kind) if member is not type(None)), kind)
    return {"type": value_type, "default": option.default}
