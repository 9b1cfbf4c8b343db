"""Runs the agents of a whole machine: its GPUs become slots, and torchrun starts one agent per slot.

Under the user's own torchrun with one process per machine, each process runs the agents of its machine. With several
processes per machine, each process is the agent of one slot.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lightning_sweeps.agents.agent_statuses import exit_status
from lightning_sweeps.agents.launch.allowed import check_allowed
from lightning_sweeps.agents.launch.command import check_program
from lightning_sweeps.agents.launch.environment import THREADS_VARIABLE, is_under_torchrun, without_launcher
from lightning_sweeps.agents.launch.parent import tied_to_this_process
from lightning_sweeps.agents.options import AgentCall, AgentOptions, parse_call
from lightning_sweeps.agents.server_connection import START_DEADLINE_S
from lightning_sweeps.agents.signal_forwarder import SignalForwarder
from lightning_sweeps.agents.start import machine_slots, run_slot
from lightning_sweeps.agents.start import main as agent_main
from lightning_sweeps.agents.supervisor import shell_exit_status, supervise
from lightning_sweeps.client.connection import connect
from lightning_sweeps.core.paths import TunerFolder
from lightning_sweeps.core.settings import environment, read_settings
from lightning_sweeps.errors import EXIT_FAILURE, LightningSweepsError

TORCHRUN_DEFAULTS = {THREADS_VARIABLE: "1", "LOGLEVEL": "ERROR"}
"""Variables that suppress torchrun's warnings. The agents remove them before they start trials."""


def run(sweep_id: str, options: AgentOptions | None = None) -> int:
    """Run a sweep's trials on every slot of this machine until there are no more.

    Call it from the main thread: it handles Ctrl-C and SIGTERM while it runs.

    Args:
        sweep_id: the sweep.
        options: the agents' options; default: all GPUs, one per trial.

    Returns:
        0 if the sweep is over or `count` is reached; 1 if all of its trials have failed; else the largest exit status
        of an agent.

    Raises:
        UsageError: the machine does not have the resources that the options require.
        NotFound: the sweep does not exist.
        LaunchError: the sweep's program does not exist on this machine, or the options do not allow it.
        ServerError: the server cannot be reached or rejects a request.
    """
    options = options or AgentOptions()
    environ = environment()
    if is_under_torchrun(environ) and int(environ.get("LOCAL_WORLD_SIZE", "1")) > 1:
        return _run_as_torchrun_worker(sweep_id, options, environ)
    plan = machine_slots(options, environ)
    _check(sweep_id, options, environ)
    for message in plan.messages:
        print(message, flush=True)
    if len(plan.slots) == 1 or options.slot is not None:
        call = AgentCall(sweep_id, options)
        status = supervise(lambda: run_slot(call, options.slot or 0, environ), settings=read_settings(environ))
    else:
        status = _run_slots(sweep_id, options, len(plan.slots), environ)
    if int(environ.get("GROUP_WORLD_SIZE", "1")) > 1:
        return 0  # torchrun would end the other machines too
    return status or _check_results(sweep_id, environ)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; print errors and return the exit status."""
    try:
        call = parse_call(sys.argv[1:] if arguments is None else arguments, program="python -m lightning_sweeps.tuner")
        return run(call.sweep_id, call.options)
    except LightningSweepsError as error:
        print(error, file=sys.stderr, flush=True)
        return error.exit_status


def _check(sweep_id: str, options: AgentOptions, environ: Mapping[str, str]) -> None:
    """Check once for problems that every slot would have."""
    with connect(deadline_s=START_DEADLINE_S, settings=read_settings(environ)) as client:
        sweep = client.sweep(sweep_id)
    check_allowed(sweep.config, sweep.project, options.allowed)
    check_program(sweep.config, folder=Path.cwd(), environ=environ)


def _check_results(sweep_id: str, environ: Mapping[str, str]) -> int:
    """Return 1, with a message, if the sweep is finished and all of its trials have failed."""
    with connect(settings=read_settings(environ)) as client:
        sweep = client.sweep(sweep_id)
        succeeded = sum(count for state, count in sweep.counts.items() if state != "failed")
        if sweep.state != "finished" or succeeded or not sweep.counts:
            return 0
        last = max(client.trials(sweep_id), key=lambda trial: trial.ended or 0.0)
    print(f"all trials of the sweep failed; trial {last.number}: {last.reason}", file=sys.stderr, flush=True)
    return EXIT_FAILURE


def _run_as_torchrun_worker(sweep_id: str, options: AgentOptions, environ: Mapping[str, str]) -> int:
    """Run the agent of the slot with torchrun's local rank. Return 0, because torchrun would end the others."""
    if not options.slots and not machine_slots(options, environ).slots[0].gpus:
        options = replace(options, slots=int(environ["LOCAL_WORLD_SIZE"]))
    with tempfile.TemporaryDirectory(prefix="lightning-sweeps-") as folder:
        return agent_main([sweep_id, *options.to_argv(), f"--tuner-folder={folder}"])


def _run_slots(sweep_id: str, options: AgentOptions, count: int, environ: Mapping[str, str]) -> int:
    clean = without_launcher(environ)
    added = {name: value for name, value in TORCHRUN_DEFAULTS.items() if name not in clean}
    with tempfile.TemporaryDirectory(prefix="lightning-sweeps-") as root:
        folder = TunerFolder(Path(root))
        words = [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--nnodes=1",
            f"--nproc-per-node={count}",
            "--rdzv-backend=c10d",
            "--rdzv-endpoint=localhost:0",
            "--max-restarts=0",
            "-m",
            "lightning_sweeps.agents",
            sweep_id,
            *options.to_argv(),
            f"--tuner-folder={root}",
            *(f"--unset={name}" for name in added),
        ]
        torchrun = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            env=clean | added,
            start_new_session=True,  # Ctrl-C must reach only the agents: torchrun would end them
            preexec_fn=tied_to_this_process(signal.SIGTERM),  # noqa: PLW1509 - this process has one thread
        )
        forwarder = SignalForwarder(folder, count, torchrun)
        with forwarder.installed():
            returncode = forwarder.wait()
        if forwarder.received is not None:
            return shell_exit_status(-forwarder.received)
        return exit_status(folder, count, returncode)
