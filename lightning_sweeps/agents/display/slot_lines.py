"""Draws one line for each slot at the bottom of a terminal, below the output."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lightning_sweeps.agents.display.descriptors import write_all

ERASE_BELOW = b"\x1b[J"
UP = b"\x1b[A"
NO_COLOUR = "\x1b[0m"
DEFAULT_SIZE = os.terminal_size((80, 24))

_COLOUR = re.compile(r"(\x1b\[[0-9;:]*m)")


@dataclass(slots=True)
class SlotLines:
    """The lines of the slots. Output moves up above them, and they are drawn again.

    Attributes:
        descriptor: the terminal.
    """

    descriptor: int
    _texts: dict[int, bytes] = field(default_factory=dict)
    _drawn: int = 0

    def show(self, lines: Sequence[bytes] = (), texts: Mapping[int, bytes] | None = None) -> None:
        """Print complete lines, and change lines of slots.

        Args:
            lines: what to print above the lines of the slots.
            texts: the new lines of slots, by slot; an empty one removes the line.
        """
        before = dict(self._texts)
        self._texts.update(texts or {})
        self._texts = {slot: text for slot, text in self._texts.items() if text}
        if lines or self._texts != before:
            above = b"".join(line + b"\n" for line in lines)
            write_all(self.descriptor, self._erase() + above + self._draw())

    def close(self) -> None:
        """Remove all lines of slots."""
        self.show(texts=dict.fromkeys(self._texts, b""))

    def _erase(self) -> bytes:
        return b"\r" + UP * (self._drawn - 1) + ERASE_BELOW if self._drawn else b""

    def _draw(self) -> bytes:
        size = terminal_size(self.descriptor)
        texts = [text for _, text in sorted(self._texts.items())][: max(1, size.lines - 1)]
        self._drawn = len(texts)
        return b"\n".join(fit(text.decode(errors="replace"), size.columns - 1).encode() for text in texts)


def terminal_size(descriptor: int) -> os.terminal_size:
    """Return the size of a terminal; 80 x 24 if it is unknown."""
    try:
        size = os.get_terminal_size(descriptor)
    except OSError:
        return DEFAULT_SIZE
    return size if size.columns > 1 and size.lines > 1 else DEFAULT_SIZE


def fit(text: str, columns: int) -> str:
    """Cut a text to the width of a terminal. Colours take no room, East Asian characters take two columns."""
    shown: list[str] = []
    for part in _COLOUR.split(text):
        if _COLOUR.fullmatch(part):
            shown.append(part)
            continue
        for character in part.replace("\t", " "):
            columns -= _width(character)
            if columns < 0:
                break
            shown.append(character)
    return "".join(shown) + (NO_COLOUR if _COLOUR.search(text) else "")


def _width(character: str) -> int:
    if unicodedata.combining(character) or not character.isprintable():
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
