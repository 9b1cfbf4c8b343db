"""Reads an id as people paste it. Help of commands imports it, so it needs nothing else."""

from __future__ import annotations


def last_part(path: str) -> str:
    """Return the id of a sweep that was given as W&B prints it: `entity/project/ID`, or the address of its page."""
    return path.rstrip("/").rpartition("/")[2]
