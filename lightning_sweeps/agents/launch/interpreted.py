"""Tells which programs the Python interpreter runs. The others are executables, which run directly."""

from __future__ import annotations

import os
from pathlib import Path

from lightning_sweeps.core.program_command import is_python_file


def is_interpreted(program: str, folder: Path | None = None) -> bool:
    """Return whether the interpreter runs a program: a Python file, a package, or a script that is not executable.

    Args:
        program: the sweep's `program`. A package is a folder with a `__main__.py`; a script has no suffix.
        folder: the folder that a relative path starts from. None: the working folder.
    """
    path = (folder or Path()) / program
    is_script = path.is_file() and not path.suffix and not os.access(path, os.X_OK)
    return is_python_file(program) or (path / "__main__.py").is_file() or is_script
