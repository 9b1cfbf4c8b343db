"""The base class of exporters, and the runs that an exporter receives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

Row: TypeAlias = dict[str, Any]

POINT_COLUMNS = ("run", "key", "journal", "sequence", "step", "time", "value", "is_abandoned", "exact")
"""Columns of a point: one logged value of one key.

- `value`: the number; None for other values.
- `is_abandoned`: a later attempt resumed from a checkpoint before this step.
- `exact`: JSON text of a value that is no number of 64 bits: text, a list, None, or an integer beyond 2**53.
"""
CONSOLE_COLUMNS = ("run", "time", "stream", "line")
MEDIA_COLUMNS = ("run", "key", "step", "time", "index", "mime", "caption", "digest", "size_bytes")
"""The content is the file `media/<first two characters of the digest>/<digest>`."""
ARTIFACT_COLUMNS = (
    "run",
    "role",
    "time",
    "project",
    "name",
    "version",
    "kind",
    "aliases",
    "metadata",
    "digest",
    "files",
)
"""`files` has the path, digest and size of each file. Contents are files as those of media."""


@dataclass(frozen=True, slots=True)
class ExportedRun:
    """One run.

    Attributes:
        row: the columns of the run, listed in `ExportedRuns.columns`.
        points: its logged values with `POINT_COLUMNS`, in the order of metric and row. They are fetched while you
            iterate, and again in a second iteration. Do not collect them in a list: there may be millions.
        console: what its processes printed, with `CONSOLE_COLUMNS`; fetched while you iterate, like the following.
        media: the media files that it logged, with `MEDIA_COLUMNS`.
        artifacts: the artifacts that it created and used, with `ARTIFACT_COLUMNS`.
        journals: id and bytes of its journals, written again from the database.
    """

    row: Row
    points: Iterable[Row]
    console: Iterable[Row] = ()
    media: Iterable[Row] = ()
    artifacts: Iterable[Row] = ()
    journals: Iterable[tuple[str, Iterable[bytes]]] = ()


@dataclass(frozen=True, slots=True)
class ExportedRuns:
    """The runs of one export.

    Attributes:
        columns: names of the columns of a run; the first is `id`.
        includes_points: whether the user wants the logged values. If not, the runs have nothing but their `row`.
    """

    columns: tuple[str, ...]
    runs: Sequence[ExportedRun]
    includes_points: bool = True

    def __iter__(self) -> Iterator[ExportedRun]:
        return iter(self.runs)

    def points(self) -> Iterator[Row]:
        """Yield the points of all runs, one run after the other."""
        for run in self.runs:
            yield from run.points


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file that an exporter wrote, with the number of runs or points in it."""

    path: Path
    count: int
    kind: str
    """What was counted, for example `runs` or `values`."""


class Exporter(ABC):
    """Writes runs in one file format.

    A subclass sets the class attributes and implements `write`. It is created without arguments. Register it under its
    `name` in the entry point group `lightning_sweeps.exporters`, and test it with
    `lightning_sweeps.testing.exporter.ExporterContract`. A format of tables derives from `TableExporter` instead.

    Attributes:
        name: name of the format on the command line and in `Api.export`.
        description: description of the files for the list of formats.
    """

    name: ClassVar[str]
    description: ClassVar[str]

    @abstractmethod
    def write(self, runs: ExportedRuns, path: Path) -> list[ExportedFile]:
        """Write the runs into the folder `path`, which exists, and replace the files of an earlier export.

        Returns:
            The files that were written.

        Raises:
            UsageError: a library that the format needs is not installed.
            OSError: a file cannot be written.
        """
