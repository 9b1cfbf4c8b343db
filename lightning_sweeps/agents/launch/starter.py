"""Starts trials: prepares files, environment and command, then forks the fork server or starts cold."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lightning_sweeps import messages as m
from lightning_sweeps.agents.forking.protocol import Launch, RankLaunch
from lightning_sweeps.agents.forking.warm_start import WarmStart, cold_start_reason
from lightning_sweeps.agents.gang import GangMember, gang_member, gang_variables
from lightning_sweeps.agents.launch.command import (
    CommandContext,
    build_command,
    plain_of,
    processes_of,
    program_words,
)
from lightning_sweeps.agents.launch.context import LaunchContext
from lightning_sweeps.agents.launch.environment import (
    THREADS_VARIABLE,
    TORCHRUN_PROCESSES_VARIABLE,
    TRIAL_VARIABLE,
    trial_environment,
)
from lightning_sweeps.agents.launch.process import LaunchRequest, RankLogs, TrialRun, start_cold, start_forked
from lightning_sweeps.agents.launch.rank_environment import rank_variables
from lightning_sweeps.agents.launch.trial_file import describe_trial, with_seed
from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.agents.slots import Slot
from lightning_sweeps.core.paths import Home, TrialFolder, write_whole
from lightning_sweeps.core.program_command import PlainCommand
from lightning_sweeps.errors import LaunchError
from lightning_sweeps.system.gpus import device_names


@dataclass(slots=True)
class TrialStarter:
    """Starts the trials of one slot.

    Attributes:
        say: prints one line for the user.
        is_subreaper: whether this process adopts the trials' orphans.
        warm: forks trials from a process that has done the imports; None if trials start cold.
    """

    sweep: m.Sweep
    options: AgentOptions
    slot: Slot
    context: LaunchContext
    say: Callable[[str], None]
    is_subreaper: bool
    warm: WarmStart | None = None

    def prepare(self) -> None:
        """Start the fork server, which imports libraries in the background."""
        config = self.sweep.config
        if self.options.cold:
            return
        plain = self._plain()
        program = plain.program if plain else ""
        if problem := cold_start_reason(config, program, is_subreaper=self.is_subreaper):
            if self.slot.number == 0:
                self.say(f"trials start cold, each with its own imports: {problem}")
            return
        environment = self._environment(self._processes(), Home(self.context.settings.home).trial("-").parameters)
        del environment[TRIAL_VARIABLE]
        modules = [str(name) for name in config.get("preload") or ()]
        self.warm = WarmStart(environment, self.context.working_folder, program, modules, self.say)
        self.warm.prepare()

    def close(self) -> None:
        """End the fork server."""
        if self.warm is not None:
            self.warm.close()

    def devices(self) -> list[str]:
        """Return the names of the slot's GPUs, as in their visibility variable."""
        return device_names(self.slot.gpus, self.context.environ)

    def start(self, trial: m.Trial, *, agent_id: str) -> TrialRun:
        """Start the trial's program.

        Raises:
            LaunchError: the program cannot be started.
            OSError: this machine cannot start a program.
        """
        trial = with_seed(trial, self.sweep)
        folder = Home(self.context.settings.home).trial(trial.id)
        request = self._request(trial, folder, agent_id)
        trial_file = describe_trial(trial, self.sweep, gpus=self.devices())
        write_whole(folder.parameters, msgspec.json.encode(trial_file), is_synced=False)
        write_whole(folder.arguments, msgspec.json.encode(trial.params), is_synced=False)
        if self.warm is not None and not self.warm.problem:
            with contextlib.suppress(LaunchError):  # `WarmStart` has told the user; this trial starts cold
                return self._start_warm(self.warm, trial, request)
        return start_cold(request)

    def _request(self, trial: m.Trial, folder: TrialFolder, agent_id: str) -> LaunchRequest:
        member = gang_member(trial, agent_id)
        command = self._context(folder, launch_id(trial), member)
        environment = self._environment(command.processes, folder.parameters)
        if member is not None and self._plain() is None:
            environment |= gang_variables(member)
        return LaunchRequest(
            trial_id=trial.id,
            agent_id=agent_id,
            words=build_command(self.sweep.config, trial.params, context=command),
            environment=environment,
            folder=folder,
            working_folder=self.context.working_folder,
            prefix=self.options.format_prefix(
                trial=trial.number, attempt=trial.attempt, slot=self.slot.number, host=socket.gethostname()
            ),
            is_subreaper=self.is_subreaper,
        )

    def _start_warm(self, warm: WarmStart, trial: m.Trial, request: LaunchRequest) -> TrialRun:
        folder, name, processes = request.folder, launch_id(trial), self._processes()
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
        program, *arguments = program_words(self.sweep.config, trial.params, context=self._context(folder, name))
        launch = Launch(
            program=program,
            arguments=arguments,
            environment=dict(request.environment),
            working_folder=str(request.working_folder),
            marker=str(folder.parameters),
            agent=os.getpid(),
            ranks=ranks,
            failed_rank=str(folder.failed_rank(name)),
        )
        return start_forked(request, lambda: warm.start(launch), logs)

    def _context(self, folder: TrialFolder, name: str = "", member: GangMember | None = None) -> CommandContext:
        return CommandContext(sys.executable, self.context.environ, folder, self._processes(), name, member)

    def _plain(self) -> PlainCommand | None:
        return plain_of(self.sweep.config, interpreter=sys.executable, environ=self.context.environ)

    def _processes(self) -> int:
        return processes_of(self.sweep.config, option=self.options.processes_per_trial, gpus=len(self.slot.gpus))

    def _environment(self, processes: int, trial_file: Path) -> dict[str, str]:
        context = self.context
        environment = trial_environment(
            context.environ, slot=self.slot, trial_file=trial_file, launcher=context.launcher, unset=context.unset
        )
        config = self.sweep.config
        if processes > 1 and self._plain():
            environment.setdefault(THREADS_VARIABLE, "1")  # torchrun does the same, with a warning
        elif self.options.processes_per_trial or (config.get("resources") or {}).get("processes"):
            environment[TORCHRUN_PROCESSES_VARIABLE] = str(processes)  # an option in the `command` overrides it
        return environment


def launch_id(trial: m.Trial) -> str:
    """Return the id of one attempt of a trial: no two launches share a rendezvous or a log folder."""
    return f"{trial.id}-{trial.attempt}"
