"""The fault matrix as a table: printed at the end of a test run, and the page docs/reliability.md."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.faults.scenario import Counted

HEAD = """# Reliability

What happens to the rows of a training program that logs 1,000 rows a second while a part of the system is hurt. Every
line is a test that really does it (`tests/faults/test_matrix.py`: real processes, real signals, a real proxy before a
real server); this page is written by a run of them: `make reliability`. Times are those of the machine it ran on.

- *written*: rows that `log()` was called for; *could not be written*: rows that the journal refused (disk full), which
  the program counts and says once.
- *arrived*, *doubled*, *missing*: rows on the server at the end. What was written arrives exactly once, in order.
- *p99*, *longest*: of `log()`; *finish*: how long `finish()` took.

"""

TABLE_HEAD = """\
| fault | lasts s | written | could not be written | arrived | doubled | missing | p99 ms | longest ms | finish ms |
|---|---|---|---|---|---|---|---|---|---|
"""

HOW = """
## How each is done

"""


@dataclass(frozen=True, slots=True)
class Line:
    """What one fault did; `lasted_s` is 0 for what happens at once; `how`: how it was done."""

    counted: Counted
    lasted_s: float
    how: str


@dataclass(slots=True)
class Matrix:
    """The lines so far, by the fault's name."""

    lines: dict[str, Line] = field(default_factory=dict)

    def table(self) -> str:
        return TABLE_HEAD + "".join(map(self._row, self.lines))

    def page(self) -> str:
        return HEAD + self.table() + HOW + "".join(f"- **{name}**: {line.how}.\n" for name, line in self.lines.items())

    def _row(self, name: str) -> str:
        it, lasted_s = self.lines[name].counted, self.lines[name].lasted_s
        lasted = f"{lasted_s:.0f}" if lasted_s else ""
        return (
            f"| {name} | {lasted} | {it.written:,} | {it.lost:,} | {it.arrived:,} | {it.doubled} | {it.missing} "
            f"| {it.p99_ms:.3f} | {it.worst_ms:.2f} | {it.finish_ms:.2f} |\n"
        )


MATRIX = Matrix()
