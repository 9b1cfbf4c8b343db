"""Defines a run that another program logged, independent of the file format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class ImportedFile(NamedTuple):
    """An image, a histogram, a text or a sound that was logged under a key. `position` counts those of one key."""

    key: str
    content: bytes
    mime: str
    position: int = 0


class ImportedRow(NamedTuple):
    """What was logged at one step. `time` is in seconds since the epoch (UTC)."""

    step: int
    time: float
    values: Mapping[str, float]
    files: tuple[ImportedFile, ...] = ()
    config: Mapping[str, Any] = {}
    """Hyperparameters that the row adds to those of the run."""


@dataclass(frozen=True, slots=True)
class ImportedRun:
    """One run.

    Attributes:
        name: name of the run, unique among the runs that one import reads. The server's run id is derived from it,
            so a later import of the same files must give the same name.
        rows_by_file: the rows of each file, in the order of the file. Files may grow between two imports; rows that
            were imported before must not change.
        config: hyperparameters of the run.
        left_out: number of values that are not imported, by kind, for example `{"images": 3}`.
        problem: why a file could not be read to its end; empty if all files were read.
        project: project in the files; empty if they contain none.
        group: group in the files; empty if they contain none.
    """

    name: str
    rows_by_file: Mapping[str, list[ImportedRow]]
    config: Mapping[str, Any] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""
    project: str = ""
    group: str = ""
