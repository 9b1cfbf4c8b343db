"""Measures the first hour with each tool: from an empty environment to a logged run and to the best trial of a sweep.

    python -m benchmarks.first_hour [--only NAME]

Each tool is installed from the package index into a new environment, with pip's cache as it is, and runs its smallest
programs there (`first_hour_programs.py`). This package is installed from a wheel of the working tree. The table shows
the number of commands and lines that a person types, the seconds that pass, and the processor time of all processes,
also of servers that a tool starts in the background. Each environment is removed before the next one is made. A cell
is empty if the tool cannot do it, or cannot be installed here; a line below the table says why. Linux only.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.first_hour_programs import TOOLS, Tool, lines_of
from lightning_sweeps.agents.launch.parent import become_subreaper

ROOT = Path(__file__).parents[1]
INSTALL_S = 900
RUN_S = 300
COMMANDS = 3
"""`python -m venv`, `pip install`, `python program.py`: no tool needs another one for these programs."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall time, and processor time of all processes, in seconds."""

    wall_s: float
    cpu_s: float

    def __str__(self) -> str:
        return f"{self.wall_s:.1f} s ({self.cpu_s:.1f} s CPU)"


@dataclass(slots=True)
class Measured:
    """What was measured of a tool. None: it could not be done.

    Attributes:
        version: the installed version.
        size_mb: size of the environment.
        install: cost to create the environment and to install.
        runs: cost of each program, by `log` and `sweep`.
        problems: why something could not be done.
    """

    version: str = ""
    size_mb: float = 0.0
    install: Cost | None = None
    runs: dict[str, Cost] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Stopwatch:
    """Measures the cost from its creation to now."""

    def __init__(self) -> None:
        self._wall_s, self._cpu_s = time.perf_counter(), cpu_of_descendants_s()

    def cost(self) -> Cost:
        return Cost(time.perf_counter() - self._wall_s, cpu_of_descendants_s() - self._cpu_s)


def cpu_of_descendants_s() -> float:
    """Return the processor time of all processes below this one, those that have ended and those that still run."""
    living_s = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            if process.status() == psutil.STATUS_ZOMBIE and process.ppid() == os.getpid():
                process.wait()  # an orphan; its time is then in that of our children
            else:
                living_s += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:  # it has just ended; its parent counts it
            continue
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return living_s + ended.ru_utime + ended.ru_stime


def measure(tool: Tool, folder: Path, wheel: Path) -> Measured:
    """Install a tool and run its programs in `folder`."""
    found = Measured()
    environment = folder / "venv"
    python = environment / "bin" / "python"
    watch = Stopwatch()
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    done = _run([str(python), "-m", "pip", "install", "--quiet", tool.package or str(wheel)], folder, INSTALL_S)
    if done.returncode != 0:
        found.problems.append(f"could not be installed here: {_last_line(done.stderr)}")
        return found
    found.install = watch.cost()
    code = f"from importlib.metadata import version; print(version({tool.module!r}))"
    found.version = _run([str(python), "-c", code], folder, RUN_S).stdout.strip()
    found.size_mb = sum(path.stat().st_size for path in environment.rglob("*") if path.is_file()) / 1e6
    for task, program in (("log", tool.log), ("sweep", tool.sweep)):
        if not program:
            continue
        (folder / f"{task}.py").write_text(program)
        watch = Stopwatch()
        done = _run([str(python), f"{task}.py"], folder, RUN_S)
        cost = watch.cost()
        if done.returncode != 0:
            found.problems.append(f"`{task}.py` failed: {_last_line(done.stderr)}")
            continue
        found.runs[task] = cost
        print(f"{tool.name}: {task}.py printed {_last_line(done.stdout)}", file=sys.stderr)
    if not tool.package:
        _run([str(environment / "bin" / "lightning-sweeps"), "server", "--stop"], folder, RUN_S)
    return found


def _run(words: list[str], folder: Path, timeout_s: float) -> subprocess.CompletedProcess[str]:
    own = {"LIGHTNING_SWEEPS_HOME": str(folder / "home"), "HOME": str(folder), "TRACKIO_DIR": str(folder / "trackio")}
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | own
    try:
        return subprocess.run(
            words, cwd=folder, env=variables, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(words, 124, "", f"not done after {timeout_s:.0f} s")


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""


def row(tool: Tool, found: Measured) -> str:
    """Return a row of the table."""
    install = f"{found.install}, {found.size_mb:,.0f} MB" if found.install is not None else ""
    cells = [tool.name, found.version, str(COMMANDS), install]
    for task, program in (("log", tool.log), ("sweep", tool.sweep)):
        known = found.runs.get(task)
        cells.append(f"{lines_of(program)} lines, {known}" if known is not None else "")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", metavar="NAME", help="measure one tool")
    given = parser.parse_args()
    chosen = [tool for tool in TOOLS if given.only in (None, tool.name)]
    if not chosen:
        parser.error(f"`--only {given.only}` was given, allowed: {', '.join(tool.name for tool in TOOLS)}")
    become_subreaper()  # so that the time of background processes is counted when they end
    notes = []
    with tempfile.TemporaryDirectory(prefix="first-hour-") as temporary:
        folder = Path(temporary)
        words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
        subprocess.run(words, cwd=ROOT, check=True, stdout=sys.stderr)
        (wheel,) = (folder / "dist").iterdir()
        print("| tool | version | commands | install | log 100 values | search 8 trials |\n|---|---|---|---|---|---|")
        for number, tool in enumerate(chosen):
            place = folder / str(number)
            place.mkdir()
            found = measure(tool, place, wheel)
            shutil.rmtree(place)
            print(row(tool, found), flush=True)
            notes += [f"- {tool.name} {why}." for why in (tool.why_not, *found.problems) if why]
        load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
        notes.append(f"- {time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, load average at the end {load}.")
    print("\n" + "\n".join(notes))


if __name__ == "__main__":
    main()
