"""Exports runs as journals, from which another server stores the same runs: `lightning-sweeps sync FOLDER/journals`."""

from __future__ import annotations

from pathlib import Path

from lightning_sweeps.core.paths import Home
from lightning_sweeps.exporters.exporter import ExportedFile, ExportedRuns, Exporter


class JournalExporter(Exporter):
    """Writes the journals of every run into the folder `journals`. They have the same ids, rows, files and ends."""

    name = "journals"
    description = "journals, to move runs to another server with `lightning-sweeps sync FOLDER/journals`"

    def write(self, runs: ExportedRuns, path: Path) -> list[ExportedFile]:
        """Write one file for each journal."""
        files = []
        for run in runs:
            for journal_id, content in run.journals:
                file = Home(path).journal(journal_id)
                file.parent.mkdir(exist_ok=True)
                with file.open("wb") as stream:
                    for part in content:
                        stream.write(part)
                files.append(ExportedFile(file, 1, "journals"))
        return files
