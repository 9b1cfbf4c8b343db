"""Messages about the space that projects, runs and keys take on a server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpaceUse:
    """The space that a project, a run or a key takes. Sizes are in bytes.

    Attributes:
        name: name of the project, id of the run, or the key.
        project: name of the project; empty for a key that several projects have, and for machines.
        runs: number of runs.
        rows: number of `log()` calls; 0 for a key.
        points: number of logged values.
        row_bytes: size of the stored values, with the samples of the runs' processes.
        media_bytes: size of the media files. A file counts once for each name.
        artifact_bytes: size of the artifacts that the run created.
        console_bytes: size of the printed lines.
        note: that rows were thinned or deleted, or that the project is over its quota of rows.
    """

    name: str
    project: str
    runs: int = 0
    rows: int = 0
    points: int = 0
    row_bytes: int = 0
    media_bytes: int = 0
    artifact_bytes: int = 0
    console_bytes: int = 0
    note: str = ""

    @property
    def total_bytes(self) -> int:
        """All of it."""
        return self.row_bytes + self.media_bytes + self.artifact_bytes + self.console_bytes


@dataclass(frozen=True, slots=True)
class SpaceReport:
    """Who takes how much space, the largest first.

    Attributes:
        uses: the first of them.
        total: number of all of them.
    """

    uses: list[SpaceUse]
    total: int
