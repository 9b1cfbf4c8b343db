"""The version with the commit that the package was built from."""

from __future__ import annotations

from pathlib import Path

from lightning_sweeps import __version__

COMMIT_FILE = Path(__file__).parents[1] / "commit.txt"
"""`hatch_build.py` writes it into wheels. A checkout has none, because its commit changes."""


def full_version() -> str:
    """Return the version, such as `0.2.0.dev0+g1a2b3c4d5e6f`. Releases and checkouts have no commit in it."""
    commit = COMMIT_FILE.read_text().strip() if COMMIT_FILE.exists() else ""
    return f"{__version__}+{commit}" if commit else __version__
