"""The folder that replaces a home folder which does not exist or cannot be written."""

from __future__ import annotations

import contextlib
import functools
import os
import stat
import tempfile
from pathlib import Path

PREFIX = "lightning-sweeps-"
PRIVATE_FOLDER = 0o700
OTHERS_WRITE = 0o022


def temporary_home() -> Path:
    """Return this user's folder among the temporary files, the same for all of the user's processes.

    Everybody may create folders there. If another user has taken the name, this process gets a folder of its own: a
    home folder names the server whose programs an agent runs.
    """
    shared = Path(tempfile.gettempdir()) / f"{PREFIX}{os.getuid()}"
    with contextlib.suppress(OSError):
        shared.mkdir(mode=PRIVATE_FOLDER)
    return shared if is_private(shared) else _own_folder()


def is_private(path: Path) -> bool:
    """Return whether only this user can change a folder."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & OTHERS_WRITE


@functools.cache
def _own_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix=PREFIX))
