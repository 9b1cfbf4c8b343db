"""Counts how often training on two ranks hangs on SIGTERM, with SweepCallback and with Lightning alone.

python -m benchmarks.sigterm --rounds 8 --stock-rounds 1
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.trainer.journals import logged_runs
from tests.trainer.preemption import CASES, STARTS, preempt


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1, help="runs of each case with SweepCallback")
    parser.add_argument("--stock-rounds", type=int, default=0, help="runs of each case with Lightning alone")
    arguments = parser.parse_args()
    for name, rounds in (("SweepCallback", arguments.rounds), ("Lightning alone", arguments.stock_rounds)):
        total: Counter[str] = Counter()
        for start, target in CASES if rounds else []:
            found = Counter(run(start, target, is_stock=name != "SweepCallback") for _ in range(rounds))
            total += found
            print(f"{name:15}  {start:9}  SIGTERM to {target:8}  {describe(found)}", flush=True)
        if rounds:
            print(f"{name:15}  all {total.total()} runs: {describe(total)}", flush=True)


def run(start: str, target: str, *, is_stock: bool) -> str:
    """Return how one run ended."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        started = time.monotonic()
        returncode, _ = preempt(home, STARTS[start], target=target, **({"STOCK": "1"} if is_stock else {}))
        if returncode is None:
            return f"hang (after {time.monotonic() - started:.0f} s)" if not is_stock else "hang"
        status = "exit 0" if returncode == 0 else "exit non-zero"
        states = {item.end[0] if item.finishes else "open" for item in logged_runs(home)}
        return status if is_stock else f"{status}, runs {' and '.join(sorted(states))}"


def describe(found: Counter[str]) -> str:
    return ", ".join(f"{count} x {how}" for how, count in found.most_common())


if __name__ == "__main__":
    main()
