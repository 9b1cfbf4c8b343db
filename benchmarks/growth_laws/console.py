"""n console lines in one run: what storing a line and searching all of them cost."""

from __future__ import annotations

import random

from benchmarks.growth_laws.bench import Bench
from benchmarks.store import journal_of
from lightning_sweeps.journal import records
from lightning_sweeps.journal.format import encode

PART_LINES = 5_000
NEEDLE = "CUDA out of memory"


def search(bench: Bench, lines: int) -> dict[str, float]:
    """Measure searches for a text that one line has, for a number, and for a text that no line has."""
    rng = random.Random(0)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(3, 9))) for _ in range(5_000)]
    data = journal_of("console", 0, 0)
    offset = 0
    for number in range(lines):
        if number % 3:
            line = " ".join(rng.choices(words, k=rng.randint(4, 14)))
        else:
            line = f"epoch {number // 1000}: step {number} loss={rng.random():.5f} acc={rng.random():.4f}"
        line += f" {NEEDLE}" if number == lines // 2 else ""
        data += encode(records.Text(number + 1, 1.7e9 + number, "stdout", line))
        if (number + 1) % PART_LINES == 0 or number + 1 == lines:
            offset = bench.client.send_journal("console", offset, data).offset
            data = b""

    def cost(text: str) -> float:
        (taken,) = bench.cost_ms(lambda: bench.client.console("run-console", last=1_000, find=text), warm_up=1)
        return taken

    asked = {"a text of one line": NEEDLE.lower(), "a number": f"step {lines // 3 * 3 - 3_000}", "no line": "zeppelin"}
    return {what: cost(text) for what, text in asked.items()}
