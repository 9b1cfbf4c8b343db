"""Shows what the displays of several slots send: the output, and below it one line for each slot."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lightning_sweeps.agents.display.slot_lines import SlotLines
from lightning_sweeps.agents.display.tagged import Piece, PieceReader

READ_BYTES = 1 << 16
POLL_S = 0.2


@dataclass(slots=True)
class SlotsView:
    """The lines of a machine's slots: the progress bar that a slot draws, otherwise the last line that it printed.

    Attributes:
        lines: draws them.
    """

    lines: SlotLines
    _bars: dict[int, bytes] = field(default_factory=dict)
    _last: dict[int, bytes] = field(default_factory=dict)

    def run(self, reading: int, is_over: Callable[[], bool]) -> None:
        """Show what arrives until all displays have ended.

        Args:
            reading: descriptor of the pipe that all displays write to.
            is_over: whether nobody writes to it any more, although a process keeps it open.
        """
        pieces = PieceReader()
        while True:
            if select.select([reading], [], [], POLL_S)[0]:
                data = os.read(reading, READ_BYTES)
                if not data:
                    break
                self.show(pieces.feed(data))
            elif is_over():
                break
        self.lines.close()

    def show(self, pieces: Sequence[Piece]) -> None:
        """Show some lines and bars."""
        printed = []
        for piece in pieces:
            if not piece.is_bar:
                printed.append(piece.text)
            if piece.slot is not None:
                (self._bars if piece.is_bar else self._last)[piece.slot] = piece.text
        slots = sorted({*self._bars, *self._last})
        texts = {slot: self._bars.get(slot) or self._last.get(slot, b"") for slot in slots}
        self.lines.show(printed, {slot: b"slot %d: %s" % (slot, text) for slot, text in texts.items()})
