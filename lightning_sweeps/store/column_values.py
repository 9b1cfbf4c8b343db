"""Values as JSON and text columns take them: what a user logged may hold anything that msgpack holds."""

from __future__ import annotations

import json
import math
from typing import Any

from lightning_sweeps.messages import NonFinite

INT32_LIMIT = 2**31
INT64_LIMIT = 2**63
LATEST_TIME = 9e12
"""Seconds; beyond it microseconds do not fit 64 bits."""


def plain(value: Any) -> Any:
    """Return `value` in JSON's types alone: non-finite numbers as strings, bytes as hexadecimal, keys as strings."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, dict):
        return {text(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.hex() if isinstance(value, bytes | bytearray | memoryview) else str(value)


def number(value: float) -> float | NonFinite:
    """Return a finite value unchanged, and others as `"nan"`, `"inf"` or `"-inf"`, which JSON can hold."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "nan"
    return "inf" if value > 0 else "-inf"


def finite(value: float | None) -> float | None:
    """Return a finite value as it is, and None for others: number columns hold finite values only."""
    return value if value is not None and math.isfinite(value) else None


def text(value: str) -> str:
    """Return `value` without what PostgreSQL's text columns refuse: the character 0 and lone surrogates."""
    return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def int64(value: int) -> int:
    """Return `value`, or the nearest number that a 64-bit column holds."""
    return max(-INT64_LIMIT, min(INT64_LIMIT - 1, value))


def int32(value: int) -> int:
    """Return `value`, or the nearest number that a 32-bit column holds."""
    return max(-INT32_LIMIT, min(INT32_LIMIT - 1, value))


def usable_time(time: float, now: float) -> float:
    """Return `time`, or `now` where it is no time that the columns hold."""
    return time if math.isfinite(time) and abs(time) < LATEST_TIME else now


def dump(value: Any) -> str:
    """Return the JSON text of a column: the serialiser of every engine that `engine.py` makes."""
    return json.dumps(plain(value), allow_nan=False, separators=(",", ":"))
