"""Decides which global random generators a fork must seed again, so that they are as in a new process.

A new process has other random states than any other, so forks seed generators from the system. But if an imported
module has seeded a generator, a new process would have this state after the import, and forks keep it.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

STATE_WORDS = 624
"""Words in the state of the Mersenne Twister, the generator of Python and of numpy's global functions."""

LONGEST_DRAW = 200
"""How many times drawing may have renewed the whole state. A longer draw counts as a seed."""

Words = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GeneratorStates:
    """States of the global generators; None for a library that is not imported."""

    python: Words
    numpy: Words | None
    torch_seed: int | None

    @classmethod
    def read(cls) -> GeneratorStates:
        """Return the states now."""
        numpy: Any = sys.modules.get("numpy")
        torch: Any = sys.modules.get("torch")
        return cls(
            random.getstate()[1][:STATE_WORDS],
            None if numpy is None else tuple(numpy.random.get_state()[1].tolist()),
            None if torch is None else torch.default_generator.initial_seed(),
        )

    def seeded_since(self) -> frozenset[str]:
        """Return the libraries whose generator got a seed since these states were read. Drawing does not count."""
        now, seeded = GeneratorStates.read(), set()
        if not _is_drawn_from(self.python, now.python):
            seeded.add("random")
        if self.numpy is not None and now.numpy is not None and not _is_drawn_from(self.numpy, now.numpy):
            seeded.add("numpy")
        if self.torch_seed is not None and now.torch_seed != self.torch_seed:
            seeded.add("torch")
        return frozenset(seeded)


def reseed(kept: Collection[str] = ()) -> None:
    """Seed the global generators from the system, as a new process does, so that trials start with different weights.

    torch's GPU generators have the same fixed seed in every new process and keep it.

    Args:
        kept: libraries whose generator keeps its state.
    """
    numpy: Any = sys.modules.get("numpy")
    torch: Any = sys.modules.get("torch")
    if "random" not in kept:
        random.seed()
    if numpy is not None and "numpy" not in kept:
        numpy.random.seed()
    if torch is not None and "torch" not in kept:
        torch.default_generator.seed()


def _is_drawn_from(before: Words, now: Words) -> bool:
    """Return whether drawing from a generator leads from one state to the other."""
    generator = random.Random()
    words = before
    for _ in range(LONGEST_DRAW):
        if words == now:
            return True
        generator.setstate((3, (*words, STATE_WORDS), None))  # all words are used up: the next draw renews them
        generator.getrandbits(32)
        words = generator.getstate()[1][:STATE_WORDS]
    return False
