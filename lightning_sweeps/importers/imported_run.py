"""A run of the past, whatever file it comes from: a pure value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Row(NamedTuple):
    """What was logged at once; `time` is in seconds since the epoch."""

    step: int
    time: float
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run: its name (unique in its source), its configuration, and its rows by the file that holds them.

    Attributes:
        left_out: what its files hold besides numbers, counted by kind: it is not imported.
        problem: why reading ended before the end, empty where it did not.
        project, group: as its files name them; empty where they do not.
    """

    name: str
    parts: Mapping[str, list[Row]]
    config: Mapping[str, Any] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""
    project: str = ""
    group: str = ""
