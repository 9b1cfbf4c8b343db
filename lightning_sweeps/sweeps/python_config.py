"""Turns a sweep that was written in Python into the values of a sweep file: lists, maps, numbers and texts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import Enum
from typing import Any

MAX_ITEMS = 1_000_000
"""A longer `range` stays as it is, and the check of values names it."""


def to_plain(value: Any) -> Any:
    """Return a value with lists in place of tuples, ranges and arrays, and Python's numbers in place of numpy's.

    Values that a sweep file cannot have, such as sets, are returned unchanged: the check of the file names them.
    """
    if isinstance(value, Mapping):
        return {to_plain(key) if isinstance(key, str) else key: to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple) or (isinstance(value, range) and len(value) <= MAX_ITEMS):
        return [to_plain(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Enum):
        return to_plain(value.value)
    to_list = getattr(value, "tolist", None)  # scalars and arrays of numpy, JAX and PyTorch have this method
    plain = to_list() if callable(to_list) else value
    return value if type(plain) is type(value) else to_plain(plain)
