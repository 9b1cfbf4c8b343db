"""One command for a whole machine: its GPUs become slots, and torchrun starts one agent a slot.

Under a torchrun over several machines it starts the agents of its own machine; where that torchrun already starts one
process a slot, it is one of them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import msgspec

from lightning_sweeps.agents.launch.command import check_program
from lightning_sweeps.agents.launch.environment import THREADS_VARIABLE, is_under_torchrun, without_launcher
from lightning_sweeps.agents.launch.failure import signal_name
from lightning_sweeps.agents.launch.parent import tied_to_this_process
from lightning_sweeps.agents.options import AgentCall, AgentOptions, parse_call
from lightning_sweeps.agents.server_connection import START_DEADLINE_S
from lightning_sweeps.agents.start import machine_slots, run_slot
from lightning_sweeps.agents.start import main as agent_main
from lightning_sweeps.agents.supervisor import AgentStatus, as_shell, supervise
from lightning_sweeps.client.connection import connect
from lightning_sweeps.core.paths import TunerFolder
from lightning_sweeps.core.settings import environment, read_settings
from lightning_sweeps.errors import EXIT_FAILURE, LightningSweepsError
from lightning_sweeps.system.node import is_alive

QUIETING = {THREADS_VARIABLE: "1", "LOGLEVEL": "ERROR"}
"""What keeps torchrun from warning about a choice that is ours; the agents take it out again for the trials."""

POLL_S = 0.2


def run(sweep_id: str, options: AgentOptions | None = None) -> int:
    """Run a sweep's trials on every slot of this machine until there are no more; return the exit status.

    Call from the main thread: it handles Ctrl-C and SIGTERM while it runs.
    The status is 0 when the sweep is over or `count` is reached; else that of the first agent that gave up.

    Raises:
        UsageError: the options ask for what this machine has not.
        NotFound: there is no such sweep.
        LaunchError: the sweep's program is not here.
        ServerError: the server cannot be reached, or refuses.
    """
    options = options or AgentOptions()
    environ = environment()
    if is_under_torchrun(environ) and int(environ.get("LOCAL_WORLD_SIZE", "1")) > 1:
        return _be_one_of_torchruns(sweep_id, options, environ)
    plan = machine_slots(options, environ)
    _check(sweep_id, environ)
    for message in plan.messages:
        print(message, flush=True)
    if len(plan.slots) == 1 or options.slot is not None:
        call = AgentCall(sweep_id, options)
        status = supervise(lambda: run_slot(call, options.slot or 0, environ), settings=read_settings(environ))
    else:
        status = _run_slots(sweep_id, options, len(plan.slots), environ)
    return 0 if int(environ.get("GROUP_WORLD_SIZE", "1")) > 1 else status  # torchrun would end the other machines too


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; errors become a message and a status."""
    try:
        call = parse_call(sys.argv[1:] if arguments is None else arguments, program="python -m lightning_sweeps.tuner")
        return run(call.sweep_id, call.options)
    except LightningSweepsError as error:
        print(error, file=sys.stderr, flush=True)
        return error.exit_status


def _check(sweep_id: str, environ: Mapping[str, str]) -> None:
    """Find out what would fail on every slot before any is started."""
    with connect(deadline_s=START_DEADLINE_S, settings=read_settings(environ)) as client:
        sweep = client.sweep(sweep_id)
    check_program(sweep.config, folder=Path.cwd(), environ=environ)


def _be_one_of_torchruns(sweep_id: str, options: AgentOptions, environ: Mapping[str, str]) -> int:
    """Be the agent of the slot that torchrun's local rank names, and never fail: torchrun would end the others."""
    if not options.slots and not machine_slots(options, environ).slots[0].gpus:
        options = replace(options, slots=int(environ["LOCAL_WORLD_SIZE"]))
    with tempfile.TemporaryDirectory(prefix="lightning-sweeps-") as folder:
        return agent_main([sweep_id, *options.to_argv(), f"--tuner-folder={folder}"])


def _run_slots(sweep_id: str, options: AgentOptions, count: int, environ: Mapping[str, str]) -> int:
    clean = without_launcher(environ)
    quieted = {name: value for name, value in QUIETING.items() if name not in clean}
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
            *(f"--unset={name}" for name in quieted),
        ]
        launcher = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            env=clean | quieted,
            start_new_session=True,  # Ctrl-C must reach the agents as Ctrl-C and not torchrun, which would end them
            preexec_fn=tied_to_this_process(signal.SIGTERM),  # noqa: PLW1509 - the tuner has one thread
        )
        relay = _SignalRelay(folder, count, launcher)
        with relay.installed():
            returncode = relay.wait()
        return _exit_status(folder, count, returncode, relay)


@dataclass(slots=True)
class _SignalRelay:
    """Passes Ctrl-C to every agent by itself, and SIGTERM through torchrun, which waits for them."""

    folder: TunerFolder
    count: int
    launcher: subprocess.Popen[bytes]
    interrupts: int = 0
    told_to_end: bool = False

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]] = {
            signal.SIGINT: self._interrupt,
            signal.SIGTERM: self._terminate,
            signal.SIGHUP: self._terminate,
            signal.SIGUSR1: self._terminate,
        }
        heard = {number: action for number, action in handlers.items() if signal.getsignal(number) != signal.SIG_IGN}
        before = {number: signal.signal(number, action) for number, action in heard.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def wait(self) -> int:
        while True:
            try:
                return self.launcher.wait(POLL_S)
            except subprocess.TimeoutExpired:
                continue

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self.interrupts += 1
        agents = [status for status in _statuses(self.folder, self.count) if _is_up(status)]
        for status in agents:
            with contextlib.suppress(ProcessLookupError):
                os.kill(status.pid, signal.SIGINT)
        if not agents:
            self.launcher.terminate()

    def _terminate(self, _number: int, _frame: FrameType | None) -> None:
        self.told_to_end = True
        self.launcher.terminate()


def _is_up(status: AgentStatus) -> bool:
    return status.exit_status is None and is_alive(status.pid, status.started)


def _statuses(folder: TunerFolder, count: int) -> list[AgentStatus]:
    found = []
    for slot in range(count):
        with contextlib.suppress(FileNotFoundError):
            found.append(msgspec.json.decode(folder.agent(slot).read_bytes(), type=AgentStatus))
    return found


def _exit_status(folder: TunerFolder, count: int, returncode: int, relay: _SignalRelay) -> int:
    """Return one status for all agents, and say which failed and how."""
    statuses = _statuses(folder, count)
    if relay.told_to_end:
        return 128 + signal.SIGTERM
    if relay.interrupts:
        return 128 + signal.SIGINT
    failed = [status for status in statuses if status.exit_status != 0]
    for status in failed:
        print(f"agent {status.slot}: {_how(status)}", file=sys.stderr, flush=True)
    if len(statuses) < count:
        print(
            f"torchrun started {len(statuses)} of {count} agents (exit code {returncode})", file=sys.stderr, flush=True
        )
        return EXIT_FAILURE
    return max(_positive(status.exit_status) for status in failed) if failed else 0


def _how(status: AgentStatus) -> str:
    if status.exit_status is None:
        return "ended without a word"
    if status.exit_status < 0:
        return f"killed by {signal_name(-status.exit_status)}"
    return f"gave up with exit status {status.exit_status}"


def _positive(exit_status: int | None) -> int:
    return EXIT_FAILURE if exit_status is None else as_shell(exit_status)
