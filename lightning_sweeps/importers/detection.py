"""Detects which importer can read a path."""

from __future__ import annotations

import logging
from pathlib import Path

from lightning_sweeps.errors import UsageError
from lightning_sweeps.importers import IMPORTERS
from lightning_sweeps.importers.importer import Importer

_log = logging.getLogger(__name__)


def detect_importer(path: Path) -> Importer:
    """Return the importer that recognizes the files in `path`.

    An importer that cannot be loaded is left out, with a warning.

    Args:
        path: a file, or a folder that is searched with all its subfolders.

    Raises:
        UsageError: no importer recognizes a file, or several do.
    """
    importers = _loadable_importers()
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    found = [importer for importer in importers if any(importer.recognizes(file) for file in files)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"`{importer.name}`" for importer in found or importers)
    if found:
        raise UsageError(f"`{path}` contains files of {names}", hint="choose one with `--from FORMAT`")
    raise UsageError(
        f"no importer recognizes the files in `{path}`, allowed formats: {names}",
        hint="if the files have unusual names, choose their format with `--from FORMAT`",
    )


def _loadable_importers() -> list[Importer]:
    importers: list[Importer] = []
    for name in IMPORTERS.names():
        try:
            importers.append(IMPORTERS.get(name)())
        except UsageError as error:  # one broken package must not stop the import of other formats
            _log.warning("%s", error)
    return importers
