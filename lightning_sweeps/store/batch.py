"""What one part of a journal changes: a pure fold of its records, so that the database is written once per kind."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from lightning_sweeps import records
from lightning_sweeps.store.chunks import Columns, columns
from lightning_sweeps.store.plain import int32, int64, plain, text, usable_time

KEY_LENGTH = 512
"""Longer keys are cut and end in a digest: a database's index does not hold them."""

Row: TypeAlias = tuple[int, float, dict[str, Any]]
"""Step, time, and the values of one `log()` call under flat keys."""


@dataclass(slots=True)
class Batch:
    """The sum of some records.

    Attributes:
        rows: the `log()` calls, in order.
        sequences: their numbers in the journal.
        numbers: per key the indexes in `rows` and the values there.
        logged: the last logged value of each key, in JSON's types; `summary` those set by the user.
        config: what was added to the configuration, nested.
        stalls: what a node's service says of ranks that do not go on.
        finish: how the journal ended as far as it is known, None while it is open.
        latest: the newest time of a record, 0 where no record has one.
    """

    finish: dict[str, Any] | None
    headers: list[records.Header] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    sequences: list[int] = field(default_factory=list)
    numbers: dict[str, tuple[list[int], list[float]]] = field(default_factory=dict)
    logged: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    console: list[dict[str, Any]] = field(default_factory=list)
    media: list[dict[str, Any]] = field(default_factory=list)
    stalls: list[records.Stall] = field(default_factory=list)
    latest: float = 0.0

    def points(self) -> dict[str, Columns]:
        """Return the points of each key, in the order in which the keys appeared."""
        return {key: self._columns(*pair) for key, pair in self.numbers.items()}

    def _columns(self, indexes: list[int], values: list[float]) -> Columns:
        return columns(
            [self.sequences[index] for index in indexes],
            [self.rows[index][0] for index in indexes],
            [self.rows[index][1] for index in indexes],
            values,
        )


def fold(entries: Iterable[records.Record], *, finish: dict[str, Any] | None, now: float) -> Batch:
    """Return what `entries` change.

    Args:
        entries: records of one journal, in its order.
        finish: how the journal had ended before them, None where it is open.
        now: stands in for a time that is none.
    """
    batch = Batch(finish)
    for entry in entries:
        _add(batch, entry, now)
    return batch


def flatten(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of nested maps under keys joined by dots."""
    for name, value in values.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict):
            yield from flatten(value, f"{key}.")
        else:
            yield _key(key), value


def merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return `below` with `above` laid over it; maps that both have are merged in turn."""
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        merged[key] = merge(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged


def _add(batch: Batch, entry: records.Record, now: float) -> None:
    if isinstance(entry, records.Metrics):
        _add_row(batch, entry, now)
    elif isinstance(entry, records.Header):
        batch.headers.append(entry)
        batch.finish = None
        batch.latest = max(batch.latest, usable_time(entry.created, now))
        return
    elif isinstance(entry, records.Config):
        batch.config = merge(batch.config, plain(entry.values))
    elif isinstance(entry, records.Summary):
        batch.summary.update((key, plain(value)) for key, value in flatten(entry.values))
    elif isinstance(entry, records.Text):
        line = {"stream": entry.stream, "line": text(entry.line), "time": usable_time(entry.time, now)}
        batch.console.append({"sequence": int64(entry.sequence), **line})
    elif isinstance(entry, records.Media):
        batch.media.append(_media(entry, now))
    elif isinstance(entry, records.Stall):
        batch.stalls.append(entry)
    elif isinstance(entry, records.Finish):
        _end(batch, entry, now)
    batch.latest = max(batch.latest, usable_time(entry.time, now))


def _add_row(batch: Batch, row: records.Metrics, now: float) -> None:
    batch.finish = None
    flat = dict(flatten(row.values))
    index = len(batch.rows)
    batch.rows.append((int64(row.step), usable_time(row.time, now), flat))
    batch.sequences.append(int64(row.sequence))
    for key, value in flat.items():
        batch.logged[key] = plain(value)
        if isinstance(value, bool | int | float):
            indexes, values = batch.numbers.setdefault(key, ([], []))
            indexes.append(index)
            values.append(float(value))


def _end(batch: Batch, finish: records.Finish, now: float) -> None:
    """Take over the end, unless the run itself has said how it ended and this is only what the service saw."""
    if batch.finish is not None and batch.finish["writer"] == "run" and finish.writer == "service":
        return
    batch.finish = {
        "state": finish.state,
        "exit_code": None if finish.exit_code is None else int32(finish.exit_code),
        "signal": None if finish.signal is None else int32(finish.signal),
        "reason": text(finish.reason),
        "writer": finish.writer,
        "time": usable_time(finish.time, now),
    }


def _media(entry: records.Media, now: float) -> dict[str, Any]:
    return {
        "sequence": int64(entry.sequence),
        "step": int64(entry.step),
        "time": usable_time(entry.time, now),
        "key": _key(entry.key),
        "digest": text(entry.digest),
        "size_bytes": int64(entry.size_bytes),
        "mime": text(entry.mime),
    }


def _key(key: str) -> str:
    key = text(key)
    if len(key) <= KEY_LENGTH:
        return key
    return f"{key[:KEY_LENGTH]}~{hashlib.blake2b(key.encode(), digest_size=8).hexdigest()}"
