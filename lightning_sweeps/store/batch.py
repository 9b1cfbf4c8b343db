"""What one part of a journal changes: a pure fold of its records, so that the database is written once per kind."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from lightning_sweeps.journal import records
from lightning_sweeps.store.column_values import int32, int64, plain, text, usable_time
from lightning_sweeps.store.series.blocks import Block
from lightning_sweeps.store.series.owners import ID_LENGTH, process_of

KEY_LENGTH = 512
"""Longer keys are cut and end in a digest: a database's index does not hold them."""

MOST_KEYS = 20_000
"""A record with more is set aside."""
MOST_DEPTH = 32
MOST_FILES = 100_000
"""Of one artifact."""
_NUMBERS = frozenset({float, int, bool})

Row: TypeAlias = tuple[int, float, dict[str, Any]]
"""Step, time, and the values of one `log()` call under flat keys."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that the database is not given: where its number is among those that were folded, and why."""

    index: int
    reason: str


@dataclass(slots=True)
class Batch:
    """The sum of some records.

    Attributes:
        rows: the `log()` calls, in order.
        blocks: their numbers, in one block per set of keys.
        logged: the last logged value of each key, in JSON's types; `summary` those set by the user.
        config: what was added to the configuration, nested.
        stalls: what a node's service says of ranks that do not go on.
        samples: what it says of the processes of runs, in one block per run and set of keys.
        finish: how the journal ended as far as it is known, None while it is open.
        latest: the newest time of a record, 0 where no record has one.
        aside: records that were left out.
    """

    finish: dict[str, Any] | None
    headers: list[records.Header] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    blocks: dict[tuple[str, ...], Block] = field(default_factory=dict)
    logged: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    console: list[dict[str, Any]] = field(default_factory=list)
    media: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[records.Artifact] = field(default_factory=list)
    stalls: list[records.Stall] = field(default_factory=list)
    samples: dict[tuple[str, ...], Block] = field(default_factory=dict)
    latest: float = 0.0
    rejected: list[Rejected] = field(default_factory=list)


class UnstorableRecord(Exception):
    """A record that no database should be given."""


def fold(entries: Iterable[records.Record], *, finish: dict[str, Any] | None, now: float) -> Batch:
    """Return what `entries` change; a record that cannot be stored is set aside, and the rest goes on.

    Args:
        entries: records of one journal, in its order.
        finish: how the journal had ended before them, None where it is open.
        now: stands in for a time that is none.
    """
    batch = Batch(finish)
    said: dict[str, tuple[int, Any]] = {}
    for index, entry in enumerate(entries):
        try:
            _add(batch, entry, now, said)
        except UnstorableRecord as problem:
            batch.rejected.append(Rejected(index, str(problem)))
    _note_last(batch, said)
    return batch


def check(values: object) -> None:
    """Raise `UnstorableRecord` where a map is none, is nested too deep or has too many keys.

    Raises:
        UnstorableRecord: says which it is.
    """
    if not isinstance(values, dict):
        raise UnstorableRecord(f"the values are of type `{type(values).__name__}`, not a map")
    level: list[Any] = [values]
    keys = 0
    for depth in range(MOST_DEPTH + 1):
        inner = [item for one in level for item in (one.values() if isinstance(one, dict) else one)]
        keys += sum(len(one) for one in level if isinstance(one, dict))
        if keys > MOST_KEYS:
            raise UnstorableRecord(f"the record has more than {MOST_KEYS} keys")
        level = [item for item in inner if isinstance(item, dict | list | tuple)]
        if not level:
            return
        if depth == MOST_DEPTH:
            raise UnstorableRecord(f"the values are nested more than {MOST_DEPTH} deep")


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


def _add(batch: Batch, entry: records.Record, now: float, said: dict[str, tuple[int, Any]]) -> None:
    if isinstance(entry, records.Metrics):
        _add_row(batch, entry, now, said)
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
    elif isinstance(entry, records.Text):
        line = {"stream": entry.stream, "line": text(entry.line), "time": usable_time(entry.time, now)}
        batch.console.append({"sequence": int64(entry.sequence), **line})
    elif isinstance(entry, records.Media):
        batch.media.append(_media(entry, now))
    elif isinstance(entry, records.Artifact):
        batch.artifacts.append(_artifact(entry, now))
    elif isinstance(entry, records.Stall):
        batch.stalls.append(entry)
    elif isinstance(entry, records.ProcessSample):
        _add_sample(batch, entry, now)
    elif isinstance(entry, records.Finish):
        _end(batch, entry, now)
    batch.latest = max(batch.latest, usable_time(entry.time, now))


def _add_row(batch: Batch, row: records.Metrics, now: float, said: dict[str, tuple[int, Any]]) -> None:
    """Add one `log()` call; rows of numbers alone under keys that were seen before take the short way."""
    values = row.values
    raw = tuple(values)
    block = batch.blocks.get(raw)
    if block is None or not _NUMBERS.issuperset(map(type, values.values())):
        check(values)
        values = dict(flatten(values))
        numbers = {key: value for key, value in values.items() if isinstance(value, bool | int | float)}
        for key, value in values.items():
            batch.logged.setdefault(key, None)
            if key not in numbers:
                said[key] = (row.sequence, plain(value))
        keys = tuple(numbers)
        block = batch.blocks.get(keys)
        if block is None:
            block = batch.blocks[keys] = Block(keys)
        block.rows.append(list(numbers.values()))
    else:
        block.rows.append(list(values.values()))
    step, time = int64(row.step), usable_time(row.time, now)
    block.sequences.append(int64(row.sequence))
    block.steps.append(step)
    block.times.append(time)
    batch.finish = None
    batch.rows.append((step, time, values))
    batch.latest = max(batch.latest, time)


def _add_sample(batch: Batch, sample: records.ProcessSample, now: float) -> None:
    """Add a row to the series of a run's process; as in a node's own rows, a step is a second since the epoch.

    Raises:
        UnstorableRecord: it names no run that there can be, or has too many keys.
    """
    run = text(sample.run)
    if not 0 < len(run) <= ID_LENGTH or "/" in run:
        raise UnstorableRecord(f"`{run[:ID_LENGTH]}` is no run's id")
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


def _note_last(batch: Batch, said: dict[str, tuple[int, Any]]) -> None:
    """Write the last value of each key: of the block or the text that has it in the latest row."""
    for block in batch.blocks.values():
        for key, value in zip(block.keys, block.rows[-1], strict=True):
            known = said.get(key)
            if known is None or known[0] < block.sequences[-1]:
                said[key] = (block.sequences[-1], plain(value))
    for key in batch.logged:
        batch.logged[key] = said[key][1]


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
        "caption": text(entry.caption),
        "position": int32(entry.index),
    }


def _artifact(entry: records.Artifact, now: float) -> records.Artifact:
    """Return the record as columns take it.

    Raises:
        UnstorableRecord: its name or the number of its files is impossible, or what is said of it is nested too deep.
    """
    if not 0 < len(entry.name) <= KEY_LENGTH:
        raise UnstorableRecord(f"the artifact's name has {len(entry.name)} characters, allowed are 1 to {KEY_LENGTH}")
    if len(entry.files) > MOST_FILES:
        raise UnstorableRecord(f"the artifact has {len(entry.files)} files, allowed are {MOST_FILES}")
    check(entry.metadata)
    files = [records.ArtifactFile(text(file.path), text(file.digest), int64(file.size_bytes)) for file in entry.files]
    return records.Artifact(
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
    if len(key) <= KEY_LENGTH:
        return key
    return f"{key[:KEY_LENGTH]}~{hashlib.blake2b(key.encode(), digest_size=8).hexdigest()}"
