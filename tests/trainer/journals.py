"""Reads what training processes have written to their journals, without a server."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lightning_sweeps.core.paths import Home
from lightning_sweeps.journal.reader import read_header, read_part
from lightning_sweeps.journal.records import ArtifactRecord, Config, Finish, Media, Metrics, RunInfo, Summary

ALL_BYTES = 1 << 30


@dataclass
class LoggedRun:
    """One run with everything that its journals contain, in the order of time."""

    info: RunInfo
    journals: int = 0
    attempts: list[RunInfo] = field(default_factory=list)
    rows: list[Metrics] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    finishes: list[Finish] = field(default_factory=list)
    media: list[Media] = field(default_factory=list)
    artifacts: list[ArtifactRecord] = field(default_factory=list)

    def series(self, key: str) -> list[tuple[int, Any]]:
        return [(row.step, row.values[key]) for row in self.rows if key in row.values]

    @property
    def end(self) -> tuple[str, str]:
        return self.finishes[-1].state, self.finishes[-1].reason


def logged_runs(home: Path) -> list[LoggedRun]:
    """Return the runs in `home`, by rank."""
    runs: dict[str, LoggedRun] = {}
    headers = [(path, header) for path in Home(home).journals.glob("*.journal") if (header := read_header(path))]
    for path, header in sorted(headers, key=lambda pair: pair[1].created):
        assert header.run is not None
        run = runs.setdefault(header.run.id, LoggedRun(header.run))
        run.journals += 1
        run.attempts.append(header.run)
        run.config.update(header.run.config)
        part = read_part(path, 0, limit_bytes=ALL_BYTES)
        assert not part.damages
        for record in part.records:
            if isinstance(record, Metrics):
                run.rows.append(record)
            elif isinstance(record, Config):
                run.config.update(record.values)
            elif isinstance(record, Summary):
                run.summary.update(record.values)
            elif isinstance(record, Media):
                run.media.append(record)
            elif isinstance(record, ArtifactRecord):
                run.artifacts.append(record)
            elif isinstance(record, Finish):
                run.finishes.append(record)
    return sorted(runs.values(), key=lambda run: run.info.rank)


def logged_run(home: Path) -> LoggedRun:
    """Return the only run in `home`."""
    [run] = logged_runs(home)
    return run
