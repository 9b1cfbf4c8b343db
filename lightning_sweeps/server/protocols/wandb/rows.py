"""Translates the lines of a wandb client's files into records. Pure functions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import msgspec

from lightning_sweeps.core.ids import is_digest
from lightning_sweeps.core.names import media_key
from lightning_sweeps.journal import records
from lightning_sweeps.server.protocols.file_types import mime_type

INTERNAL_PREFIX = "_"
STEP, TIME = "_step", "_timestamp"
_OWN_KEYS = frozenset({STEP, TIME, "_runtime", "_wandb"})
_NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
"""How clients write these numbers in JSON."""

_CONSOLE_LINE = re.compile(r"(ERROR )?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?) ?", re.ASCII)
_GPU_METRIC = re.compile(r"gpu\.(\d+)\.(.+)", re.ASCII)

_NODE_METRICS = {
    "cpu": "cpu.percent",
    "memory_percent": "memory.percent",
    "memory": "memory.percent",
}
_GPU_METRICS = {
    "gpu": "utilization_percent",
    "memoryAllocatedBytes": "memory_used_bytes",
    "memoryAllocated": "memory_percent",
    "temp": "temperature_c",
    "powerWatts": "power_w",
    "smClock": "sm_clock_mhz",
    "memoryClock": "memory_clock_mhz",
}
"""The names that clients give to what our service samples, and its names."""


def history_records(line: str, number: int, *, now: float) -> list[records.Record]:
    """Return the records of a line of `wandb-history.jsonl`: one call of `wandb.log`, and the files that it logs.

    Args:
        line: the line.
        number: its number in the file, from 0.
        now: replaces a time that is missing.
    """
    row = history_row(line, number, now=now)
    files = {key: value for key, value in _items(row.values) if is_file(value)}
    plain = {key: value for key, value in _items(row.values) if key not in files}
    references = [_media(row, key, value) for key, value in files.items()]
    return [*references, records.Metrics(row.sequence, row.step, row.time, plain if files else row.values)]


def history_row(line: str, number: int, *, now: float) -> records.Metrics:
    """Return a line of `wandb-history.jsonl` as a row. The store rejects a line that is not a map."""
    row = _decoded(line)
    if not isinstance(row, dict):
        return records.Metrics(number + 1, 0, now, row)
    step, time = row.get(STEP), row.get(TIME)
    values = {key: finite_or_number(value) for key, value in row.items() if key not in _OWN_KEYS}
    return records.Metrics(number + 1, step if isinstance(step, int) else number, _time(time, now), values)


def is_file(value: Any) -> bool:
    """Return whether a value of a row stands for one uploaded file."""
    if not isinstance(value, dict) or not str(value.get("_type", "")).endswith("-file"):
        return False
    return is_digest(str(value.get("sha256"))) and type(value.get("size")) is int and isinstance(value.get("path"), str)


def _media(row: records.Metrics, key: str, value: dict[str, Any]) -> records.Media:
    caption = value.get("caption")
    return records.Media(
        row.sequence,
        row.step,
        row.time,
        media_key(key),
        value["sha256"],
        value["size"],
        mime_type(value["path"]),
        caption if isinstance(caption, str) else "",
    )


def _items(values: Any) -> list[tuple[str, Any]]:
    return list(values.items()) if isinstance(values, dict) else []


def _time(given: Any, now: float) -> float:
    return float(given) if isinstance(given, int | float) else now


def finite_or_number(value: Any) -> Any:
    """Return a value of a row with the numbers that JSON cannot write."""
    if isinstance(value, str):
        return _NOT_FINITE.get(value, value)
    if isinstance(value, dict):
        return {key: finite_or_number(one) for key, one in value.items()}
    return value


def console_record(line: str, number: int, *, now: float) -> records.Text:
    """Return the record of a line of `output.log`, which begins with the stream and the time."""
    found = _CONSOLE_LINE.match(line)
    if found is None:
        return records.Text(number + 1, now, "stdout", line)
    time = datetime.fromisoformat(found[2][:26]).replace(tzinfo=timezone.utc).timestamp()
    return records.Text(number + 1, time, "stderr" if found[1] else "stdout", line[found.end() :])


def sample_records(line: str, number: int, run_id: str, *, now: float) -> list[records.Record]:
    """Return the records of a line of `wandb-events.jsonl`: a sample of the machine, for the node and for the run."""
    row = _decoded(line)
    if not isinstance(row, dict):
        return [records.Metrics(number + 1, 0, now, row)]
    at = _time(row.get(TIME), now)
    values = {
        _sample_name(key.removeprefix("system.")): float(value)
        for key, value in row.items()
        if not key.startswith(INTERNAL_PREFIX) and isinstance(value, int | float)
    }
    return [
        records.ProcessSample(number + 1, at, run_id, values),
        records.Metrics(number + 1, int(at), at, dict(values)),
    ]


def summary_values(line: str) -> dict[str, Any]:
    """Return the values of `wandb-summary.json`, without those that stand for files; empty if it is not a map."""
    found = _decoded(line)
    if not isinstance(found, dict):
        return {}
    return {
        key: finite_or_number(value)
        for key, value in found.items()
        if key not in _OWN_KEYS and not (isinstance(value, dict) and "_type" in value)
    }


def config_values(text: str | None) -> dict[str, Any]:
    """Return the configuration in the JSON text of a request: a map from each key to a map with its value."""
    found = _decoded(text) if text else {}
    if not isinstance(found, dict):
        return {}
    return {
        key: item["value"] if isinstance(item, dict) and "value" in item else item
        for key, item in found.items()
        if key != "_wandb"
    }


def config_text(values: Mapping[str, Any]) -> str:
    """Return a configuration as clients read it."""
    return msgspec.json.encode({key: {"value": value} for key, value in values.items()}).decode()


def _sample_name(name: str) -> str:
    found = _GPU_METRIC.fullmatch(name)
    if found is not None:
        return f"gpu.{found[1]}.{_GPU_METRICS.get(found[2], found[2])}"
    return _NODE_METRICS.get(name, name)


def _decoded(text: str) -> Any:
    """Return the value of a JSON text, or the text itself if it is not JSON. `NaN` and `Infinity` are numbers."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return _decoded_slowly(text)


def _decoded_slowly(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def moment(time: float) -> str:
    """Return a time as clients read it."""
    return datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
