"""Imports TensorBoard event files: records with checksums; each record is one `Event` message.

Record format: https://www.tensorflow.org/tutorials/load_data/tfrecord
Messages: `event.proto` of TensorFlow. What its summaries contain is in `tensorboard_values`.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lightning_sweeps.importers import protobuf
from lightning_sweeps.importers.imported_run import ImportedFile, ImportedRow, ImportedRun
from lightning_sweeps.importers.importer import Importer
from lightning_sweeps.importers.tensorboard_values import summary_value

MAX_RECORD_BYTES = 1 << 30
_LENGTH = struct.Struct("<QI")
_CHECKSUM_BYTES = 4


class TensorBoardImporter(Importer):
    """Reads one run per folder with event files, like TensorBoard."""

    name = "tensorboard"
    description = "TensorBoard event files"
    file_patterns = ("*tfevents*",)
    leaves_out = "graphs, videos, embeddings and other tensors"

    def read(self, path: Path) -> Iterator[ImportedRun]:
        """Yield a run for every folder with event files, named after the folder's path below `path`."""
        found = self.files(path)
        for folder in dict.fromkeys(file.parent for file in found):
            files = [file for file in found if file.parent == folder]
            yield _read_run(self.run_name(files[0], path), files)

    def tail(self, file: Path) -> EventTail:
        """Return a reader of an event file that grows."""
        return EventTail(file)


class EventTail:
    """Reads an event file that grows. An incomplete record at the end waits for its rest."""

    def __init__(self, path: Path) -> None:
        self.problem = ""
        self.left_out: Counter[str] = Counter()
        self._path = path
        self._position = 0

    def read(self) -> Iterator[ImportedRow]:
        """Yield the rows that are complete and were not yielded before. Damage ends the file.

        A row counts as yielded when the next one is asked for. One whose receiver raises comes again.
        """
        if self.problem or not self._path.exists():
            return
        try:
            for event, end in records(self._path, self._position):
                row = _row(event, self.left_out)
                if row is not None:
                    yield row
                self._position = end
        except ValueError as error:
            self.problem = f"`{self._path.name}`: {error}"


def _read_run(name: str, files: list[Path]) -> ImportedRun:
    tails = {path.name: EventTail(path) for path in files}
    rows_by_file = {file: list(tail.read()) for file, tail in tails.items()}
    left_out = sum((tail.left_out for tail in tails.values()), Counter[str]())
    problems = [tail.problem for tail in tails.values() if tail.problem]
    return ImportedRun(name, rows_by_file, left_out=dict(left_out), problem="; ".join(problems))


def records(path: Path, start: int = 0) -> Iterator[tuple[bytes, int]]:
    """Yield the payload of each record of an event file, and where it ends. An incomplete one at the end is left out.

    Args:
        path: the file.
        start: where the first record begins.

    Raises:
        ValueError: the file is not an event file, or it is damaged.
    """
    with path.open("rb") as stream:
        stream.seek(start)
        while len(head := stream.read(_LENGTH.size)) == _LENGTH.size:
            length, checksum = _LENGTH.unpack(head)
            if masked_crc(head[:8]) != checksum or length > MAX_RECORD_BYTES:
                raise ValueError(f"byte {stream.tell() - len(head)} is not the start of a record")
            data = stream.read(length)
            end = stream.read(_CHECKSUM_BYTES)
            if len(end) < _CHECKSUM_BYTES:
                return
            if masked_crc(data) != int.from_bytes(end, "little"):
                raise ValueError(f"the record that ends at byte {stream.tell()} is damaged")
            yield data, stream.tell()


def _row(event: bytes, left_out: Counter[str]) -> ImportedRow | None:
    """Return what an event logs, or None if it logs nothing that is imported."""
    time, step = 0.0, 0
    values: dict[str, float] = {}
    files: list[ImportedFile] = []
    config: dict[str, Any] = {}
    for number, value in protobuf.fields(event):
        if number == 1 and isinstance(value, bytes):
            (time,) = protobuf.numbers(value, "d")
        elif number == 2 and isinstance(value, int):
            step = protobuf.signed(value)
        elif number == 5 and isinstance(value, bytes):
            for inner, entry in protobuf.fields(value):
                if inner == 1 and isinstance(entry, bytes):
                    found = summary_value(entry)
                    values |= found.numbers
                    files += found.files
                    config |= found.config
                    if found.left_out:
                        left_out[found.left_out] += 1
    return ImportedRow(step, time, values, tuple(files), config) if values or files or config else None


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_CRC = _crc_table()


def masked_crc(data: bytes) -> int:
    """Return the masked CRC-32C of TFRecord files."""
    value = 0xFFFFFFFF
    for byte in data:
        value = _CRC[(value ^ byte) & 0xFF] ^ value >> 8
    value ^= 0xFFFFFFFF
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF
