"""Runs of the past become journals and go to the server: as often as one likes, and each row once.

The rows of one file become segments, each a journal whose name tells with which row it begins, sent in one request
with its end. How many bytes the server has of a segment tells how many rows it had: a file that has grown since goes
on with the next segment.
"""

from __future__ import annotations

from dataclasses import dataclass

from lightning_sweeps.client import Client
from lightning_sweeps.core.ids import derive_id
from lightning_sweeps.errors import UsageError
from lightning_sweeps.importers.imported_run import PastRun, Row
from lightning_sweeps.journal.format import PREAMBLE, encode
from lightning_sweeps.journal.records import Finish, Header, Metrics, Record, RunInfo
from lightning_sweeps.system.node import Process

SEGMENT_ROWS = 50_000
SEGMENT_BYTES = 32 * 1024 * 1024
HOST = "imported"


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one run: rows that were new to the server, and rows that its files hold."""

    run_id: str
    name: str
    new_rows: int
    rows: int


def ship(client: Client, past: PastRun, *, project: str, source: str) -> Imported:
    """Send what the server does not have of a run.

    Args:
        source: what wrote the files, for example `tensorboard`: the same name of another is another run.

    Raises:
        UsageError: a file was changed, not only added to, since it was imported.
        ServerError: the server does not answer or refuses; call again later.
    """
    run_id = derive_id("import", source, project, past.name)
    group = past.group or past.name
    run = RunInfo(run_id, project, past.name, group, job_type="import", config=dict(past.config), tags=[source])
    new_rows = 0
    for file, rows in past.parts.items():
        new_rows += _ship_file(client, run, derive_id(run_id, file), rows, file)
    return Imported(run_id, past.name, new_rows, sum(map(len, past.parts.values())))


def _ship_file(client: Client, run: RunInfo, file_id: str, rows: list[Row], file: str) -> int:
    start = new_rows = 0
    while start < len(rows):
        segment = Segment(f"{file_id}-{start}", run, rows[start : start + SEGMENT_ROWS])
        known = client.journal_offset(segment.id)
        if known:
            start += segment.rows_in(known, file)
            continue
        client.send_journal(segment.id, 0, segment.whole)
        start += segment.count
        new_rows += segment.count
    return new_rows


class Segment:
    """Some rows of a file as a journal, at most `SEGMENT_BYTES` of them."""

    def __init__(self, segment_id: str, run: RunInfo, rows: list[Row]) -> None:
        self.id = segment_id
        process = Process(0, rows[0].time, HOST, HOST)
        parts = [PREAMBLE + encode(Header(segment_id, rows[0].time, process, run))]
        size = len(parts[0])
        self._sizes: list[int] = []
        """By number of rows, from 1: the journal's length with its end."""
        for number, row in enumerate(rows):
            part = encode(Metrics(number + 1, row.step, row.time, dict(row.values)))
            if size + len(part) > SEGMENT_BYTES and self._sizes:
                break
            parts.append(part)
            size += len(part)
            self._sizes.append(size + len(encode(_end(number + 2, row.time))))
        self.count = len(self._sizes)
        parts.append(encode(_end(self.count + 1, rows[self.count - 1].time)))
        self.whole = b"".join(parts)

    def rows_in(self, size_bytes: int, file: str) -> int:
        """Return how many rows the segment had when it was `size_bytes` long.

        Raises:
            UsageError: it never was, with these rows.
        """
        if size_bytes not in self._sizes:
            raise UsageError(
                f"`{file}` is not what was imported before: rows were changed, not only added",
                hint="import it into another project: `--project NAME`",
            )
        return self._sizes.index(size_bytes) + 1


def _end(sequence: int, time: float) -> Record:
    return Finish(sequence, time, "finished", writer="run")
