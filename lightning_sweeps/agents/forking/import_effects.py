"""Finds effects of imports that every trial would share, so that warm trials would differ from cold ones.

A cold trial imports its modules itself. What an import draws at random, opens or reads then belongs to that trial.
"""

from __future__ import annotations

import random
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightning_sweeps.agents.forking.user_modules import attributes_of, user_modules

DESCRIPTORS = Path("/proc/self/fd")
LONGEST_SEED = 2**64
"""numpy draws the entropy of a generator without a seed: 128 bits."""


@dataclass(frozen=True, slots=True)
class ProcessState:
    """State of this process that imports may change.

    Attributes:
        folder: the working folder.
        descriptors: what each open descriptor refers to, without devices and folders.
    """

    folder: str
    descriptors: Mapping[str, str]

    @classmethod
    def read(cls) -> ProcessState:
        """Return the state of this process now."""
        return cls(str(Path.cwd()), dict(_open_descriptors()))

    def problem_since(self) -> str:
        """Return what imports have changed since this state was read that trials must not share, or an empty string."""
        now = ProcessState.read()
        if now.folder != self.folder:
            return f"the imports have changed the working folder to `{now.folder}`"
        opened = sorted(set(now.descriptors.items()) - set(self.descriptors.items()))
        if opened:
            return f"the imports have opened `{opened[0][1]}`, which all trials would share"
        return next((f"`{name}` is a random generator that all trials would share" for name in _own_generators()), "")


def _open_descriptors() -> Iterator[tuple[str, str]]:
    for entry in DESCRIPTORS.iterdir():
        try:
            mode = entry.stat().st_mode
            target = str(entry.readlink())
        except OSError:  # the descriptor of this folder
            continue
        if not (stat.S_ISCHR(mode) or stat.S_ISDIR(mode)):
            yield entry.name, target


def _own_generators() -> Iterator[str]:
    """Yield the names of random generators in modules of the user that have other states in each new process."""
    for module, _ in user_modules():
        for name, value in list(attributes_of(sys.modules[module]).items()):
            if _is_unseeded(value):
                yield f"{module}.{name}"


def _is_unseeded(value: object) -> bool:
    kind = type(value)
    if issubclass(kind, random.Random):  # it does not tell its seed
        return not issubclass(kind, random.SystemRandom)
    numpy: Any = sys.modules.get("numpy")
    if numpy is None or not issubclass(kind, numpy.random.Generator | numpy.random.RandomState):
        return False
    generator: Any = value
    bits = generator.bit_generator if issubclass(kind, numpy.random.Generator) else generator._bit_generator
    entropy = getattr(getattr(bits, "_seed_seq", None) or getattr(bits, "seed_seq", None), "entropy", None)
    return not isinstance(entropy, int) or entropy >= LONGEST_SEED
