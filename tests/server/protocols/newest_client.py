"""Installs the newest client of another tool from the package index, into an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

INSTALL_S = 600


def newest_client(config: pytest.Config, name: str) -> Path:
    """Return the interpreter of an environment with a package. Later sessions only look for a newer one.

    The test is skipped if the package cannot be installed.
    """
    cache = config.cache
    assert cache is not None
    folder = cache.mkdir(f"{name}-client") / "environment"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", name]
    installed = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    if installed.returncode != 0:
        pytest.skip(f"{name} cannot be installed from the package index: {installed.stderr.strip()[-200:]}")
    return python
