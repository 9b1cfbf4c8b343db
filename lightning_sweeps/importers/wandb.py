"""Imports the record files of wandb runs (`run-*.wandb`), offline or synchronized, without the package wandb.

A file is a header of seven bytes, then a log in LevelDB's format: blocks of 32 KiB, and records that are split into
fragments at block boundaries. A record is a protocol buffer; field numbers are those of wandb's published `.proto`
files. Log format: https://github.com/google/leveldb/blob/main/doc/log_format.md
"""

from __future__ import annotations

import json
import struct
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lightning_sweeps.importers import protobuf
from lightning_sweeps.importers.imported_run import ImportedRow, ImportedRun
from lightning_sweeps.importers.importer import Importer

FILE_HEADER = b":W&B" + struct.pack("<HB", 0xBEE1, 0)
BLOCK_BYTES = 32 * 1024
_FRAGMENT = struct.Struct("<IHB")  # CRC-32 of kind and content, length of the content, kind
_WHOLE, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4

_HISTORY, _CONFIG, _RUN = 2, 5, 17
"""Field numbers of the records that are imported."""
_LEFT_OUT = {4: "printed lines", 7: "samples of the machine", 8: "artifacts", 13: "printed lines"}
_INTERNAL_PREFIX = "_"
"""Prefix of the keys that wandb itself adds: step, time, runtime."""


@dataclass(slots=True)
class _RecordFile:
    """The contents of one file."""

    run_id: str = ""
    name: str = ""
    project: str = ""
    group: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    rows: list[ImportedRow] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    problem: str = ""


class WandbImporter(Importer):
    """Reads the runs of a `wandb` folder; a run that was resumed has several files."""

    name = "wandb"
    description = "record files of Weights & Biases, for example a `wandb` folder"
    file_patterns = ("*.wandb",)
    leaves_out = "printed lines, samples of the machine, artifacts, texts, media and histograms"

    def read(self, path: Path) -> Iterator[ImportedRun]:
        """Yield the runs of all record files, with the rows of each file."""
        by_run: defaultdict[str, dict[str, _RecordFile]] = defaultdict(dict)
        for file in self.files(path):
            log = _read_file(file)
            by_run[log.run_id or file.stem.removeprefix("run-")][f"{file.parent.name}/{file.name}"] = log
        for run_id, logs in by_run.items():
            yield _merge_files(run_id, logs)


def _merge_files(run_id: str, logs: dict[str, _RecordFile]) -> ImportedRun:
    last = list(logs.values())[-1]
    config: dict[str, Any] = {}
    left_out: Counter[str] = Counter()
    for log in logs.values():
        config |= log.config
        left_out += log.left_out
    return ImportedRun(
        f"{last.name} {run_id}" if last.name else run_id,
        {name: log.rows for name, log in logs.items()},
        config,
        dict(left_out),
        "; ".join(f"`{name}`: {log.problem}" for name, log in logs.items() if log.problem),
        project=last.project,
        group=last.group,
    )


def _read_file(path: Path) -> _RecordFile:
    log = _RecordFile()
    try:
        for record in records(path):
            _add_record(log, record)
    except (ValueError, RecursionError) as error:
        log.problem = str(error)
    return log


def records(path: Path) -> Iterator[bytes]:
    """Yield the records of a file. An incomplete record at the end is left out.

    Raises:
        ValueError: the file is not a wandb record file, or it is damaged.
    """
    with path.open("rb") as stream:
        if stream.read(len(FILE_HEADER)) != FILE_HEADER:
            raise ValueError("it does not begin like a wandb record file")
        parts: list[bytes] = []
        at = len(FILE_HEADER)
        while block := stream.read(BLOCK_BYTES - at % BLOCK_BYTES):
            for kind, fragment in _fragments(block, at):
                if kind in (_WHOLE, _FIRST) and parts:
                    raise ValueError(f"the record before byte {at + len(block)} has no end")
                parts.append(fragment)
                if kind in (_WHOLE, _LAST):
                    yield b"".join(parts)
                    parts = []
            at += len(block)


def _fragments(block: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield kind and content of the fragments of a block that begins at byte `at` of its file."""
    start = 0
    while start + _FRAGMENT.size <= len(block):
        checksum, length, kind = _FRAGMENT.unpack_from(block, start)
        end = start + _FRAGMENT.size + length
        if kind == 0 and length == 0 and checksum == 0:
            return  # the rest of the block is empty
        if (at + end - 1) // BLOCK_BYTES > at // BLOCK_BYTES or not _WHOLE <= kind <= _LAST:
            raise ValueError(f"byte {at + start} is not the start of a record")
        if end > len(block):
            return  # incomplete: the file ends here
        content = block[start + _FRAGMENT.size : end]
        if zlib.crc32(content, zlib.crc32(bytes([kind]))) != checksum:
            raise ValueError(f"the record at byte {at + start} is damaged")
        yield kind, content
        start = end


def _add_record(log: _RecordFile, record: bytes) -> None:
    for number, value in protobuf.fields(record):
        if number in _LEFT_OUT:
            log.left_out[_LEFT_OUT[number]] += 1
        elif not isinstance(value, bytes):
            continue
        elif number == _HISTORY:
            row = _row(value, log.left_out)
            if row is not None:
                log.rows.append(row)
        elif number == _CONFIG:
            _configure(log.config, value)
        elif number == _RUN:
            _describe(log, value)


def _row(message: bytes, left_out: Counter[str]) -> ImportedRow | None:
    """Return the numbers of a history record, or None if it has none."""
    items: dict[str, Any] = {}
    step = 0
    for number, value in protobuf.fields(message):
        if number == 1 and isinstance(value, bytes):
            _put(items, *_item(value))
        elif number == 2 and isinstance(value, bytes):
            step = next(
                (protobuf.signed(at) for inner, at in protobuf.fields(value) if inner == 1 and isinstance(at, int)), 0
            )
    time = items.get("_timestamp", 0.0)
    values: dict[str, float] = {}
    for name, content in items.items():
        if not name.startswith(_INTERNAL_PREFIX):
            _flatten(name, content, values, left_out)
    is_number = isinstance(time, int | float)
    return ImportedRow(step, float(time) if is_number else 0.0, values) if values else None


def _flatten(name: str, content: Any, values: dict[str, float], left_out: Counter[str]) -> None:
    """Add the numbers of an item to `values` under dotted keys; count its other contents."""
    if isinstance(content, int | float):
        try:
            values[name] = float(content)
        except OverflowError:
            left_out["numbers beyond floats"] += 1
    elif isinstance(content, dict) and "_type" not in content:
        for inner, value in content.items():
            _flatten(f"{name}.{inner}", value, values, left_out)
    else:
        kind = str(content["_type"]) if isinstance(content, dict) else "text" if isinstance(content, str) else "list"
        left_out[f"{kind}s"] += 1


def _item(message: bytes) -> tuple[list[str], Any]:
    """Return the key (one part per level) and the value of an item of a row or configuration."""
    key: list[str] = []
    content: Any = None
    for number, value in protobuf.fields(message):
        if number in (1, 2) and isinstance(value, bytes):
            key.append(value.decode("utf-8", "replace"))
        elif number == 16 and isinstance(value, bytes):
            content = json.loads(value)
    return key, content


def _put(values: dict[str, Any], key: list[str], content: Any) -> None:
    """Set the value of a key with several levels."""
    for part in key[:-1]:
        below = values.get(part)
        if not isinstance(below, dict):
            below = values[part] = {}
        values = below
    if key:
        values[key[-1]] = content


def _configure(config: dict[str, Any], message: bytes) -> None:
    """Add the items of a configuration record."""
    for number, value in protobuf.fields(message):
        if number != 1 or not isinstance(value, bytes):
            continue
        key, content = _item(value)
        if key[:1] != ["_wandb"]:
            _put(config, key, content)


def _describe(log: _RecordFile, message: bytes) -> None:
    """Read id, project, group, name and configuration of the run."""
    fields = {1: "run_id", 3: "project", 6: "group", 8: "name"}
    for number, value in protobuf.fields(message):
        if number in fields and isinstance(value, bytes):
            setattr(log, fields[number], value.decode("utf-8", "replace"))
        elif number == 4 and isinstance(value, bytes):
            _configure(log.config, value)
