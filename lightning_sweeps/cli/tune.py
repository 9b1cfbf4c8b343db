"""`lightning-sweeps tune`: creates a sweep from a file, runs it on this machine, and shows its results."""

from __future__ import annotations

import contextlib
import os
import re
import select
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Annotated

import typer

from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.cli.agent_options import with_agent_options
from lightning_sweeps.cli.help_only import is_help_only
from lightning_sweeps.errors import LaunchError, ServerError
from lightning_sweeps.sweeps.yaml_versions import YamlVersion

if not is_help_only():
    from rich.console import Console, RenderableType
    from rich.live import Live
    from rich.text import Text

    from lightning_sweeps.agents import machine
    from lightning_sweeps.agents.display.tagged import Piece, PieceReader
    from lightning_sweeps.cli.check import folder_with_program
    from lightning_sweeps.cli.progress import SweepProgress, render, wall_clock
    from lightning_sweeps.cli.status import print_sweep
    from lightning_sweeps.cli.sweep import create_from_file
    from lightning_sweeps.cli.sweep_total import total_of
    from lightning_sweeps.cli.tables import console
    from lightning_sweeps.client import Client
    from lightning_sweeps.client.connection import connect
    from lightning_sweeps.core.program_command import program_of
    from lightning_sweeps.sweeps.config import load_sweep_file

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)

REFRESH_S = 0.5
READ_BYTES = 1 << 16
_AGENT_LINE = re.compile(r"agent (\d+): (.*)")


@app.command()
@with_agent_options
def tune(
    *,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The sweep file.")],
    project: Annotated[
        str | None, typer.Option("--project", "-p", help="Project name. Overrides the sweep file.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Sweep name. Overrides the sweep file.")] = None,
    yaml: Annotated[
        YamlVersion | None,
        typer.Option("--yaml", help="YAML version of the file; 1.1 as in W&B. Overrides the file (default: 1.2)."),
    ] = None,
    options: AgentOptions,
) -> None:
    """Create a sweep from a file, run it on all GPUs of this machine, and show its progress and results.

    Start it in the folder of the training program. Ctrl-C once: finish the running trials, then end; twice: end the
    trials now; three times: kill them. Other machines can help with `lightning-sweeps agent`.

    Examples:

      lightning-sweeps tune sweep.yaml

      lightning-sweeps tune sweep.yaml --slots 2 --count 10
    """
    _, status = create_and_run(file, options, project=project, name=name, yaml=yaml)
    raise typer.Exit(status)


def create_and_run(
    file: str,
    options: AgentOptions,
    *,
    project: str | None = None,
    name: str | None = None,
    yaml: YamlVersion | None = None,
) -> tuple[str, int]:
    """Create a sweep from a file, run it on this machine and show its progress and results.

    Args:
        file: the sweep file; its program is looked up in the current folder.
        options: options of the agents.
        project: project name. Overrides the file.
        name: sweep name. Overrides the file.
        yaml: YAML version of the file. Overrides the file.

    Returns:
        The id of the sweep, and the exit status of its agents.

    Raises:
        UsageError: this machine does not have the resources that the options require. Nothing was created.
        LaunchError: this machine cannot run the sweep's program. Nothing was created.
    """
    config = load_sweep_file(file, version=yaml).raw
    program_of(config)
    try:
        machine.check_sweep(config, options)
    except LaunchError as error:
        beside = folder_with_program(config, file)
        if beside is None:
            raise
        hint = f"it is beside the sweep file: run `cd {shlex.quote(str(beside))}` first"
        raise LaunchError(error.message, hint=hint) from error
    created, url = create_from_file(file, project=project, name=name, yaml=yaml)
    typer.echo(f"Created sweep {created.id} in project {created.project} on {url}")
    is_watched = sys.stdout.isatty()
    status = _run_with_view(created.id, options) if is_watched else machine.run(created.id, options)
    with connect() as client:
        sweep = client.sweep(created.id)
        points = client.sweep_points(created.id) if sweep.repeats > 1 else []
        print_sweep(console(), sweep, client.trials(created.id), client.agents(created.id), points=points)
    if sweep.state == "paused":
        typer.echo(f"Resume it with:    lightning-sweeps sweep {created.id} --resume")
    if sweep.state in ("running", "paused"):
        typer.echo(f"Continue it with:  lightning-sweeps agent {created.id}")
    return created.id, status


def _run_with_view(sweep_id: str, options: AgentOptions) -> int:
    """Run the agents in another process and show the sweep's progress until they end; return their exit status."""
    words = [sys.executable, "-m", "lightning_sweeps.tuner", sweep_id, *options.to_argv(), "--tagged=1", "--tagged=2"]
    agents = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # the agents receive Ctrl-C only once, from this process
    )
    if agents.stdout is None:
        raise AssertionError
    with agents.stdout as output, _forward_signals(agents), connect() as client:
        reader = _OutputReader(output.fileno())
        view = _ProgressView(client, sweep_id, Console())
        with Live(console=view.console, auto_refresh=False, transient=True) as live:
            is_open = True
            while is_open:
                is_open = view.read(reader, live.console)
                live.update(view.show(), refresh=True)
        return agents.wait()


@dataclass(slots=True)
class _OutputReader:
    """Reads what the agents' displays send through a pipe."""

    descriptor: int
    _pieces: PieceReader = field(init=False)

    def __post_init__(self) -> None:
        self._pieces = PieceReader()

    def read(self, limit_s: float) -> list[Piece] | None:
        """Return what arrives within `limit_s` seconds; None at the end of the pipe."""
        if not select.select([self.descriptor], [], [], limit_s)[0]:
            return []
        data = os.read(self.descriptor, READ_BYTES)
        return self._pieces.feed(data) if data else None


@dataclass(slots=True)
class _ProgressView:
    """The sweep's state on the server, and the last message or the progress bar of each slot."""

    client: Client
    sweep_id: str
    console: Console
    messages: dict[int, str] = field(default_factory=dict)
    bars: dict[int, str] = field(default_factory=dict)
    _total: int | None = None
    _last: SweepProgress | None = None

    def read(self, reader: _OutputReader, out: Console) -> bool:
        """Read the agents' messages and print the trials' output; return whether there may be more."""
        pieces = reader.read(REFRESH_S)
        for piece in pieces or ():
            line = piece.text.decode(errors="replace")
            if piece.is_bar:
                self.bars[piece.slot or 0] = line
                continue
            message = _AGENT_LINE.fullmatch(line)
            if message:
                self.messages[int(message.group(1))] = message.group(2)
            if message is None or "failed" in line or "cold" in line:
                out.print(Text.from_ansi(line))
        return pieces is not None

    def show(self) -> RenderableType:
        """Return the current view, or the last one while the server does not answer."""
        try:
            sweep = self.client.sweep(self.sweep_id)
            if self._last is None:
                self._total = total_of(sweep)
            trials, agents = self.client.trials(self.sweep_id), self.client.agents(self.sweep_id)
            shown = self.messages | {slot: bar for slot, bar in self.bars.items() if bar}
            self._last = SweepProgress(sweep, trials, agents, self._total, shown, wall_clock())
        except ServerError as error:
            self.messages[-1] = error.message
        return "" if self._last is None else render(self._last)


@contextlib.contextmanager
def _forward_signals(agents: subprocess.Popen[bytes]) -> Iterator[None]:
    def forward(number: int, _frame: FrameType | None) -> None:
        agents.send_signal(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, forward) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
