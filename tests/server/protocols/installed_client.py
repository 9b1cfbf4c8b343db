"""Installs clients of other tools from the package index, each version into an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

INSTALL_S = 600


def installed_client(config: pytest.Config, name: str, version: str = "", *further: str) -> Path:
    """Return the interpreter of an environment with a package. Later sessions only look for a newer one.

    The test is skipped if the package cannot be installed.

    Args:
        config: the configuration of the session, whose cache has the environments.
        name: name of the package.
        version: its version, or the beginning of it; empty: the newest.
        further: other packages that the programs need.
    """
    cache = config.cache
    assert cache is not None
    parts = [f"{name}{version}", *further]
    folder = cache.mkdir(f"{'-'.join(parts)}-client") / "environment"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    wanted = f"{name}=={version}.*" if version else name
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
    installed = subprocess.run(
        [*command, wanted, *further], capture_output=True, text=True, timeout=INSTALL_S, check=False
    )
    if installed.returncode != 0:
        pytest.skip(f"{wanted} cannot be installed from the package index: {installed.stderr.strip()[-200:]}")
    return python
