"""What a person can ask of an agent, the same for `lightning-sweeps agent`, the tuner and each slot's agent."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from lightning_sweeps.errors import UsageError

DEFAULT_GRACE_S = 30.0
DEFAULT_DISK_FLOOR_GIB = 0.1


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """Options of the agents of one machine.

    Attributes:
        count: trials to run in all, over all slots; None for as many as the sweep has.
        gpus: GPUs to use, `0,2` by index or UUID, or `none`.
        gpus_per_trial: GPUs of one trial; 0 for none.
        processes_per_trial: ranks of one trial; default: the sweep's `resources.processes`, else one per GPU.
        slots: trials at once.
        slot: run the agent of this slot only.
        cold: start each trial by itself, with its own imports.
        quiet: do not show what the trials print.
        idle_timeout: seconds without a trial after which the agent gives up; None for never.
        grace_s: how long a trial that was told to stop may take before it gets SIGTERM.
        gpu_memory_floor_gib: a trial starts only where each of its GPUs has so much free; 0 to start all the same.
        disk_floor_gib: with less space in the home or working folder the agent gives up.
        max_quick_failures: trials in a row that fail at once before the agent gives up; default: `max_failures`.
        address: by which other machines reach this one, for trials over several; default: as the server is reached.
    """

    count: int | None = None
    gpus: str | None = None
    gpus_per_trial: int | None = None
    processes_per_trial: int | None = None
    slots: int | None = None
    slot: int | None = None
    cold: bool = False
    quiet: bool = False
    idle_timeout: float | None = None
    grace_s: float = DEFAULT_GRACE_S
    gpu_memory_floor_gib: float = 0.0
    disk_floor_gib: float = DEFAULT_DISK_FLOOR_GIB
    max_quick_failures: int | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        for name, minimum in (
            ("count", 1),
            ("processes_per_trial", 1),
            ("slots", 1),
            ("max_quick_failures", 1),
            ("gpus_per_trial", 0),
            ("slot", 0),
            ("gpu_memory_floor_gib", 0),
            ("disk_floor_gib", 0),
        ):
            value = getattr(self, name)
            if value is not None and value < minimum:
                raise UsageError(f"`{_flag(name)} {value}` was given, allowed: {minimum} or more")
        if self.idle_timeout is not None and self.idle_timeout <= 0:
            raise UsageError(f"`--idle-timeout {self.idle_timeout}` was given, allowed: more than 0 seconds")
        if self.grace_s < 0:
            raise UsageError(f"`--grace-s {self.grace_s}` was given, allowed: 0 or more seconds")

    def to_argv(self) -> list[str]:
        """Return the options as the words of a command line."""
        words: list[str] = []
        for option in fields(self):
            value = getattr(self, option.name)
            if value is True:
                words.append(_flag(option.name))
            elif value is not False and value != option.default:
                words.append(f"{_flag(option.name)}={value}")
        return words


@dataclass(frozen=True, slots=True)
class AgentCall:
    """One agent's command line.

    Attributes:
        folder: the tuner's folder, where the agents of one tuner leave their exit statuses; None without a tuner.
        unset: variables that the tuner set for torchrun alone.
    """

    sweep_id: str
    options: AgentOptions
    folder: Path | None = None
    unset: tuple[str, ...] = ()


def parse_call(arguments: Sequence[str], *, program: str) -> AgentCall:
    """Read a command line; a wrong one ends the process with status 2 and a usage message."""
    parser = argparse.ArgumentParser(prog=program, description="Run the trials of a sweep.", allow_abbrev=False)
    parser.add_argument("sweep_id", metavar="SWEEP_ID")
    parser.add_argument("--count", type=int, help="trials to run in all, over all slots")
    parser.add_argument("--gpus", help="GPUs to use, `0,2` by index or UUID, or `none`")
    parser.add_argument("--gpus-per-trial", type=int, help="GPUs of one trial (default 1; 0 for none)")
    parser.add_argument("--processes-per-trial", type=int, help="ranks of one trial (default: one per GPU)")
    parser.add_argument("--slots", type=int, help="trials at once (default: as the GPUs allow; 1 on a CPU machine)")
    parser.add_argument("--slot", type=int, help="run the agent of this slot only")
    parser.add_argument("--cold", action="store_true", help="start each trial by itself, with its own imports")
    parser.add_argument("--quiet", action="store_true", help="do not show what the trials print")
    parser.add_argument("--idle-timeout", type=float, help="give up after so many seconds without a trial")
    parser.add_argument("--grace-s", type=float, default=DEFAULT_GRACE_S, help="seconds from stop to SIGTERM")
    parser.add_argument("--gpu-memory-floor-gib", type=float, default=0.0, help="GiB that a trial's GPUs have free")
    parser.add_argument(
        "--disk-floor-gib", type=float, default=DEFAULT_DISK_FLOOR_GIB, help="give up with less GiB of disk"
    )
    parser.add_argument("--max-quick-failures", type=int, help="give up when so many trials in a row fail at once")
    parser.add_argument("--address", help="by which other machines reach this one, for trials over several")
    parser.add_argument("--tuner-folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--unset", action="append", default=[], help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    options = AgentOptions(**{option.name: getattr(given, option.name) for option in fields(AgentOptions)})
    return AgentCall(given.sweep_id, options, given.tuner_folder, tuple(given.unset))


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
