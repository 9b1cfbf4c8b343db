"""The base class of exporters, and the runs that an exporter receives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

Row: TypeAlias = dict[str, Any]

POINT_COLUMNS = ("run", "key", "journal", "sequence", "step", "time", "value", "is_abandoned")
"""Columns of a point: one logged value of one metric. `is_abandoned`: a later attempt resumed from a checkpoint before
this step."""


@dataclass(frozen=True, slots=True)
class ExportedRun:
    """One run.

    Attributes:
        row: the columns of the run, listed in `ExportedRuns.columns`.
        points: its logged values with `POINT_COLUMNS`, in the order of metric and row. They are fetched while you
            iterate, and again in a second iteration. Do not collect them in a list: there may be millions.
    """

    row: Row
    points: Iterable[Row]


@dataclass(frozen=True, slots=True)
class ExportedRuns:
    """The runs of one export.

    Attributes:
        columns: names of the columns of a run; the first is `id`.
        includes_points: whether the user wants the logged values. If not, `points` of every run is empty.
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
