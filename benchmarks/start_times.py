"""Measures how long the help of each command takes, compared with the start of Python.

    python -m benchmarks.start_times [--rounds 7] [--imports COMMAND]

Every command line runs in new processes with compiled modules, in alternating rounds with `python -c pass`. The table
shows the medians of processor time, which another program on the machine changes little, and of wall time. The limit is
1.5 starts of Python plus 0.1 s, of processor time. `--imports "tune --help"` prints the slowest imports.
The exit status is 1 if a command is above its limit.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

from typer.main import get_command

from lightning_sweeps.cli import COMMANDS
from lightning_sweeps.cli.help_only import import_for_help

ROUNDS = 7
FACTOR, EXTRA_S = 1.5, 0.1
SHOWN_IMPORTS = 25
BARE = ("-c", "pass")
CLI = ("-m", "lightning_sweeps.cli")


def command_lines() -> list[tuple[str, ...]]:
    """Return the words of every call that prints help or the version."""
    lines: list[tuple[str, ...]] = [("--version",), ("--help",)]
    for name, entry in COMMANDS.items():
        command = get_command(import_for_help(entry.module).app)
        lines.append((name, "--help"))
        lines += [(name, inner, "--help") for inner in getattr(command, "commands", ())]
    return lines


class Cost(NamedTuple):
    """Processor time (user and system) and wall time of a process, in seconds."""

    cpu_s: float
    wall_s: float


def run(words: tuple[str, ...], variables: dict[str, str]) -> Cost:
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], env=variables, stdout=subprocess.DEVNULL, check=True)
    ended, after = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, ended - started)


def median(costs: list[Cost]) -> Cost:
    return Cost(statistics.median(cost.cpu_s for cost in costs), statistics.median(cost.wall_s for cost in costs))


def measure(lines: list[tuple[str, ...]], variables: dict[str, str], rounds: int) -> dict[tuple[str, ...], Cost]:
    """Return the medians of each line, and of a start of Python under `BARE`."""
    calls = {BARE: BARE, **{words: (*CLI, *words) for words in lines}}
    for call in calls.values():  # compiles the modules
        run(call, variables)
    samples: dict[tuple[str, ...], list[Cost]] = {words: [] for words in calls}
    for _ in range(rounds):
        for words, call in calls.items():
            samples[words].append(run(call, variables))
    return {words: median(costs) for words, costs in samples.items()}


def print_imports(words: tuple[str, ...], variables: dict[str, str]) -> None:
    run((*CLI, *words), variables)
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *CLI, *words],
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    lines = [line.split("|") for line in done.stderr.splitlines() if line.count("|") == 2 and "us" not in line]
    slowest = sorted(lines, key=lambda parts: int(parts[1]), reverse=True)[:SHOWN_IMPORTS]
    for _, total, name in slowest:
        print(f"{int(total) / 1000:8.1f} ms  {name.rstrip()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="starts of each command line")
    parser.add_argument("--imports", metavar="COMMAND", help="print the slowest imports of one command line")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="start-times-") as folder:
        variables = {**os.environ, "PYTHONPYCACHEPREFIX": folder, "LIGHTNING_SWEEPS_HOME": f"{folder}/home"}
        variables.pop("PYTHONDONTWRITEBYTECODE", None)
        if given.imports is not None:
            print_imports(tuple(given.imports.split()), variables)
            return
        medians = measure(command_lines(), variables, given.rounds)
    bare = medians.pop(BARE)
    limit_s = FACTOR * bare.cpu_s + EXTRA_S
    print(
        f"start of Python: {1000 * bare.cpu_s:.0f} ms of processor time, {1000 * bare.wall_s:.0f} ms; "
        f"limit: {1000 * limit_s:.0f} ms of processor time\n"
    )
    print("| command | CPU ms | ms | CPU x start of Python | |\n|---|---|---|---|---|")
    for words, cost in medians.items():
        verdict = "" if cost.cpu_s <= limit_s else "above the limit"
        times = f"{1000 * cost.cpu_s:.0f} | {1000 * cost.wall_s:.0f} | {cost.cpu_s / bare.cpu_s:.1f}"
        print(f"| `{' '.join(words)}` | {times} | {verdict} |")
    sys.exit(any(cost.cpu_s > limit_s for cost in medians.values()))


if __name__ == "__main__":
    main()
