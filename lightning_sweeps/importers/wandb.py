"""The record files of wandb runs (`run-*.wandb`), offline ones and synchronised ones: rows and configuration.

A file is a head of seven bytes and then a log as LevelDB writes it: blocks of 32 KiB, records in pieces that end with
their block. A record is a protocol buffer; the numbers of its fields are those of wandb's published `.proto` files. The
format of the log is public: https://github.com/google/leveldb/blob/main/doc/log_format.md
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
from lightning_sweeps.importers.imported_run import PastRun, Row

PATTERN = "*.wandb"
HEAD = b":W&B" + struct.pack("<HB", 0xBEE1, 0)
BLOCK_BYTES = 32 * 1024
_PIECE = struct.Struct("<IHB")  # CRC-32 of kind and content, length of the content, kind
_WHOLE, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4

_HISTORY, _CONFIG, _RUN = 2, 5, 17
"""Kinds of records that are taken."""
_LEFT_OUT = {4: "printed lines", 7: "samples of the machine", 8: "artifacts", 13: "printed lines"}
_OWN = "_"
"""Keys that begin so are wandb's own: step, time, runtime."""


@dataclass(slots=True)
class _Log:
    """What one file says of its run."""

    run_id: str = ""
    name: str = ""
    project: str = ""
    group: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    problem: str = ""


def read(root: Path) -> Iterator[PastRun]:
    """Yield the runs of all record files under `root`; several files of one run are its parts."""
    files = sorted(path for path in root.rglob(PATTERN) if path.is_file()) if root.is_dir() else [root]
    by_run: defaultdict[str, dict[str, _Log]] = defaultdict(dict)
    for path in files:
        log = _read_log(path)
        by_run[log.run_id or path.stem.removeprefix("run-")][f"{path.parent.name}/{path.name}"] = log
    for run_id, logs in by_run.items():
        yield _together(run_id, logs)


def _together(run_id: str, logs: dict[str, _Log]) -> PastRun:
    last = list(logs.values())[-1]
    config: dict[str, Any] = {}
    left_out: Counter[str] = Counter()
    for log in logs.values():
        config |= log.config
        left_out += log.left_out
    return PastRun(
        f"{last.name} {run_id}" if last.name else run_id,
        {name: log.rows for name, log in logs.items()},
        config,
        dict(left_out),
        "; ".join(f"`{name}`: {log.problem}" for name, log in logs.items() if log.problem),
        project=last.project,
        group=last.group,
    )


def _read_log(path: Path) -> _Log:
    log = _Log()
    try:
        for record in records(path):
            _take(log, record)
    except (ValueError, RecursionError) as error:
        log.problem = str(error)
    return log


def records(path: Path) -> Iterator[bytes]:
    """Yield the records of a file; one that is cut at the end is not there yet.

    Raises:
        ValueError: the file is none of these, or damaged.
    """
    with path.open("rb") as stream:
        if stream.read(len(HEAD)) != HEAD:
            raise ValueError("it does not begin as a wandb record file does")
        parts: list[bytes] = []
        at = len(HEAD)
        while block := stream.read(BLOCK_BYTES - at % BLOCK_BYTES):
            for kind, piece in _pieces(block, at):
                if kind in (_WHOLE, _FIRST) and parts:
                    raise ValueError(f"a record has no end before byte {at + len(block)}")
                parts.append(piece)
                if kind in (_WHOLE, _LAST):
                    yield b"".join(parts)
                    parts = []
            at += len(block)


def _pieces(block: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield kind and content of the pieces of a block that begins at the byte `at` of its file."""
    start = 0
    while start + _PIECE.size <= len(block):
        checksum, length, kind = _PIECE.unpack_from(block, start)
        end = start + _PIECE.size + length
        if kind == 0 and length == 0 and checksum == 0:
            return  # the rest of the block is empty
        if (at + end - 1) // BLOCK_BYTES > at // BLOCK_BYTES or not _WHOLE <= kind <= _LAST:
            raise ValueError(f"it holds something else than records from byte {at + start}")
        if end > len(block):
            return  # cut: the file ends here
        content = block[start + _PIECE.size : end]
        if zlib.crc32(content, zlib.crc32(bytes([kind]))) != checksum:
            raise ValueError(f"a record is damaged at byte {at + start}")
        yield kind, content
        start = end


def _take(log: _Log, record: bytes) -> None:
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


def _row(message: bytes, left_out: Counter[str]) -> Row | None:
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
        if not name.startswith(_OWN):
            _flatten(name, content, values, left_out)
    is_number = isinstance(time, int | float)
    return Row(step, float(time) if is_number else 0.0, values) if values else None


def _flatten(name: str, content: Any, values: dict[str, float], left_out: Counter[str]) -> None:
    """Add the numbers of an item; what else it holds is counted."""
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
    """Return the key, a part for each level, and the value of an item of rows and configurations."""
    key: list[str] = []
    content: Any = None
    for number, value in protobuf.fields(message):
        if number in (1, 2) and isinstance(value, bytes):
            key.append(value.decode("utf-8", "replace"))
        elif number == 16 and isinstance(value, bytes):
            content = json.loads(value)
    return key, content


def _put(values: dict[str, Any], key: list[str], content: Any) -> None:
    """Write a value under a key of several levels."""
    for part in key[:-1]:
        below = values.get(part)
        if not isinstance(below, dict):
            below = values[part] = {}
        values = below
    if key:
        values[key[-1]] = content


def _configure(config: dict[str, Any], message: bytes) -> None:
    for number, value in protobuf.fields(message):
        if number != 1 or not isinstance(value, bytes):
            continue
        key, content = _item(value)
        if key[:1] != ["_wandb"]:
            _put(config, key, content)


def _describe(log: _Log, message: bytes) -> None:
    words = {1: "run_id", 3: "project", 6: "group", 8: "name"}
    for number, value in protobuf.fields(message):
        if number in words and isinstance(value, bytes):
            setattr(log, words[number], value.decode("utf-8", "replace"))
        elif number == 4 and isinstance(value, bytes):
            _configure(log.config, value)
