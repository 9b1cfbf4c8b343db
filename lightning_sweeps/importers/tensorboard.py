"""TensorBoard's event files: records with checksums, each an `Event` message. Scalars are taken, the rest is counted.

The record format is public: https://www.tensorflow.org/tutorials/load_data/tfrecord
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lightning_sweeps.importers import protobuf
from lightning_sweeps.importers.imported_run import PastRun, Row

PATTERN = "*tfevents*"
MAX_RECORD_BYTES = 1 << 30
_LENGTH = struct.Struct("<QI")
_CHECKSUM_BYTES = 4
_FLOAT, _DOUBLE, _INT32, _INT64, _HALF = 1, 2, 3, 9, 19
_FORMS = {_FLOAT: "f", _DOUBLE: "d", _INT32: "i", _INT64: "q", _HALF: "e"}


def read(root: Path) -> Iterator[PastRun]:
    """Yield a run for every folder under `root` that holds event files, as TensorBoard itself takes them."""
    found = [path for path in sorted(root.rglob(PATTERN)) if path.is_file()] if root.is_dir() else [root]
    for folder in dict.fromkeys(path.parent for path in found):
        files = [path for path in found if path.parent == folder]
        name = folder.relative_to(root).as_posix() if root.is_dir() else "."
        yield _read_run(folder.resolve().name if name == "." else name, files)


def _read_run(name: str, files: list[Path]) -> PastRun:
    parts: dict[str, list[Row]] = {}
    left_out: Counter[str] = Counter()
    problems = []
    for path in files:
        rows = parts[path.name] = []
        try:
            for event in records(path):
                row = _row(event, left_out)
                if row is not None:
                    rows.append(row)
        except ValueError as error:
            problems.append(f"`{path.name}`: {error}")
    return PastRun(name, parts, left_out=dict(left_out), problem="; ".join(problems))


def records(path: Path) -> Iterator[bytes]:
    """Yield the payloads of a file's records; a record that is cut at the end is not there yet.

    Raises:
        ValueError: the file is none of these, or damaged.
    """
    with path.open("rb") as stream:
        while len(head := stream.read(_LENGTH.size)) == _LENGTH.size:
            length, checksum = _LENGTH.unpack(head)
            if masked_crc(head[:8]) != checksum or length > MAX_RECORD_BYTES:
                raise ValueError("it holds something else than records from byte " + str(stream.tell() - len(head)))
            data = stream.read(length)
            end = stream.read(_CHECKSUM_BYTES)
            if len(end) < _CHECKSUM_BYTES:
                return
            if masked_crc(data) != int.from_bytes(end, "little"):
                raise ValueError(f"a record is damaged before byte {stream.tell()}")
            yield data


def _row(event: bytes, left_out: Counter[str]) -> Row | None:
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
    return Row(step, time, values) if values else None


def _value(entry: bytes) -> tuple[str, float | None]:
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
    """Return the one number of a tensor, None where it holds another count of them or something else."""
    kind, found, sizes = 0, [], []
    for number, value in protobuf.fields(tensor):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number == 2 and isinstance(value, bytes):
            sizes = [size for _, dimension in protobuf.fields(value) if isinstance(dimension, bytes)
                     for inner, size in protobuf.fields(dimension) if inner == 1 and isinstance(size, int)]  # fmt: skip
        elif number == 4 and isinstance(value, bytes) and kind in _FORMS:
            found = protobuf.numbers(value, _FORMS[kind])
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
    """Return the masked CRC-32C that these files carry."""
    value = 0xFFFFFFFF
    for byte in data:
        value = _CRC[(value ^ byte) & 0xFF] ^ value >> 8
    value ^= 0xFFFFFFFF
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF
