"""Uploads imported runs as journals. An import can be repeated: each row is stored once.

The rows of a file are split into segments. Each segment is one journal: its id contains the number of its first row,
and its bytes depend on the rows alone. So the server's committed offset of a segment shows how many rows it has. A
segment ends with a record that finishes the run; a file that has grown since then continues in the next segment. While
a file is followed, its last segment stays open.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from lightning_sweeps.client import Client
from lightning_sweeps.core.ids import derive_id
from lightning_sweeps.core.names import media_key
from lightning_sweeps.errors import UsageError
from lightning_sweeps.importers.imported_run import ImportedFile, ImportedRow, ImportedRun
from lightning_sweeps.journal.format import PREAMBLE, encode
from lightning_sweeps.journal.records import Config, Finish, Header, Media, Metrics, Record, RunInfo
from lightning_sweeps.system.node import Process

SEGMENT_ROWS = 50_000
SEGMENT_BYTES = 32 * 1024 * 1024
PENDING_BYTES = 4 * 1024 * 1024
"""So much is encoded before it is sent."""
BLOB_PART_BYTES = 8 * 1024 * 1024
LACKING_BLOBS = 1000
"""How many files of a segment an import sends that an interrupted one has left; the next import sends the rest."""
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
    run = run_of(imported, project=project, source=source)
    new_rows = 0
    for file, rows in imported.rows_by_file.items():
        upload = FileUpload(client, run, file)
        for row in rows:
            upload.add(row)
        upload.close()
        new_rows += upload.new_rows
    return ImportResult(run.id, imported.name, new_rows, sum(map(len, imported.rows_by_file.values())))


def run_of(imported: ImportedRun, *, project: str, source: str) -> RunInfo:
    """Return the run that the rows of an imported run belong to."""
    run_id = derive_id("import", source, project, imported.name)
    group = imported.group or imported.name
    return RunInfo(
        run_id, project, imported.name, group, job_type="import", config=dict(imported.config), tags=[source]
    )


class FileUpload:
    """Uploads the rows of one file, in order. Rows that the server has are skipped.

    If `flush` or `close` raises `ServerError`, the rows that were added wait for the next call.

    Attributes:
        rows: rows that were added.
        new_rows: those that the server did not have.
    """

    def __init__(self, client: Client, run: RunInfo, file: str) -> None:
        self.rows = 0
        self.new_rows = 0
        self._client = client
        self._run = run
        self._file = file
        self._file_id = derive_id(run.id, file)
        self._segment: _Segment | None = None

    def add(self, row: ImportedRow) -> None:
        """Add the next row of the file.

        Raises:
            UsageError: the row was imported before, and has changed.
            ServerError: the server does not answer or rejects the upload. The row was not added.
        """
        segment = self._segment
        if segment is not None and (segment.is_complete or segment.is_full):
            self.close()
            segment = None
        elif segment is not None and segment.pending_bytes > PENDING_BYTES:
            segment.send()
        if segment is None:
            segment = self._segment = _Segment(self._client, self._run, f"{self._file_id}-{self.rows}", row.time)
        if not segment.add(row):
            raise self._changed()
        self.rows += 1
        self.new_rows += segment.is_ahead

    def flush(self) -> None:
        """Send the rows that were added. The run goes on.

        Raises:
            UsageError: rows that were imported before are no longer in the file.
            ServerError: the server does not answer or rejects the upload.
        """
        if (segment := self._unfinished()) is not None:
            segment.send()

    def keep_alive(self) -> None:
        """Tell the server that the file is still followed, so that its run is not lost."""
        if self._segment is not None and not self._segment.is_complete:
            self._segment.keep_alive()

    def close(self) -> None:
        """Send the rows that were added, and end the segment, so that the run has finished.

        Raises:
            UsageError: rows that were imported before are no longer in the file.
            ServerError: the server does not answer or rejects the upload.
        """
        if (segment := self._unfinished()) is not None:
            segment.end()
            segment.send()
        self._segment = None

    def _unfinished(self) -> _Segment | None:
        """Return the segment of the last row, unless an earlier import ended it there."""
        segment = self._segment
        if segment is None or segment.is_complete:
            return None
        if segment.is_short:
            raise self._changed()
        return segment

    def _changed(self) -> UsageError:
        return UsageError(
            f"`{self._file}` has changed since it was imported: rows were changed, not only added",
            hint="import it into another project: `--project NAME`",
        )


class _Segment:
    """Rows of a file as one journal."""

    def __init__(self, client: Client, run: RunInfo, segment_id: str, began: float) -> None:
        self._client = client
        self._id = segment_id
        self._known = client.journal_offset(segment_id)
        lacking = client.missing_blobs(segment_id, limit=LACKING_BLOBS) if self._known else []
        self._lacking = {state.digest for state in lacking}
        self._contents: dict[str, bytes] = {}
        self._size = 0
        self._rows = 0
        self._sequence = 0
        self._end = b""
        self._is_ended = False
        self._pending = bytearray()
        self._add(PREAMBLE + encode(Header(segment_id, began, Process(0, began, HOST, HOST), run)))

    @property
    def pending_bytes(self) -> int:
        """How much waits to be sent."""
        return len(self._pending) + sum(map(len, self._contents.values()))

    @property
    def is_complete(self) -> bool:
        """Whether an earlier import ended the segment after the last row that was added."""
        return self._rows > 0 and self._known == self._size + len(self._end)

    @property
    def is_full(self) -> bool:
        """Whether further rows belong to the next segment."""
        return self._rows >= SEGMENT_ROWS or self._size >= SEGMENT_BYTES

    @property
    def is_short(self) -> bool:
        """Whether the server has more of the segment than was added."""
        return self._known > self._size

    @property
    def is_ahead(self) -> bool:
        """Whether the server does not have the last row that was added."""
        return self._size > self._known

    def add(self, row: ImportedRow) -> bool:
        """Add a row; return False if it is not the one that was imported before."""
        fits = all(self._add(encode(record)) for record in self._records(row))
        self._rows += 1
        self._end = encode(Finish(self._sequence + 1, row.time, "finished", writer="run"))
        return fits

    def end(self) -> None:
        """Add the end of the run, once."""
        if not self._is_ended:
            self._is_ended = True
            self._add(self._end)

    def send(self) -> None:
        """Send what waits, and the files that it refers to."""
        if self._pending:
            self._client.send_journal(self._id, self._size - len(self._pending), bytes(self._pending))
            self._pending.clear()
            self._known = self._size
        while self._contents:
            digest = next(iter(self._contents))
            self._put(digest, self._contents[digest])
            del self._contents[digest]

    def keep_alive(self) -> None:
        """Tell the server that the file is still followed."""
        self._client.send_journal(self._id, self._size - len(self._pending), b"")

    def _add(self, part: bytes) -> bool:
        """Add a record; return False if the server has something else in its place."""
        before = self._size
        self._size += len(part)
        if self._size <= self._known:
            return True
        self._pending += part
        return before >= self._known

    def _records(self, row: ImportedRow) -> list[Record]:
        records: list[Record] = [self._file_record(row, file) for file in row.files]
        if row.config:
            records.append(Config(self._next(), row.time, dict(row.config)))
        if row.values:
            records.append(Metrics(self._next(), row.step, row.time, dict(row.values)))
        return records

    def _file_record(self, row: ImportedRow, file: ImportedFile) -> Media:
        digest = hashlib.sha256(file.content).hexdigest()
        if self._size >= self._known or digest in self._lacking:
            self._contents[digest] = file.content
        key = media_key(file.key)
        return Media(self._next(), row.step, row.time, key, digest, len(file.content), file.mime, index=file.position)

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence

    def _put(self, digest: str, content: bytes) -> None:
        state = self._client.blob_state(digest)
        while not state.is_stored:
            state = self._client.put_blob(digest, state.offset, content[state.offset : state.offset + BLOB_PART_BYTES])
