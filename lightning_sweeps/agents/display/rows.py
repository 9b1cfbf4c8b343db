"""Turns the bytes that a program prints into complete lines and the progress bars that it is drawing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LONGEST_ROW = 1 << 16
"""A longer row without a line end is shown in pieces, so that no program makes the display use more memory."""

MOST_ROWS = 16
"""DrawnRows that a program may redraw, for example one bar below another."""

UP = b"\x1b[A"
CONTROLS = re.compile(rb"\x1b\[[0-9;?]*[@-ln-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[78=>]")
"""Control sequences that move the cursor or clear the screen. Colours are kept."""

_TOKEN = re.compile(rb"\n|\r|\x1b\[A|[^\n\r\x1b]+|\x1b")
_NESTED = re.compile(rb"\x1b\[A|\n\r(?!\n)")
"""Bars below other bars, as tqdm draws them: a line end and a carriage return, and later the cursor moves up."""


@dataclass(slots=True)
class DrawnRows:
    """The rows that a program may still change: usually one, several with bars below each other."""

    _rows: list[bytes] = field(default_factory=lambda: [b""])
    _at: int = 0
    _is_at_start: bool = False

    def feed(self, data: bytes) -> list[bytes]:
        """Take printed bytes; return the lines that are complete."""
        if len(self._rows) > 1 or _NESTED.search(data):
            return self._draw(data)
        *lines, rest = data.split(b"\n")
        complete = []
        for line in lines:
            self._overwrite(line)
            complete += self._take()
        self._overwrite(rest)
        return complete + self._cut()

    def end(self) -> list[bytes]:
        """Return the rows that have no line end."""
        rest = self._take()
        return rest if any(rest) else []

    @property
    def bar(self) -> bytes:
        """What the program is drawing, in one line; empty if the cursor is at the start of an empty row."""
        return b"  ".join(clean(row) for row in self._rows if row.strip())

    def _overwrite(self, text: bytes) -> None:
        """Print text without line ends: only what follows the last carriage return stays."""
        parts = (b"\r" * self._is_at_start + text).split(b"\r")
        shown = len(parts) - 1
        while shown and not parts[shown]:
            shown -= 1
        self._is_at_start = shown < len(parts) - 1
        self._rows[self._at] = self._rows[self._at] + parts[0] if shown == 0 else parts[shown]

    def _draw(self, data: bytes) -> list[bytes]:
        complete: list[bytes] = []
        tokens = _TOKEN.findall(data)
        for token, following in zip(tokens, [*tokens[1:], b""], strict=True):
            if token == b"\r":
                self._is_at_start = True
            elif token == UP:
                self._at = max(0, self._at - 1)
            elif token != b"\n":
                self._overwrite(token)
            elif following == b"\r" or self._at < len(self._rows) - 1:
                complete += self._move_down()
            else:
                complete += self._take()
        return complete + self._cut()

    def _move_down(self) -> list[bytes]:
        self._at += 1
        if self._at == len(self._rows):
            self._rows.append(b"")
        if len(self._rows) <= MOST_ROWS:
            return []
        self._at -= 1
        return [clean(self._rows.pop(0))]

    def _take(self) -> list[bytes]:
        lines = [clean(row) for row in self._rows]
        self._rows, self._at, self._is_at_start = [b""], 0, False
        return lines

    def _cut(self) -> list[bytes]:
        return self._take() if any(len(row) > LONGEST_ROW for row in self._rows) else []


def clean(row: bytes) -> bytes:
    """Return a row without sequences that move the cursor, and without the blanks that clear an old bar."""
    shown = CONTROLS.sub(b"", row) if b"\x1b" in row else row
    return shown if shown.strip() else b""
