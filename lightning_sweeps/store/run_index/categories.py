"""Numbers distinct texts in the order of their arrival, and knows their alphabetical order."""

from __future__ import annotations

from bisect import bisect, bisect_left

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int32]

NONE = -1
"""The code of no text."""
FEW = 64
"""Number of new texts that are put into the order one by one."""


class Categories:
    """Distinct texts. The first one has the code 0, the next one 1, and so on."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._codes: dict[str, int] = {}
        self._lowered: list[str] = []
        self._sorted: list[str] = []
        self._ranks: Codes = np.empty(0, np.int32)

    def __len__(self) -> int:
        return len(self.texts)

    def lowered(self) -> list[str]:
        """Return the texts in lower case, by code."""
        self._lowered += [text.lower() for text in self.texts[len(self._lowered) :]]
        return self._lowered

    def find(self, text: str) -> int:
        """Return the code of a text, or `NONE` if it is unknown."""
        return self._codes.get(text, NONE)

    def add(self, text: str | None) -> int:
        """Return the code of a text, and number it if it is new."""
        if text is None:
            return NONE
        code = self._codes.get(text)
        if code is None:
            code = self._codes[text] = len(self.texts)
            self.texts.append(text)
        return code

    def rank(self, text: str) -> float:
        """Return a text's place in alphabetical order; between two places if it is unknown."""
        ranks = self.ranks()
        code = self.find(text)
        return bisect_left(self._sorted, text) - 0.5 if code == NONE else float(ranks[code])

    def ranks(self) -> Codes:
        """Return each text's place in alphabetical order, by code."""
        new = self.texts[len(self._ranks) :]
        if len(new) > FEW:
            order = np.array(sorted(range(len(self.texts)), key=self.texts.__getitem__), np.int32)
            self._sorted = [self.texts[code] for code in order]
            self._ranks = np.empty(len(order), np.int32)
            self._ranks[order] = np.arange(len(order), dtype=np.int32)
            return self._ranks
        for text in new:
            place = bisect(self._sorted, text)
            self._sorted.insert(place, text)
            self._ranks = np.append(self._ranks + (self._ranks >= place), np.int32(place)).astype(np.int32)
        return self._ranks
