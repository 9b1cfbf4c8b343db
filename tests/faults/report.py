"""The fault matrix as a table, and as the page docs/reliability.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.scenario import RowCounts

HEAD = """# Reliability

This page shows what happens to the rows of a training program that logs 1,000 rows per second while a part of the
system fails. Every line is a test (`tests/faults/test_matrix.py`) with real processes, real signals, and a real proxy
in front of a real server. `make reliability` runs the tests and writes this page. Times depend on the machine.

- *written*: calls of `log()`. *not written*: rows that could not be written to the journal (disk full). The program
  counts them and logs the first problem.
- *arrived*, *doubled*, *missing*: rows on the server at the end. Every row in the journal arrives once, in order.
- *p99*, *longest*: duration of `log()`. *finish*: duration of `finish()`.

"""

TABLE_HEAD = """\
| fault | lasts s | written | not written | arrived | doubled | missing | p99 ms | longest ms | finish ms |
|---|---|---|---|---|---|---|---|---|---|
"""

HOW = """
## How each fault is caused

"""


KINDS = Path(__file__).parent / "kinds.md"
"""The end of the page: faults that other tests try."""


@dataclass(frozen=True, slots=True)
class FaultResult:
    """The result of one fault. `lasted_s` is 0 for a fault without a duration; `how` says how it was caused."""

    counted: RowCounts
    lasted_s: float
    how: str


@dataclass(slots=True)
class FaultMatrix:
    """The results so far, by the name of the fault."""

    lines: dict[str, FaultResult] = field(default_factory=dict)

    def table(self) -> str:
        return TABLE_HEAD + "".join(map(self._row, self.lines))

    def page(self) -> str:
        how = "".join(f"- **{name}**: {line.how}.\n" for name, line in self.lines.items())
        return HEAD + self.table() + HOW + how + KINDS.read_text()

    def _row(self, name: str) -> str:
        it, lasted_s = self.lines[name].counted, self.lines[name].lasted_s
        lasted = f"{lasted_s:.0f}" if lasted_s else ""
        return (
            f"| {name} | {lasted} | {it.written:,} | {it.lost:,} | {it.arrived:,} | {it.doubled} | {it.missing} "
            f"| {it.p99_ms:.3f} | {it.worst_ms:.2f} | {it.finish_ms:.2f} |\n"
        )


MATRIX = FaultMatrix()
