"""How a trial gets going: its files, environment and command, then a fork of the warm process or a cold start."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lightning_sweeps import messages as m
from lightning_sweeps.agents.forking.protocol import Launch, RankLaunch
from lightning_sweeps.agents.forking.warm_start import WarmStart, can_start_warm
from lightning_sweeps.agents.gang import launcher_variables, part_of
from lightning_sweeps.agents.launch.command import (
    LaunchPlace,
    build_command,
    processes_of,
    program_arguments,
    program_of,
)
from lightning_sweeps.agents.launch.environment import (
    DEVICES_VARIABLE,
    THREADS_VARIABLE,
    TRIAL_VARIABLE,
    device_names,
    trial_environment,
)
from lightning_sweeps.agents.launch.process import Launching, RankLogs, TrialRun, start_cold, start_forked
from lightning_sweeps.agents.launch.rank_environment import rank_variables
from lightning_sweeps.agents.launch.trial_file import describe_trial
from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.agents.slots import Slot
from lightning_sweeps.core.paths import Home, TunerFolder, write_whole
from lightning_sweeps.core.settings import Settings
from lightning_sweeps.errors import LaunchError


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where an agent runs.

    Attributes:
        environ: its environment; `launcher` that of the process that started it, where known.
        unset: variables that the tuner set for torchrun alone.
        working_folder: where trials run.
        sisters: the folder shared with the tuner's other agents.
    """

    settings: Settings
    environ: Mapping[str, str]
    working_folder: Path
    launcher: Mapping[str, str] | None = None
    unset: Collection[str] = ()
    sisters: TunerFolder | None = None


@dataclass(slots=True)
class Starter:
    """Starts the trials of one slot.

    Attributes:
        adopts: orphans of trials come to this process.
        warm: what trials are forked from; None where they start cold.
    """

    sweep: m.Sweep
    options: AgentOptions
    slot: Slot
    surroundings: Surroundings
    say: Callable[[str], None]
    adopts: bool
    warm: WarmStart | None = None

    def prepare(self) -> None:
        """Begin to import what trials need, while the agent has other things to do."""
        config = self.sweep.config
        if self.options.cold or not can_start_warm(config, adopts=self.adopts):
            return
        environment = self._environment(self._processes(), Home(self.surroundings.settings.home).trial("").parameters)
        del environment[TRIAL_VARIABLE]
        modules = [str(name) for name in config.get("preload") or ()]
        self.warm = WarmStart(environment, self.surroundings.working_folder, modules, self.say)
        self.warm.prepare()

    def close(self) -> None:
        """End what trials are forked from."""
        if self.warm is not None:
            self.warm.close()

    def devices(self) -> list[str]:
        """Return the names of the slot's GPUs as `CUDA_VISIBLE_DEVICES` has them."""
        return device_names(self.slot.gpus, self.surroundings.environ.get(DEVICES_VARIABLE))

    def start(self, trial: m.Trial, *, agent_id: str) -> TrialRun:
        """Start the trial's program.

        Raises:
            LaunchError: the program cannot be started.
            OSError: this machine cannot start any.
        """
        around = self.surroundings
        folder = Home(around.settings.home).trial(trial.id)
        processes = self._processes()
        part = part_of(trial, agent_id)
        place = LaunchPlace(sys.executable, around.environ, folder, processes, launch_id(trial), part)
        environment = self._environment(processes, folder.parameters)
        if part is not None and self.sweep.config.get("command"):
            environment |= launcher_variables(part)
        launching = Launching(
            trial_id=trial.id,
            agent_id=agent_id,
            words=build_command(self.sweep.config, trial.params, place=place),
            environment=environment,
            folder=folder,
            working_folder=around.working_folder,
            prefix=f"[{trial.number}] ",
            adopts=self.adopts,
            quiet=self.options.quiet,
        )
        write_whole(
            folder.parameters,
            msgspec.json.encode(describe_trial(trial, self.sweep, gpus=self.devices())),
            is_synced=False,
        )
        write_whole(folder.arguments, msgspec.json.encode(trial.params), is_synced=False)
        if self.warm is not None and not self.warm.problem:
            with contextlib.suppress(LaunchError):  # the person has been told; the trial itself starts cold
                return self._start_warm(self.warm, trial, launching)
        return start_cold(launching)

    def _start_warm(self, warm: WarmStart, trial: m.Trial, launching: Launching) -> TrialRun:
        folder, name, processes = launching.folder, launch_id(trial), self._processes()
        logs = [RankLogs("", folder.stdout, folder.stderr)]
        if processes > 1:
            logs = [
                RankLogs(f"[rank{rank}] ", folder.rank_stdout(name, rank), folder.rank_stderr(name, rank))
                for rank in range(processes)
            ]
        ranks = [
            RankLaunch(rank_variables(rank, ranks=processes, launch_id=name), str(log.stdout), str(log.stderr))
            for rank, log in enumerate(logs)
        ]
        launch = Launch(
            program=program_of(self.sweep.config),
            arguments=program_arguments(self.sweep.config, trial.params),
            environment=dict(launching.environment),
            working_folder=str(launching.working_folder),
            marker=str(folder.parameters),
            agent=os.getpid(),
            ranks=ranks,
            failed_rank=str(folder.failed_rank(name)),
        )
        return start_forked(launching, lambda: warm.start(launch), logs)

    def _processes(self) -> int:
        return processes_of(self.sweep.config, option=self.options.processes_per_trial, gpus=len(self.slot.gpus))

    def _environment(self, processes: int, trial_file: Path) -> dict[str, str]:
        around = self.surroundings
        environment = trial_environment(
            around.environ, slot=self.slot, trial_file=trial_file, launcher=around.launcher, unset=around.unset
        )
        if processes > 1 and not self.sweep.config.get("command"):
            environment.setdefault(THREADS_VARIABLE, "1")  # torchrun does the same and warns about it
        return environment


def launch_id(trial: m.Trial) -> str:
    """Name one attempt of a trial: no two launches ever share a rendezvous or a log folder."""
    return f"{trial.id}-{trial.attempt}"
