"""Installs packages from outside this repository that extend it, as pip would."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path


def install_extension(folder: Path, code: str, entry_points: Mapping[str, Mapping[str, str]]) -> Path:
    """Write the package `an_extension` with its metadata, and return the folder to put on `PYTHONPATH`.

    Args:
        folder: where to install the package. The function creates it.
        code: the source of the package's only module.
        entry_points: for each entry point group, the member's name and the object's name in the module.
    """
    package = folder / "an_extension"
    metadata = folder / "an_extension-1.0.dist-info"
    package.mkdir(parents=True)
    metadata.mkdir()
    (package / "__init__.py").write_text(textwrap.dedent(code))
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: an-extension\nVersion: 1.0\n")
    lines = []
    for group, members in entry_points.items():
        lines += [f"[{group}]", *(f"{name} = an_extension:{member}" for name, member in members.items())]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return folder
