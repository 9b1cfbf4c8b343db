"""Converts logged values, which may be anything that msgpack can encode, to what JSON and text columns accept."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any

from lightning_sweeps.messages import NonFinite

INT32_LIMIT = 2**31
INT64_LIMIT = 2**63
LATEST_TIME = 9e12
"""Limit of times in seconds since the epoch: beyond it, microseconds do not fit 64 bits."""


def plain(value: Any) -> Any:
    """Convert a value to the types of JSON: non-finite numbers to strings, bytes to hexadecimal, keys to strings."""
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
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes | bytearray | memoryview) else str(value)


def number(value: float) -> float | NonFinite:
    """Return a finite value unchanged, and others as `"nan"`, `"inf"` or `"-inf"`, which JSON can represent."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "nan"
    return "inf" if value > 0 else "-inf"


def finite(value: float | None) -> float | None:
    """Return a finite value unchanged, and None for others: number columns hold finite values only."""
    return value if value is not None and math.isfinite(value) else None


def text(value: str) -> str:
    """Replace what PostgreSQL's text columns reject: the character 0 and lone surrogates."""
    return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def int64(value: int) -> int:
    """Clamp an integer to 64 bits."""
    return max(-INT64_LIMIT, min(INT64_LIMIT - 1, value))


def int32(value: int) -> int:
    """Clamp an integer to 32 bits."""
    return max(-INT32_LIMIT, min(INT32_LIMIT - 1, value))


def usable_time(time: float, now: float) -> float:
    """Return `time`, or `now` if `time` is not finite or out of range. Both are seconds since the epoch."""
    return time if math.isfinite(time) and abs(time) < LATEST_TIME else now


def dump(value: Any) -> str:
    """Serialize a JSON column. Every engine that `database.py` makes uses this function."""
    return json.dumps(plain(value), allow_nan=False, separators=(",", ":"))
