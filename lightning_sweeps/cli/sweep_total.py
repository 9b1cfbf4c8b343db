"""Tells how many trials a sweep will have."""

from __future__ import annotations

from lightning_sweeps.messages import Sweep
from lightning_sweeps.sweeps.definition import define_sweep


def total_of(sweep: Sweep) -> int | None:
    """Return the number of trials that the sweep will have, or None if it has no limit."""
    definition = define_sweep(sweep.config)
    size = None if definition.space.is_restricted else definition.space.size
    is_walked = definition.method.is_exhaustive
    known = [number for number in (sweep.run_cap, size if is_walked else None) if number is not None]
    return min(known, default=None)
