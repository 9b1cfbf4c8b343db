"""The lines that the displays of several slots send to the process that draws them: a slot's number and the text.

A line feed ends a line, and a carriage return ends a state of a progress bar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MARK = b"\x1f"
"""The separator of units in ASCII, which programs do not print."""

_PIECE = re.compile(rb"(?:\x1f(\d+)\x1f)?([^\n\r]*)([\n\r])")


@dataclass(frozen=True, slots=True)
class Piece:
    """A line, or a state of a progress bar.

    Attributes:
        slot: number of the slot; None if another process wrote it, such as torchrun.
        text: the text.
        is_bar: whether it is a state of a progress bar; empty: the bar is gone.
    """

    slot: int | None
    text: bytes
    is_bar: bool


def tag(slot: int, text: bytes) -> bytes:
    """Return the text with its slot's number."""
    return MARK + str(slot).encode() + MARK + text.replace(b"\r", b"")


@dataclass(slots=True)
class PieceReader:
    """Splits what arrives through the pipe into pieces."""

    _rest: bytes = b""

    def feed(self, data: bytes) -> list[Piece]:
        """Return the pieces that are complete."""
        text, pieces, end = self._rest + data, [], 0
        for found in _PIECE.finditer(text):
            slot, shown, ending = found.groups()
            pieces.append(Piece(None if slot is None else int(slot), shown, ending == b"\r"))
            end = found.end()
        self._rest = text[end:]
        return pieces
