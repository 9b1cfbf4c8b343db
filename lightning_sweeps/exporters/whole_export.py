"""Writes an export completely or not at all."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from lightning_sweeps.core.registry import place_of
from lightning_sweeps.errors import FormatFailed, LightningSweepsError
from lightning_sweeps.exporters.exporter import ExportedFile, ExportedRuns, Exporter


def export_whole(exporter: Exporter, runs: ExportedRuns, folder: Path) -> list[ExportedFile]:
    """Let an exporter write into a temporary folder, and move its files into `folder` when all of them are complete.

    Raises:
        OSError: a file cannot be written.
        FormatFailed: the exporter raised something else. The files in `folder` are unchanged.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix=".incomplete-") as temporary:
        try:
            files = exporter.write(runs, Path(temporary))
        except (LightningSweepsError, OSError):
            raise
        except Exception as error:  # an exporter of another package may raise anything
            raise FormatFailed(
                f"the export format `{exporter.name}` failed: {type(error).__name__}: {error} ({place_of(error)})",
                hint=f"nothing was written to `{folder}`; choose another format with `--format`",
            ) from error
        targets = {file.path: folder / file.path.relative_to(temporary) for file in files}  # a file may be listed twice
        for path, target in targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
    return [replace(file, path=targets[file.path]) for file in files]
