"""Starts one slot's agent from its command line."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from lightning_sweeps.agents.display.sinks import DisplayStyle
from lightning_sweeps.agents.launch.context import LaunchContext
from lightning_sweeps.agents.launch.environment import is_under_torchrun
from lightning_sweeps.agents.loop import run_agent
from lightning_sweeps.agents.options import AgentCall, AgentOptions, parse_call
from lightning_sweeps.agents.slots import SlotPlan, plan_slots
from lightning_sweeps.agents.supervisor import shell_exit_status, supervise, supervise_under_torchrun
from lightning_sweeps.core.paths import TunerFolder
from lightning_sweeps.core.settings import environment, read_settings
from lightning_sweeps.errors import LightningSweepsError, UsageError
from lightning_sweeps.system.gpus import driver_problem, gpu_problems, visible_gpus

NO_CURSOR = "dumb"
"""The value of TERM for terminals that only print, for example in Emacs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one agent.

    Args:
        arguments: the command line; default: this process's.

    Returns:
        The agent's exit status; 0 with `--tuner-folder`, because the status is written to that folder.
    """
    call = parse_call(sys.argv[1:] if arguments is None else arguments, program="python -m lightning_sweeps.agents")
    environ = environment()
    number = slot_number(call.options, environ)
    launcher = _parent_environment() if is_under_torchrun(environ) else None
    settings = read_settings(environ)
    if call.folder is None:
        return supervise(lambda: run_slot(call, number, environ, launcher), settings=settings)
    return supervise_under_torchrun(
        lambda: run_slot(call, number, environ, launcher),
        slot=number,
        folder=TunerFolder(call.folder),
        settings=settings,
    )


def run_slot(
    call: AgentCall, number: int, environ: Mapping[str, str], launcher: Mapping[str, str] | None = None
) -> int:
    """Run the agent of one slot; print errors and return the exit status.

    Args:
        call: the command line.
        number: the slot.
        environ: the agent's environment.
        launcher: environment of the process that started the agent, if known.
    """
    try:
        plan = machine_slots(call.options, environ)
        if number >= len(plan.slots):
            raise UsageError(f"`--slot {number}` was given, allowed: 0 to {len(plan.slots) - 1}")
        context = LaunchContext(
            settings=read_settings(environ),
            environ=environ,
            working_folder=Path.cwd(),
            launcher=launcher,
            unset=call.unset,
            shared_folder=None if call.folder is None else TunerFolder(call.folder),
        )
        style = DisplayStyle(number, call.tagged, draws=call.folder is None and draws_lines(environ))
        return run_agent(call.sweep_id, call.options, slot=plan.slots[number], context=context, style=style)
    except LightningSweepsError as error:
        print(f"agent {number}: {error}", file=sys.stderr, flush=True)
        return error.exit_status
    except KeyboardInterrupt:  # while it waited for its server
        return shell_exit_status(-signal.SIGINT)


def machine_slots(options: AgentOptions, environ: Mapping[str, str]) -> SlotPlan:
    """Return this machine's slots. The messages list the GPUs that cannot be used."""
    plan = plan_slots(
        visible_gpus(environ),
        gpus_per_trial=options.gpus_per_trial,
        slots=options.slots,
        chosen=options.gpus,
        why_no_gpus=driver_problem(),
    )
    return SlotPlan(plan.slots, (*gpu_problems(), *plan.messages))


def draws_lines(environ: Mapping[str, str]) -> bool:
    """Return whether a terminal, if there is one, can move the cursor."""
    return environ.get("TERM", NO_CURSOR) != NO_CURSOR


def slot_number(options: AgentOptions, environ: Mapping[str, str]) -> int:
    """Return this agent's slot: the option, otherwise torchrun's local rank, otherwise 0."""
    if options.slot is not None:
        return options.slot
    return int(environ.get("LOCAL_RANK", "0")) if is_under_torchrun(environ) else 0


def _parent_environment() -> dict[str, str] | None:
    """Return the environment that torchrun was started with, without the variables that it adds for its workers."""
    try:
        return psutil.Process(os.getppid()).environ()
    except psutil.Error:
        return None
