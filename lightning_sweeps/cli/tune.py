"""`lightning-sweeps tune`: a sweep from its file to its table of results, in one command."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType

import typer
from rich.console import Console, RenderableType
from rich.live import Live

from lightning_sweeps.agents import machine
from lightning_sweeps.agents.options import DEFAULT_DISK_FLOOR_GIB, DEFAULT_GRACE_S, AgentOptions
from lightning_sweeps.cli.agent_options import (
    Address,
    Cold,
    Count,
    DiskFloorGib,
    GpuMemoryFloorGib,
    Gpus,
    GpusPerTrial,
    GraceS,
    IdleTimeout,
    MaxQuickFailures,
    ProcessesPerTrial,
    Quiet,
    Slots,
)
from lightning_sweeps.cli.progress import SweepProgress, picture, wall_clock
from lightning_sweeps.cli.status import print_sweep
from lightning_sweeps.cli.sweep import create_from_file
from lightning_sweeps.cli.tables import console
from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import connect
from lightning_sweeps.errors import ServerError
from lightning_sweeps.messages import Sweep
from lightning_sweeps.sweeps.definition import define_sweep

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)

LOOK_S = 0.5
PART_BYTES = 1 << 16
_AGENTS_WORD = re.compile(r"agent (\d+): (.*)")


@app.command()
def tune(
    file: str = typer.Argument(..., metavar="FILE", help="A sweep file."),
    project: str | None = typer.Option(None, "--project", "-p", help="The project; stands above the file's."),
    name: str | None = typer.Option(None, "--name", help="The sweep's name; stands above the file's."),
    count: Count = None,
    gpus: Gpus = None,
    gpus_per_trial: GpusPerTrial = None,
    processes_per_trial: ProcessesPerTrial = None,
    slots: Slots = None,
    cold: Cold = False,
    quiet: Quiet = False,
    grace_s: GraceS = DEFAULT_GRACE_S,
    gpu_memory_floor_gib: GpuMemoryFloorGib = 0.0,
    disk_floor_gib: DiskFloorGib = DEFAULT_DISK_FLOOR_GIB,
    max_quick_failures: MaxQuickFailures = None,
    idle_timeout: IdleTimeout = None,
    address: Address = None,
) -> None:
    """Create a sweep from a file, run it on all GPUs of this machine, show how it goes and what came out.

    Start it in the folder of the training program. Ctrl-C once: finish the running trials and take no more; twice: end
    them; three times: kill them. Other machines can help with `lightning-sweeps agent`.

    Examples:

      lightning-sweeps tune sweep.yaml

      lightning-sweeps tune sweep.yaml --slots 2 --count 10
    """
    options = AgentOptions(
        count=count,
        gpus=gpus,
        gpus_per_trial=gpus_per_trial,
        processes_per_trial=processes_per_trial,
        slots=slots,
        cold=cold,
        quiet=quiet,
        grace_s=grace_s,
        gpu_memory_floor_gib=gpu_memory_floor_gib,
        disk_floor_gib=disk_floor_gib,
        max_quick_failures=max_quick_failures,
        idle_timeout=idle_timeout,
        address=address,
    )
    created, url = create_from_file(file, project=project, name=name)
    typer.echo(f"Created sweep {created.id} in project {created.project} on {url}")
    is_watched = sys.stdout.isatty()
    status = _run_in_view(created.id, options) if is_watched else machine.run(created.id, options)
    with connect() as client:
        sweep = client.sweep(created.id)
        print_sweep(console(), sweep, client.trials(created.id), client.agents(created.id))
    if sweep.state in ("running", "paused"):
        typer.echo(f"Go on:  lightning-sweeps agent {created.id}")
    raise typer.Exit(status)


def _run_in_view(sweep_id: str, options: AgentOptions) -> int:
    """Run the agents in a process of their own and show how the sweep goes until they end; return their status."""
    words = [sys.executable, "-m", "lightning_sweeps.tuner", sweep_id, *options.to_argv()]
    agents = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C comes once, through this process
    )
    if agents.stdout is None:
        raise AssertionError
    with agents.stdout as output, _signals_to(agents), connect() as client:
        reader = _Output(output.fileno())
        view = _View(client, sweep_id, Console())
        with Live(console=view.console, auto_refresh=False, transient=True) as live:
            is_open = True
            while is_open:
                is_open = view.hear(reader, live.console)
                live.update(view.show(), refresh=True)
        return agents.wait()


@dataclass(slots=True)
class _Output:
    """Whole lines of a pipe, as they come."""

    descriptor: int
    _rest: str = ""

    def read(self, limit_s: float) -> list[str] | None:
        """Return what has come within `limit_s`; None at the end."""
        if not select.select([self.descriptor], [], [], limit_s)[0]:
            return []
        part = os.read(self.descriptor, PART_BYTES)
        if not part:
            return None
        *lines, self._rest = (self._rest + part.decode(errors="replace")).split("\n")
        return lines


@dataclass(slots=True)
class _View:
    client: Client
    sweep_id: str
    console: Console
    words: dict[int, str] = field(default_factory=dict)
    _total: int | None = None
    _last: SweepProgress | None = None

    def hear(self, reader: _Output, out: Console) -> bool:
        """Take the agents' words to their slots and print what the trials print; return whether more can come."""
        lines = reader.read(LOOK_S)
        for line in lines or ():
            said = _AGENTS_WORD.fullmatch(line)
            if said:
                self.words[int(said.group(1))] = said.group(2)
            if not said or "failed" in line or "cold" in line:
                out.print(line, markup=False, highlight=False)
        return lines is not None

    def show(self) -> RenderableType:
        """Return the picture; while the server does not answer, the last one."""
        try:
            sweep = self.client.sweep(self.sweep_id)
            if self._last is None:
                self._total = total_of(sweep)
            trials, agents = self.client.trials(self.sweep_id), self.client.agents(self.sweep_id)
            self._last = SweepProgress(sweep, trials, agents, self._total, self.words, wall_clock())
        except ServerError as error:
            self.words[-1] = error.message  # the agents say the same of themselves
        return "" if self._last is None else picture(self._last)


def total_of(sweep: Sweep) -> int | None:
    """Return how many trials the sweep will have, None where it has no end of its own."""
    definition = define_sweep(sweep.config)
    size = None if definition.space.is_restricted else definition.space.size
    is_walked = definition.method.is_exhaustive
    known = [number for number in (sweep.run_cap, size if is_walked else None) if number is not None]
    return min(known, default=None)


@contextlib.contextmanager
def _signals_to(agents: subprocess.Popen[bytes]) -> Iterator[None]:
    def pass_on(number: int, _frame: FrameType | None) -> None:
        agents.send_signal(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, pass_on) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
