"""Measures the seconds from the submission of a job to the first line of a trial, per engine.

    python -m benchmarks.launch [--rounds 3] [ssh sge slurm]

Each engine runs on this machine, as in the tests. Beside it stands the engine's own hello-world: a job that prints one
line, submitted and looked for in the same way. The difference is the start of Python, of the agent and of the trial.
Engines that are not installed are left out, with the reason.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from lightning_sweeps import messages as m
from lightning_sweeps.agents.launchers.base import Launcher, LaunchSpec
from lightning_sweeps.agents.launchers.commands import run_command
from lightning_sweeps.agents.launchers.sge import SgeLauncher, SgeOptions
from lightning_sweeps.agents.launchers.slurm import SlurmLauncher, SlurmOptions
from lightning_sweeps.agents.launchers.ssh import BATCH, SshLauncher, SshOptions
from lightning_sweeps.agents.options import AgentOptions
from lightning_sweeps.client import Client
from lightning_sweeps.core.settings import environment, read_settings, replace_environment
from tests.agents import gridengine, slurm, sshd
from tests.servers import running_server

LIMIT_S = 120.0
LINE = "first line"
PROGRAM = f"import pathlib; pathlib.Path('said').write_text('{LINE}')\n"

Engine = Callable[[ExitStack, Path], tuple[Launcher[Any], list[str]]]
"""Starts an engine; returns its launcher and the words that submit a hello-world, which writes the file `{said}`."""


def start_ssh(stack: ExitStack, folder: Path) -> tuple[Launcher[Any], list[str]]:
    server = stack.enter_context(sshd.ssh_server(folder))
    options = SshOptions(host=[server.host], ssh=list(server.options), python=sys.executable)
    given = [part for one in server.options for part in ("-o", one)]
    return SshLauncher(options, read_settings()), ["ssh", *BATCH, *given, server.host, "echo x > {said}"]


def start_sge(stack: ExitStack, folder: Path) -> tuple[Launcher[Any], list[str]]:
    found = stack.enter_context(gridengine.cell(folder))
    replace_environment(environment() | found.environment)
    words = ["qsub", "-b", "y", "-o", str(folder), "-j", "y", "touch", "{said}"]
    return SgeLauncher(SgeOptions(), read_settings()), words


def start_slurm(stack: ExitStack, folder: Path) -> tuple[Launcher[Any], list[str]]:
    found = stack.enter_context(slurm.cluster(folder))
    replace_environment(environment() | found.environment)
    words = ["sbatch", "--output=/dev/null", "--wrap=touch {said}"]
    return SlurmLauncher(SlurmOptions(time="10"), read_settings()), words


ENGINES: dict[str, tuple[Engine, Callable[[], str]]] = {
    "ssh": (start_ssh, sshd.missing_programs),
    "sge": (start_sge, gridengine.missing_programs),
    "slurm": (start_slurm, slurm.missing_programs),
}


def seconds_until(path: Path, submit: Callable[[], object]) -> float:
    """Return how long it takes from a submission until a file exists."""
    started = time.perf_counter()
    submit()
    while not path.exists():
        if time.perf_counter() - started > LIMIT_S:
            raise TimeoutError(f"`{path}` did not appear within {LIMIT_S} s")
        time.sleep(0.01)
    return time.perf_counter() - started


def measure(client: Client, launcher: Launcher[Any], hello: list[str], folder: Path) -> tuple[float, float]:
    """Return the seconds of the hello-world and of a trial."""
    said = folder / "hello"
    own = seconds_until(said, lambda: run_command(*[word.format(said=said) for word in hello]))
    (folder / "train.py").write_text(PROGRAM)
    config = {"program": "train.py", "method": "grid", "parameters": {"x": {"values": [0]}}}
    sweep = client.create_sweep(m.SweepCreate(config))
    spec = LaunchSpec(sweep.id, AgentOptions(gpus="none", cold=True), folder)
    jobs: list[str] = []
    ours = seconds_until(folder / "said", lambda: jobs.extend(launcher.submit(spec)))
    while any(job.is_active for job in launcher.jobs(jobs)):
        time.sleep(0.1)
    return own, ours


@contextmanager
def server(folder: Path) -> Iterator[Client]:
    """Run a server, and put its address into the environment of jobs."""
    before = environment()
    with running_server(folder / "server") as (client, described):
        values = {"HOME": str(folder / "home"), "URL": described.url, "API_KEY": described.token}
        replace_environment(before | {f"LIGHTNING_SWEEPS_{name}": value for name, value in values.items()})
        try:
            yield client
        finally:
            replace_environment(before)


def run(name: str, rounds: int) -> str:
    """Measure one engine, and return its row."""
    start, why_missing = ENGINES[name]
    if missing := why_missing():
        return f"| {name} | {missing} | |"
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        root = Path(temporary)
        for part in ("engine", *map(str, range(rounds))):
            (root / part).mkdir()
        client = stack.enter_context(server(root))
        launcher, hello = start(stack, root / "engine")
        times = [measure(client, launcher, hello, root / str(number)) for number in range(rounds)]
    own, ours = (statistics.median(column) for column in zip(*times, strict=True))
    return f"| {name} | {own:.2f} | {ours:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engines", nargs="*", metavar="ENGINE", help="engines (default: all)")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    print("| engine | hello-world s | first line of a trial s |\n|---|---|---|")
    for name in given.engines or ENGINES:
        print(run(name, given.rounds), flush=True)


if __name__ == "__main__":
    main()
