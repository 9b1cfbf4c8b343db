"""Measures how long the help of each command takes, compared with the start of Python.

    python -m benchmarks.start_times [--imports COMMAND]

Every command line runs in new processes with compiled modules, in alternating rounds with `python -c pass`; the table
shows the medians and the limit, 1.5 starts of Python plus 0.1 s. `--imports "tune --help"` prints the slowest imports.
The exit status is 1 if a command is above its limit.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

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


def run_s(words: tuple[str, ...], variables: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *words], env=variables, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def measure(lines: list[tuple[str, ...]], variables: dict[str, str]) -> dict[tuple[str, ...], list[float]]:
    """Return the times of each line, and of a start of Python under `BARE`."""
    calls = {BARE: BARE, **{words: (*CLI, *words) for words in lines}}
    for call in calls.values():  # compiles the modules
        run_s(call, variables)
    samples: dict[tuple[str, ...], list[float]] = {words: [] for words in calls}
    for _ in range(ROUNDS):
        for words, call in calls.items():
            samples[words].append(run_s(call, variables))
    return samples


def print_imports(words: tuple[str, ...], variables: dict[str, str]) -> None:
    run_s((*CLI, *words), variables)
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
    parser.add_argument("--imports", metavar="COMMAND", help="print the slowest imports of one command line")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="start-times-") as folder:
        variables = {**os.environ, "PYTHONPYCACHEPREFIX": folder, "LIGHTNING_SWEEPS_HOME": f"{folder}/home"}
        variables.pop("PYTHONDONTWRITEBYTECODE", None)
        if given.imports is not None:
            print_imports(tuple(given.imports.split()), variables)
            return
        samples = measure(command_lines(), variables)
    bare_s = statistics.median(samples.pop(BARE))
    limit_s = FACTOR * bare_s + EXTRA_S
    print(f"start of Python: {1000 * bare_s:.0f} ms; limit: {1000 * limit_s:.0f} ms\n")
    print("| command | ms | x start of Python | |\n|---|---|---|---|")
    medians = {words: statistics.median(times) for words, times in samples.items()}
    for words, median_s in medians.items():
        verdict = "" if median_s <= limit_s else "above the limit"
        print(f"| `{' '.join(words)}` | {1000 * median_s:.0f} | {median_s / bare_s:.1f} | {verdict} |")
    sys.exit(any(median_s > limit_s for median_s in medians.values()))


if __name__ == "__main__":
    main()
