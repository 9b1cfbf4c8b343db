"""Folds the records of a journal part into one batch, so that each table is written once. Pure functions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from lightning_sweeps.journal import records
from lightning_sweeps.journal.values import MAX_DEPTH, MAX_KEYS, unique_key
from lightning_sweeps.store.column_values import int32, int64, plain, text, usable_time
from lightning_sweeps.store.series.blocks import Block
from lightning_sweeps.store.series.chunks import MICROSECONDS
from lightning_sweeps.store.series.owners import ID_LENGTH, process_of

MAX_KEY_LENGTH = 512
"""Maximum length of a key. Longer keys are cut and end in a digest, because a database index cannot store them."""

MAX_FILES = 100_000
"""Maximum number of files of one artifact."""
MAX_EXACT_INT = 2**53
"""A series stores numbers as 64-bit floats, which hold integers up to this one exactly."""
_EXACT = frozenset({float, bool})
_NUMBERS = _EXACT | {int}

Row: TypeAlias = tuple[int, float, dict[str, Any]]
"""Step, time in seconds since the epoch, and the values of one `log()` call, by flat key."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that cannot be stored: its index among the records of the part, and the reason."""

    index: int
    reason: str


@dataclass(slots=True)
class Batch:
    """The changes that the records of a journal part make.

    Attributes:
        finish: how the journal ended; None while it is open.
        headers: the headers; a process that resumes its journal writes another one.
        rows: the `log()` calls, in order.
        blocks: the numbers of the rows, in one block per set of keys.
        exact: rows of the table `logged_value`: what a series cannot store exactly.
        logged: the last logged value of each key, in the types of JSON.
        summary: values that the user set, by key.
        config: additions to the configuration, nested.
        labels: the name, the notes and the tags that the program set last, as far as it did.
        console: rows of the table `console`.
        media: rows of the table `media`.
        artifacts: created and used artifacts.
        stalls: ranks without progress, as a node's service reports them.
        samples: samples of the processes of runs, in one block per run and set of keys.
        latest: time of the newest record; 0 if there is none.
        rejected: records that cannot be stored.
    """

    finish: dict[str, Any] | None
    headers: list[records.Header] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    blocks: dict[tuple[str, ...], Block] = field(default_factory=dict)
    exact: list[dict[str, Any]] = field(default_factory=list)
    logged: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, Any] = field(default_factory=dict)
    console: list[dict[str, Any]] = field(default_factory=list)
    media: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[records.ArtifactRecord] = field(default_factory=list)
    stalls: list[records.Stall] = field(default_factory=list)
    samples: dict[tuple[str, ...], Block] = field(default_factory=dict)
    latest: float = 0.0
    rejected: list[Rejection] = field(default_factory=list)


class UnstorableRecord(Exception):
    """The record cannot be stored."""


def fold(entries: Iterable[records.Record], *, finish: dict[str, Any] | None, now: float) -> Batch:
    """Fold records into a batch. A record that cannot be stored is rejected; the others are kept.

    Args:
        entries: records of one journal, in its order.
        finish: how the journal ended before them; None if it is open.
        now: replaces times that are not usable, in seconds since the epoch.
    """
    batch = Batch(finish)
    others: dict[str, tuple[int, Any]] = {}
    for index, entry in enumerate(entries):
        try:
            _add(batch, entry, now, others)
        except UnstorableRecord as problem:
            batch.rejected.append(Rejection(index, str(problem)))
    _note_last(batch, others)
    return batch


def check(values: object) -> None:
    """Check that values are a map of a reasonable size.

    Raises:
        UnstorableRecord: the values are not a map, have too many keys, or are nested too deeply.
    """
    if not isinstance(values, dict):
        raise UnstorableRecord(f"the values are of type `{type(values).__name__}`, not a map")
    level: list[Any] = [values]
    keys = 0
    for depth in range(MAX_DEPTH + 1):
        inner = [item for one in level for item in (one.values() if isinstance(one, dict) else one)]
        keys += sum(len(one) for one in level if isinstance(one, dict))
        if keys > MAX_KEYS:
            raise UnstorableRecord(f"the record has more than {MAX_KEYS} keys")
        level = [item for item in inner if isinstance(item, dict | list | tuple)]
        if not level:
            return
        if depth == MAX_DEPTH:
            raise UnstorableRecord(f"the values are nested more than {MAX_DEPTH} deep")


def flatten(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of nested maps with their keys, joined by dots."""
    for name, value in values.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict):
            yield from flatten(value, f"{key}.")
        else:
            yield _key(key), value


def merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return `below` updated by `above`. Nested maps are merged."""
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        merged[key] = merge(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged


def _add(batch: Batch, entry: records.Record, now: float, others: dict[str, tuple[int, Any]]) -> None:
    if isinstance(entry, records.Metrics):
        _add_row(batch, entry, now, others)
        return
    if isinstance(entry, records.Header):
        if entry.run is not None:
            check(entry.run.config)
        batch.headers.append(entry)
        batch.finish = None
        batch.latest = max(batch.latest, usable_time(entry.created, now))
        return
    if isinstance(entry, records.Config):
        check(entry.values)
        batch.config = merge(batch.config, plain(entry.values))
    elif isinstance(entry, records.Summary):
        check(entry.values)
        batch.summary.update((key, plain(value)) for key, value in flatten(entry.values))
    elif isinstance(entry, records.Labels):
        given = {"name": entry.name, "notes": entry.notes, "tags": entry.tags}
        batch.labels.update((name, plain(value)) for name, value in given.items() if value is not None)
    elif isinstance(entry, records.Text):
        line = {"stream": entry.stream, "line": text(entry.line), "time": usable_time(entry.time, now)}
        batch.console.append({"sequence": int64(entry.sequence), **line})
    elif isinstance(entry, records.Media):
        batch.media.append(_media(entry, now))
    elif isinstance(entry, records.ArtifactRecord):
        batch.artifacts.append(_artifact(entry, now))
    elif isinstance(entry, records.Stall):
        batch.stalls.append(entry)
    elif isinstance(entry, records.ProcessSample):
        _add_sample(batch, entry, now)
    elif isinstance(entry, records.Finish):
        _end(batch, entry, now)
    batch.latest = max(batch.latest, usable_time(entry.time, now))


def _add_row(batch: Batch, row: records.Metrics, now: float, others: dict[str, tuple[int, Any]]) -> None:
    """Add one `log()` call. Rows that have only numbers, under known keys, take a fast path."""
    values = row.values
    raw = tuple(values)
    block = batch.blocks.get(raw)
    step, time = int64(row.step), usable_time(row.time, now)
    if block is None or not _is_exact(values):
        values, problem = _flat(values)
        numbers = {key: value for key, value in values.items() if isinstance(value, bool | int | float)}
        for key, value in values.items():
            batch.logged.setdefault(key, None)
            if key not in numbers:
                others[key] = (row.sequence, plain(value))
            if key not in numbers or (isinstance(value, int) and abs(value) > MAX_EXACT_INT):
                exact_time = round(time * MICROSECONDS) / MICROSECONDS  # as that of a point in the same row
                place = {"sequence": int64(row.sequence), "step": step, "time": exact_time}
                batch.exact.append(place | {"key": key, "value": plain(value)})
        keys = tuple(numbers)
        block = batch.blocks.get(keys)
        if block is None:
            block = batch.blocks[keys] = Block(keys)
        block.rows.append(list(numbers.values()))
    else:
        problem = ""
        block.rows.append(list(values.values()))
    block.sequences.append(int64(row.sequence))
    block.steps.append(step)
    block.times.append(time)
    batch.finish = None
    batch.rows.append((step, time, values))
    batch.latest = max(batch.latest, time)
    if problem:
        raise UnstorableRecord(problem)  # the rest of the row is stored


def _flat(values: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the values of a row by flat key, and the reason why some of them are left out.

    If nested and dotted keys, or a number and its text, make the same flat key, the later one gets another name.

    Raises:
        UnstorableRecord: the values are not a map, or there are too many keys.
    """
    problem = ""
    kept = values
    try:
        check(values)
    except UnstorableRecord as error:
        if not isinstance(values, dict) or len(values) > MAX_KEYS:
            raise
        kept, problem = {key: value for key, value in values.items() if _is_storable(value)}, str(error)
    found: dict[str, Any] = {}
    for key, value in flatten(kept):
        found[unique_key(key, found)] = value
    return found, problem


def _is_storable(value: Any) -> bool:
    try:
        check({"": value})
    except UnstorableRecord:
        return False
    return True


def _is_exact(values: dict[str, Any]) -> bool:
    """Return whether a series stores all values exactly: numbers, of which no integer is too long."""
    types = set(map(type, values.values()))
    if types <= _EXACT:
        return True
    return types <= _NUMBERS and all(abs(value) <= MAX_EXACT_INT for value in values.values() if type(value) is int)


def _add_sample(batch: Batch, sample: records.ProcessSample, now: float) -> None:
    """Add a row to the series of a run's process. As in a node's own rows, steps are seconds since the epoch.

    Raises:
        UnstorableRecord: the run's id is not allowed, or there are too many keys.
    """
    run = text(sample.run)
    if not 0 < len(run) <= ID_LENGTH or "/" in run:
        raise UnstorableRecord(f"the run id `{run[:ID_LENGTH]}` is not allowed")
    check(sample.values)
    values = {_key(key): value for key, value in sample.values.items()}
    if not values:
        return
    time = usable_time(sample.time, now)
    block = batch.samples.setdefault((run, *values), Block(tuple(values), process_of(run)))
    block.sequences.append(int64(sample.sequence))
    block.steps.append(int64(int(time)))
    block.times.append(time)
    block.rows.append(list(values.values()))


def _note_last(batch: Batch, others: dict[str, tuple[int, Any]]) -> None:
    """Set the last value of each key, from the block or the other values that have it in the latest row."""
    for block in batch.blocks.values():
        for key, value in zip(block.keys, block.rows[-1], strict=True):
            known = others.get(key)
            if known is None or known[0] < block.sequences[-1]:
                others[key] = (block.sequences[-1], plain(value))
    for key in batch.logged:
        batch.logged[key] = others[key][1]


def _end(batch: Batch, finish: records.Finish, now: float) -> None:
    """Set how the journal ended. The run's own report takes precedence over the service's."""
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
        "caption": text(entry.caption),
        "position": int32(entry.index),
    }


def _artifact(entry: records.ArtifactRecord, now: float) -> records.ArtifactRecord:
    """Convert an artifact record to what columns accept.

    Raises:
        UnstorableRecord: its name is too long, it has too many files, or its metadata is nested too deeply.
    """
    if not 0 < len(entry.name) <= MAX_KEY_LENGTH:
        raise UnstorableRecord(f"the artifact's name has {len(entry.name)} characters, allowed: 1 to {MAX_KEY_LENGTH}")
    if len(entry.files) > MAX_FILES:
        raise UnstorableRecord(f"the artifact has {len(entry.files)} files, allowed: {MAX_FILES}")
    check(entry.metadata)
    files = [
        records.ArtifactFileRecord(text(file.path), text(file.digest), int64(file.size_bytes)) for file in entry.files
    ]
    return records.ArtifactRecord(
        int64(entry.sequence),
        usable_time(entry.time, now),
        text(entry.name),
        text(entry.kind),
        int32(entry.version),
        text(entry.digest),
        entry.role,
        [_key(alias) for alias in entry.aliases if alias],
        plain(entry.metadata),
        files,
    )


def _key(key: str) -> str:
    key = text(key)
    if len(key) <= MAX_KEY_LENGTH:
        return key
    return f"{key[:MAX_KEY_LENGTH]}~{hashlib.blake2b(key.encode(), digest_size=8).hexdigest()}"
