"""Reads the rows of a run as clients read them: maps from key to value, with step and time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import msgspec

from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.messages import RunDetails
from lightning_sweeps.server.protocols.wandb.caller import Caller
from lightning_sweeps.store import logged_values
from lightning_sweeps.store.series import point_pages, write_buffer, writing

STEP, TIME, RUNTIME = "_step", "_timestamp", "_runtime"
OWN_KEYS = frozenset({STEP, TIME, RUNTIME})
DEFAULT_SAMPLES = 500
MAX_SAMPLES = 100_000
MAX_VALUES = 2_000_000
"""How many values one answer holds while it is put together."""

Row: TypeAlias = dict[str, Any]


def history(
    run: Row, caller: Caller, *, min_step: int | None = None, max_step: int | None = None, samples: int | None = None
) -> list[str]:
    """Return rows as lines of JSON: all with steps from `min_step` to before `max_step`, or a sample of all."""
    known: RunDetails = run["run"]
    last = None if max_step is None else max_step - 1
    rows = read_rows(caller, known, keys_of(caller, known), low=min_step, high=last)
    if max_step is None:
        rows = sample(rows, samples)
    return [msgspec.json.encode(one).decode() for one in rows]


def parquet_history(_: Row, __: Caller, *, live_keys: Sequence[str] | None = None) -> Row:  # noqa: ARG001  its name
    """Return the files of a run's history: there are none, so clients ask for `history` step by step."""
    return {"parquetUrls": [], "liveData": []}


def sampled_history(run: Row, caller: Caller, *, specs: Sequence[str] | None = None) -> list[list[Row]]:
    """Return a sample of the rows that have all keys, for each specification.

    Raises:
        UsageError: a specification is not one.
    """
    known: RunDetails = run["run"]
    return [_sampled(caller, known, *_specification(one)) for one in specs or []]


def history_keys(run: Row, caller: Caller) -> Row:
    """Return the keys of a run's rows, and its last step."""
    known: RunDetails = run["run"]
    kinds: dict[str, Row] = {}
    last_step = -1
    with write_buffer.open_reader(caller.store, [known.id])() as connection:
        for info in writing.all_series(connection, known.id):
            kinds[info.key] = _key("number", info.count)
            last_step = max(last_step, info.last_step)
        for value in logged_values.list_keys(connection, known.id):
            kinds.setdefault(value.key, _key("string", value.count))
        last_step = max(last_step, logged_values.last_step(connection, known.id))
    steps = {name: _key("number", known.rows) for name in (STEP, TIME, RUNTIME)}
    return {"keys": kinds | steps, "lastStep": last_step, "sets": []}


def keys_of(caller: Caller, known: RunDetails) -> list[str]:
    """Return the keys of a run's rows."""
    with write_buffer.open_reader(caller.store, [known.id])() as connection:
        series = [one.key for one in writing.all_series(connection, known.id)]
        return list(dict.fromkeys([*series, *(one.key for one in logged_values.list_keys(connection, known.id))]))


def read_rows(
    caller: Caller, known: RunDetails, keys: Iterable[str], *, low: int | None = None, high: int | None = None
) -> list[Row]:
    """Return rows by step, with these keys, without those of abandoned branches.

    Raises:
        UsageError: there are too many values.
    """
    rows: dict[tuple[str, int], Row] = {}
    count = 0
    with write_buffer.open_reader(caller.store, [known.id])() as connection:
        wanted = set(keys)
        for key in wanted - OWN_KEYS:
            start = None
            while True:
                try:
                    page = point_pages.read_points(
                        connection, caller.store.series, known.id, key, low=low, high=high, start=start
                    )
                except NotFound:
                    break  # a key of texts only
                count += len(page.points)
                _check_count(count)
                for point in page.points:
                    if not point.is_abandoned:
                        row = _row(rows, known, point.journal, point.sequence, point.step, point.time)
                        row[key] = _number(point.value)
                start = page.following
                if start is None:
                    break
        for value in logged_values.values_between(connection, known.id, wanted, low=low, high=high, limit=MAX_VALUES):
            count += 1
            _check_count(count)
            _row(rows, known, value.journal, value.sequence, value.step, value.time)[value.key] = value.value
    return sorted(rows.values(), key=lambda row: (row[STEP], row[TIME]))


def sample(rows: list[Row], wanted: int | None) -> list[Row]:
    """Return at most as many rows, at even distances, with the first and the last one. Pure.

    Raises:
        UsageError: the number is not allowed.
    """
    count = DEFAULT_SAMPLES if wanted is None else wanted
    if not 0 < count <= MAX_SAMPLES:
        raise UsageError(f"the number of samples is {count}, allowed: 1 to {MAX_SAMPLES}")
    if len(rows) <= count:
        return rows
    if count == 1:
        return rows[-1:]
    return [rows[round(at * (len(rows) - 1) / (count - 1))] for at in range(count)]


def _sampled(caller: Caller, known: RunDetails, keys: list[str], count: int) -> list[Row]:
    rows = read_rows(caller, known, keys if set(keys) - OWN_KEYS else keys_of(caller, known))
    complete = [{key: row[key] for key in keys} for row in rows if all(key in row for key in keys)]
    return sample(complete, count)


def _specification(text: str) -> tuple[list[str], int]:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        found = None
    keys = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise UsageError(f"a specification of a history is `{text[:80]}`, allowed: a map with the list `keys` in JSON")
    count = found.get("samples", DEFAULT_SAMPLES)
    return keys, count if isinstance(count, int) else DEFAULT_SAMPLES


def _row(
    rows: dict[tuple[str, int], Row], known: RunDetails, journal: str, sequence: int, step: int, time: float
) -> Row:
    row = rows.get((journal, sequence))
    if row is None:
        row = {STEP: step, TIME: time, RUNTIME: max(0.0, time - known.created)}
        rows[journal, sequence] = row
    return row


def _number(value: float | str) -> Any:
    """Return a value of a series as clients write it in JSON."""
    names = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    if isinstance(value, str):
        return names[value]
    return int(value) if math.isfinite(value) and value == int(value) and abs(value) < 2**53 else value


def _key(kind: str, count: int) -> Row:
    return {"typeCounts": [{"type": kind, "count": count}], "monotonic": False}


def _check_count(count: int) -> None:
    if count > MAX_VALUES:
        raise UsageError(
            f"the rows have more than {MAX_VALUES} values, which one answer cannot hold",
            hint="read fewer keys: `run.scan_history(keys=[...])`",
        )
