"""Runs the agents of a whole machine: its GPUs become slots, and torchrun starts one agent per slot.

Under the user's own torchrun with one process per machine, each process runs the agents of its machine. With several
processes per machine, each process is the agent of one slot.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from lightning_sweeps.agents.agent_statuses import exit_status
from lightning_sweeps.agents.display.messages import ERR, OUT
from lightning_sweeps.agents.display.slot_lines import SlotLines
from lightning_sweeps.agents.display.slots_view import SlotsView
from lightning_sweeps.agents.launch.allowed import allowed_by, check_allowed
from lightning_sweeps.agents.launch.command import check_program, check_ranks
from lightning_sweeps.agents.launch.environment import THREADS_VARIABLE, is_under_torchrun, without_launcher
from lightning_sweeps.agents.launch.parent import tied_to_this_process
from lightning_sweeps.agents.options import AgentCall, AgentOptions, parse_call
from lightning_sweeps.agents.server_connection import ServerConnection
from lightning_sweeps.agents.signal_forwarder import SignalForwarder
from lightning_sweeps.agents.start import draws_lines, machine_slots, run_slot
from lightning_sweeps.agents.start import main as agent_main
from lightning_sweeps.agents.supervisor import shell_exit_status, supervise
from lightning_sweeps.client.connection import connect
from lightning_sweeps.core.pasted_id import last_part
from lightning_sweeps.core.paths import TunerFolder
from lightning_sweeps.core.settings import environment, read_settings, set_variable
from lightning_sweeps.errors import EXIT_FAILURE, LightningSweepsError

STREAMS = (OUT, ERR)
TORCHRUN_DEFAULTS = {THREADS_VARIABLE: "1", "LOGLEVEL": "ERROR"}
"""Variables that suppress torchrun's warnings. The agents remove them before they start trials."""


def run(sweep_id: str, options: AgentOptions | None = None, *, tagged: Sequence[int] = ()) -> int:
    """Run a sweep's trials on every slot of this machine until there are no more.

    Call it from the main thread: it handles Ctrl-C and SIGTERM while it runs.

    Args:
        sweep_id: the sweep, also as `entity/project/ID`.
        options: the agents' options; default: all GPUs, one per trial.
        tagged: descriptors that lead to a process which draws the lines of all slots; default: this process does it
            on a terminal.

    Returns:
        0 if the sweep is over or `count` is reached; 1 if all of its trials have failed; else the largest exit status
        of an agent.

    Raises:
        UsageError: the machine does not have the resources that the options require.
        NotFound: the sweep does not exist.
        LaunchError: the sweep's program does not exist on this machine, or the options do not allow it.
        ServerError: the server cannot be reached or rejects a request.
    """
    sweep_id = last_part(sweep_id)
    options = options or AgentOptions()
    if options.keep:
        set_variable("KEEP", options.keep)  # also for the service, which cleans up too
    environ = environment()
    if is_under_torchrun(environ) and int(environ.get("LOCAL_WORLD_SIZE", "1")) > 1:
        return _run_as_torchrun_worker(sweep_id, options, environ)
    plan = machine_slots(options, environ)
    _check(sweep_id, options, environ)
    for message in plan.messages:
        print(message, flush=True)
    if len(plan.slots) == 1 or options.slot is not None:
        call = AgentCall(sweep_id, options, tagged=tuple(tagged))
        status = supervise(lambda: run_slot(call, options.slot or 0, environ), settings=read_settings(environ))
    else:
        status = _run_slots(AgentCall(sweep_id, options, tagged=tuple(tagged)), len(plan.slots), environ)
    if int(environ.get("GROUP_WORLD_SIZE", "1")) > 1:
        return 0  # torchrun would end the other machines too
    return status or _check_results(sweep_id, environ)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; print errors and return the exit status."""
    try:
        call = parse_call(sys.argv[1:] if arguments is None else arguments, program="python -m lightning_sweeps.tuner")
        return run(call.sweep_id, call.options, tagged=call.tagged)
    except LightningSweepsError as error:
        print(error, file=sys.stderr, flush=True)
        return error.exit_status


def check_sweep(config: Mapping[str, Any], options: AgentOptions) -> None:
    """Check that this machine can run a sweep, before the sweep is created.

    Args:
        config: the sweep file.
        options: the agents' options.

    Raises:
        UsageError: the machine does not have the resources that the options require.
        LaunchError: the sweep's program does not exist in the current folder, or starts another number of ranks.
    """
    environ = environment()
    machine_slots(options, environ)
    _check_config(config, options, environ)


def _check(sweep_id: str, options: AgentOptions, environ: Mapping[str, str]) -> None:
    """Check once for problems that every slot would have."""
    connection = ServerConnection(partial(print, flush=True), read_settings(environ))
    try:
        sweep = connection.call(lambda client: client.sweep(sweep_id), waits=options.wait_for_server)
    finally:
        connection.close()
    check_allowed(sweep.config, sweep.project, allowed_by(options))
    _check_config(sweep.config, options, environ)


def _check_config(config: Mapping[str, Any], options: AgentOptions, environ: Mapping[str, str]) -> None:
    check_program(config, folder=Path.cwd(), environ=environ)
    check_ranks(config, option=options.processes_per_trial, interpreter=sys.executable, environ=environ)


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


def _run_slots(call: AgentCall, count: int, environ: Mapping[str, str]) -> int:
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
            call.sweep_id,
            *call.options.to_argv(),
            f"--tuner-folder={root}",
            *(f"--unset={name}" for name in added),
        ]
        drawn = [] if call.tagged or not draws_lines(environ) else [stream for stream in STREAMS if os.isatty(stream)]
        torchrun, output = _start(
            [*words, *(f"--tagged={stream}" for stream in (*call.tagged, *drawn))], clean | added, drawn
        )
        forwarder = SignalForwarder(folder, count, torchrun)
        with forwarder.installed():
            if output is not None:
                with output:
                    SlotsView(SlotLines(drawn[0])).run(output.fileno(), lambda: torchrun.poll() is not None)
            returncode = forwarder.wait()
        if forwarder.received is not None:
            return shell_exit_status(-forwarder.received)
        return exit_status(folder, count, returncode)


def _start(
    words: Sequence[str], environ: Mapping[str, str], drawn: Sequence[int]
) -> tuple[subprocess.Popen[bytes], BinaryIO | None]:
    """Start torchrun; return it, and its output if this process draws that.

    Args:
        words: the command line.
        environ: its environment.
        drawn: those of the standard streams that this process draws.
    """
    reading, writing = os.pipe() if drawn else (None, None)
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=writing if OUT in drawn else None,
            stderr=writing if ERR in drawn else None,
            env=environ,
            start_new_session=True,  # Ctrl-C must reach only the agents: torchrun would end them
            preexec_fn=tied_to_this_process(signal.SIGTERM),  # noqa: PLW1509 - this process has one thread
        )
    finally:
        if writing is not None:
            os.close(writing)  # the displays have it: the pipe ends with them
    return process, None if reading is None else os.fdopen(reading, "rb", buffering=0)
