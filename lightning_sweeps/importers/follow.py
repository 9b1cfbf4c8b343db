"""Follows files that grow: their rows are uploaded as they are written, and their runs stay open meanwhile.

Nothing is kept on this machine. After a restart the files are read again, and the server skips the rows that it has.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps.client import Client
from lightning_sweeps.errors import OffsetConflict, ServerError, UsageError
from lightning_sweeps.importers.imported_run import ImportedRun
from lightning_sweeps.importers.importer import FileTail, Importer
from lightning_sweeps.importers.upload import FileUpload, run_of

PAUSE_S = 2.0
"""How often the files are read."""
KEEP_ALIVE_S = 60.0
"""How often the server is told of files that do not grow."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _FollowedFile:
    """A file, and where its rows go."""

    run_name: str
    tail: FileTail
    upload: FileUpload
    heard: float
    is_damaged: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """What one round found in a file: rows of a run that the server did not have, or why the file ends early."""

    run_name: str
    new_rows: int
    problem: str = ""


class Follower:
    """Follows the files of one format below a path.

    Args:
        client: the server.
        importer: the format.
        path: a file, or a folder whose files are followed, also those that appear later.
        project: project of the runs.

    Raises:
        UsageError: files of this format cannot be followed.
    """

    def __init__(self, client: Client, importer: Importer, path: Path, *, project: str) -> None:
        if importer.tail(path) is None:
            raise UsageError(
                f"files of the format `{importer.name}` cannot be followed, allowed: `tensorboard`",
                hint="import them again when they have grown: each row is stored once",
            )
        self._client = client
        self._importer = importer
        self._path = path
        self._project = project
        self._files: dict[Path, _FollowedFile] = {}
        self._is_away = False

    def run(self, stopped: threading.Event) -> Iterator[Progress]:
        """Yield what each round finds, until `stopped` is set. The runs end then.

        While the server does not answer, the rows wait in their files.
        """
        while True:
            is_last = stopped.is_set()
            try:
                yield from self._round(is_last=is_last)
                self._is_away = False
            except ServerError as error:
                if is_last:
                    raise
                if not self._is_away:
                    _log.warning("%s; trying again every %g s", error, PAUSE_S)
                self._is_away = True
            if is_last:
                return
            stopped.wait(PAUSE_S)

    def _round(self, *, is_last: bool) -> Iterator[Progress]:
        for file in self._importer.files(self._path):
            if file not in self._files:
                self._files[file] = self._open(file)
        for file, followed in list(self._files.items()):
            try:
                found = self._advance(followed, is_last=is_last)
            except OffsetConflict:  # the server was restored and lacks rows: read the file from its beginning
                del self._files[file]
                continue
            if found is not None:
                yield found

    def _advance(self, file: _FollowedFile, *, is_last: bool) -> Progress | None:
        """Upload the new rows of a file; return None if there is nothing to say."""
        before = file.upload.new_rows
        for row in file.tail.read():
            file.upload.add(row)
        if is_last:
            file.upload.close()
        else:
            file.upload.flush()
        new_rows = file.upload.new_rows - before
        now = time.monotonic()
        if new_rows:
            file.heard = now
        elif not is_last and now - file.heard > KEEP_ALIVE_S:
            file.upload.keep_alive()
            file.heard = now
        problem = "" if file.is_damaged else file.tail.problem
        file.is_damaged = bool(file.tail.problem)
        return Progress(file.run_name, new_rows, problem) if new_rows or problem else None

    def _open(self, file: Path) -> _FollowedFile:
        name = self._importer.run_name(file, self._path)
        run = run_of(ImportedRun(name, {}), project=self._project, source=self._importer.name)
        tail = self._importer.tail(file)
        assert tail is not None  # noqa: S101  checked when the follower was made
        return _FollowedFile(name, tail, FileUpload(self._client, run, file.name), time.monotonic())
