"""Checks that the disks have enough free space for one more trial."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

BYTES_PER_GIB = 1024**3


def disk_shortage(folders: Iterable[Path], *, floor_gib: float) -> str:
    """Return which disk has too little free space, or an empty string.

    Args:
        folders: folders that trials write to; they may not exist yet.
        floor_gib: free space that each folder's disk must have.

    Raises:
        OSError: a folder cannot be read.
    """
    for folder in folders:
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        free_gib = shutil.disk_usage(existing).free / BYTES_PER_GIB
        if free_gib < floor_gib:
            return f"the disk of `{folder}` has {free_gib:.2f} GiB free, required: {floor_gib:g} (`--disk-floor-gib`)"
    return ""
