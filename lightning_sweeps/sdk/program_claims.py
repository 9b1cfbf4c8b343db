"""Tells the programs of one rank of a launcher's job apart.

A launcher gives the same variables to every program of a rank: to the next one of a Slurm step, and to those that a
training starts itself, such as an evaluation. Each program claims its place in a small file in the home folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from lightning_sweeps.core.ids import derive_id
from lightning_sweeps.core.paths import Home, make_private_folder, open_in_folder

_claimed: dict[tuple[str, int], int | None] = {}
"""The places of this process. A forked process has those of its parent: it is the same program."""


def claim_program(
    home: Home, job: str, *, attempt: int, rank: int, own: str, list_ancestors: Callable[[], set[str]]
) -> int | None:
    """Return how many programs this rank of the job has run before, or None if one of them has started this program.

    If the home folder cannot be written, this is the first program.

    Args:
        home: the home folder.
        job: the launcher's name of the job.
        attempt: number of earlier restarts of the job. A restarted program has the place that it had before.
        rank: the rank.
        own: the unique name of this process.
        list_ancestors: returns the names of its parent, its parent's parent and so on.
    """
    place = (job, attempt)
    if place not in _claimed:
        _claimed[place] = _claim(home, derive_id(job, attempt, rank), own, list_ancestors)
    return _claimed[place]


def _claim(home: Home, program: str, own: str, list_ancestors: Callable[[], set[str]]) -> int | None:
    path = home.claim(program)
    try:
        known = path.read_text().splitlines() if path.exists() else []
        if known and not list_ancestors().isdisjoint(known):
            return None
        make_private_folder(path.parent)
        descriptor = open_in_folder(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(descriptor, f"{own}\n".encode())
        finally:
            os.close(descriptor)
        return path.read_text().splitlines().index(own)
    except (OSError, ValueError):
        return 0
