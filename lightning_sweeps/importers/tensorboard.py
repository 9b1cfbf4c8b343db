"""Imports TensorBoard event files: records with checksums; each record is one `Event` message.

Record format: https://www.tensorflow.org/tutorials/load_data/tfrecord
Messages: `event.proto`, `summary.proto` and `tensor.proto` of TensorFlow.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lightning_sweeps.importers import protobuf
from lightning_sweeps.importers.imported_run import ImportedRow, ImportedRun
from lightning_sweeps.importers.importer import Importer

MAX_RECORD_BYTES = 1 << 30
_LENGTH = struct.Struct("<QI")
_CHECKSUM_BYTES = 4
_FLOAT, _DOUBLE, _INT32, _INT64, _HALF = 1, 2, 3, 9, 19
"""Values of the enum `DataType` for scalars."""
_FORMATS = {_FLOAT: "f", _DOUBLE: "d", _INT32: "i", _INT64: "q", _HALF: "e"}


class TensorBoardImporter(Importer):
    """Reads one run per folder with event files, like TensorBoard."""

    name = "tensorboard"
    description = "TensorBoard event files"
    file_patterns = ("*tfevents*",)
    leaves_out = "images, sounds, histograms, texts and other tensors"

    def read(self, path: Path) -> Iterator[ImportedRun]:
        """Yield a run for every folder with event files, named after the folder's path below `path`."""
        found = self.files(path)
        for folder in dict.fromkeys(file.parent for file in found):
            files = [file for file in found if file.parent == folder]
            name = folder.relative_to(path).as_posix() if path.is_dir() else "."
            yield _read_run(folder.resolve().name if name == "." else name, files)


def _read_run(name: str, files: list[Path]) -> ImportedRun:
    rows_by_file: dict[str, list[ImportedRow]] = {}
    left_out: Counter[str] = Counter()
    problems = []
    for path in files:
        rows = rows_by_file[path.name] = []
        try:
            for event in records(path):
                row = _row(event, left_out)
                if row is not None:
                    rows.append(row)
        except ValueError as error:
            problems.append(f"`{path.name}`: {error}")
    return ImportedRun(name, rows_by_file, left_out=dict(left_out), problem="; ".join(problems))


def records(path: Path) -> Iterator[bytes]:
    """Yield the payload of each record of an event file. An incomplete record at the end is left out.

    Raises:
        ValueError: the file is not an event file, or it is damaged.
    """
    with path.open("rb") as stream:
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
            yield data


def _row(event: bytes, left_out: Counter[str]) -> ImportedRow | None:
    """Return the scalars of an event, or None if it has none."""
    time, step, values = 0.0, 0, {}
    for number, value in protobuf.fields(event):
        if number == 1 and isinstance(value, bytes):
            (time,) = protobuf.numbers(value, "d")
        elif number == 2 and isinstance(value, int):
            step = protobuf.signed(value)
        elif number == 5 and isinstance(value, bytes):
            for inner, entry in protobuf.fields(value):
                if inner == 1 and isinstance(entry, bytes):
                    tag, scalar = _value(entry)
                    if scalar is not None:
                        values[tag] = scalar
                    else:
                        left_out[_kind(entry)] += 1
    return ImportedRow(step, time, values) if values else None


def _value(entry: bytes) -> tuple[str, float | None]:
    """Return the tag of a summary value and its number; None instead of the number if it is not a scalar."""
    tag, scalar = "", None
    for number, value in protobuf.fields(entry):
        if number == 1 and isinstance(value, bytes):
            tag = value.decode("utf-8", "replace")
        elif number == 2 and isinstance(value, bytes):
            (scalar,) = protobuf.numbers(value, "f")
        elif number == 8 and isinstance(value, bytes):
            scalar = _scalar_of_tensor(value)
    return tag, scalar


def _scalar_of_tensor(tensor: bytes) -> float | None:
    """Return the number of a tensor with one element; None for any other tensor."""
    kind, found, sizes = 0, [], []
    for number, value in protobuf.fields(tensor):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number == 2 and isinstance(value, bytes):
            sizes = [size for _, dimension in protobuf.fields(value) if isinstance(dimension, bytes)
                     for inner, size in protobuf.fields(dimension) if inner == 1 and isinstance(size, int)]  # fmt: skip
        elif number == 4 and isinstance(value, bytes) and kind in _FORMATS:
            found = protobuf.numbers(value, _FORMATS[kind])
        elif number in (5, 6) and isinstance(value, bytes):
            found = protobuf.numbers(value, "f" if number == 5 else "d")
        elif number in (7, 10) and isinstance(value, int):
            found = [float(protobuf.signed(value))]
    return float(found[0]) if len(found) == 1 and math.prod(sizes) == 1 else None


def _kind(entry: bytes) -> str:
    names = {3: "images", 4: "images", 5: "histograms", 6: "sounds", 8: "tensors"}
    return next((names[number] for number, _ in protobuf.fields(entry) if number in names), "other values")


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
