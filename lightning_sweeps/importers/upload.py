"""Uploads imported runs as journals. An import can be repeated: each row is stored once.

The rows of a file are split into segments. Each segment is one journal: its id contains the number of its first row,
and it is sent in one request, together with its end. The server's committed offset of a segment shows how many rows it
had at the last import, so a file that has grown continues in the next segment.
"""

from __future__ import annotations

from dataclasses import dataclass

from lightning_sweeps.client import Client
from lightning_sweeps.core.ids import derive_id
from lightning_sweeps.errors import UsageError
from lightning_sweeps.importers.imported_run import ImportedRow, ImportedRun
from lightning_sweeps.journal.format import PREAMBLE, encode
from lightning_sweeps.journal.records import Finish, Header, Metrics, Record, RunInfo
from lightning_sweeps.system.node import Process

SEGMENT_ROWS = 50_000
SEGMENT_BYTES = 32 * 1024 * 1024
HOST = "imported"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The result for one run.

    Attributes:
        new_rows: rows that the server did not have.
        rows: all rows in the files of the run.
    """

    run_id: str
    name: str
    new_rows: int
    rows: int


def upload_run(client: Client, imported: ImportedRun, *, project: str, source: str) -> ImportResult:
    """Upload the rows of a run that the server does not have.

    Args:
        project: project of the run.
        source: name of the importer. Runs of the same name from two importers are two runs.

    Raises:
        UsageError: rows that were imported before have changed in the file.
        ServerError: the server does not answer or rejects the upload; the call can be repeated.
    """
    run_id = derive_id("import", source, project, imported.name)
    group = imported.group or imported.name
    run = RunInfo(run_id, project, imported.name, group, job_type="import", config=dict(imported.config), tags=[source])
    new_rows = 0
    for file, rows in imported.rows_by_file.items():
        new_rows += _upload_file(client, run, derive_id(run_id, file), rows, file)
    return ImportResult(run_id, imported.name, new_rows, sum(map(len, imported.rows_by_file.values())))


def _upload_file(client: Client, run: RunInfo, file_id: str, rows: list[ImportedRow], file: str) -> int:
    start = new_rows = 0
    while start < len(rows):
        segment = JournalSegment(f"{file_id}-{start}", run, rows[start : start + SEGMENT_ROWS])
        known = client.journal_offset(segment.id)
        if known:
            start += segment.rows_in(known, file)
            continue
        client.send_journal(segment.id, 0, segment.data)
        start += segment.count
        new_rows += segment.count
    return new_rows


class JournalSegment:
    """Rows of a file as one journal of at most `SEGMENT_BYTES`."""

    def __init__(self, segment_id: str, run: RunInfo, rows: list[ImportedRow]) -> None:
        self.id = segment_id
        process = Process(0, rows[0].time, HOST, HOST)
        parts = [PREAMBLE + encode(Header(segment_id, rows[0].time, process, run))]
        size = len(parts[0])
        self._sizes: list[int] = []
        """Item `n - 1`: length in bytes of the whole journal if it has `n` rows."""
        for number, row in enumerate(rows):
            part = encode(Metrics(number + 1, row.step, row.time, dict(row.values)))
            if size + len(part) > SEGMENT_BYTES and self._sizes:
                break
            parts.append(part)
            size += len(part)
            self._sizes.append(size + len(encode(_end(number + 2, row.time))))
        self.count = len(self._sizes)
        parts.append(encode(_end(self.count + 1, rows[self.count - 1].time)))
        self.data = b"".join(parts)

    def rows_in(self, size_bytes: int, file: str) -> int:
        """Return the number of rows that the segment had when its journal was `size_bytes` long.

        Raises:
            UsageError: the length does not match any number of these rows.
        """
        if size_bytes not in self._sizes:
            raise UsageError(
                f"`{file}` has changed since it was imported: rows were changed, not only added",
                hint="import it into another project: `--project NAME`",
            )
        return self._sizes.index(size_bytes) + 1


def _end(sequence: int, time: float) -> Record:
    return Finish(sequence, time, "finished", writer="run")
