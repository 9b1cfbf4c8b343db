"""Where a display writes: plain text, a terminal, or a pipe to the process that draws the lines of several slots."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from lightning_sweeps.agents.display.descriptors import write_all
from lightning_sweeps.agents.display.messages import ERR, OUT
from lightning_sweeps.agents.display.slot_lines import SlotLines
from lightning_sweeps.agents.display.tagged import tag

DRAW_INTERVAL_S = 0.1
PLAIN_INTERVAL_S = 1.0
"""Seconds between two states of a bar on a terminal, and in a file or a pipe."""


@dataclass(frozen=True, slots=True)
class DisplayStyle:
    """How a slot's output is shown.

    Attributes:
        slot: number of the slot.
        tagged: descriptors that lead to the process which draws the lines of all slots.
        draws: whether this display may draw on a terminal, because no other slot's display uses it.
    """

    slot: int
    tagged: Collection[int] = ()
    draws: bool = True


class Output(Protocol):
    """Takes the output of one slot."""

    @property
    def bar_interval_s(self) -> float:
        """Seconds between two states of a progress bar."""

    def write(self, lines: Sequence[bytes]) -> None:
        """Write complete lines. Raises OSError once nobody can read them."""

    def draw(self, bar: bytes) -> None:
        """Show a state of a progress bar, or remove the bar if `bar` is empty."""

    def close(self) -> None:
        """Remove what is not part of the output."""


@dataclass(slots=True)
class PlainOutput:
    """A file or a pipe: a state of a bar ends with a carriage return, as programs draw it."""

    descriptor: int
    bar_interval_s: float = PLAIN_INTERVAL_S

    def write(self, lines: Sequence[bytes]) -> None:
        """Write complete lines."""
        write_all(self.descriptor, b"".join(line + b"\n" for line in lines))

    def draw(self, bar: bytes) -> None:
        """Write a state of a bar."""
        if bar:
            write_all(self.descriptor, bar + b"\r")

    def close(self) -> None:
        """Nothing is left behind."""


@dataclass(slots=True)
class TerminalOutput:
    """A terminal: the bar is drawn on the last line, below the output."""

    slot: int
    lines: SlotLines
    bar_interval_s: float = DRAW_INTERVAL_S

    def write(self, lines: Sequence[bytes]) -> None:
        """Write complete lines above the bar."""
        self.lines.show(lines)

    def draw(self, bar: bytes) -> None:
        """Show a state of the bar."""
        self.lines.show(texts={self.slot: bar})

    def close(self) -> None:
        """Remove the bar."""
        self.lines.close()


@dataclass(slots=True)
class TaggedOutput:
    """A pipe to the process that draws the lines of all slots: each line carries the number of its slot."""

    descriptor: int
    slot: int
    bar_interval_s: float = DRAW_INTERVAL_S

    def write(self, lines: Sequence[bytes]) -> None:
        """Send complete lines."""
        write_all(self.descriptor, b"".join(tag(self.slot, line) + b"\n" for line in lines))

    def draw(self, bar: bytes) -> None:
        """Send a state of the bar."""
        write_all(self.descriptor, tag(self.slot, bar) + b"\r")

    def close(self) -> None:
        """Nothing is left behind."""


@dataclass(slots=True)
class Sink:
    """The standard output and standard error of a display. A stream that nobody reads any more is left out.

    Attributes:
        outputs: the outputs by descriptor.
    """

    outputs: dict[int, Output]

    @property
    def is_gone(self) -> bool:
        """Whether nobody reads the output any more."""
        return not self.outputs

    def bar_interval_s(self, stream: int) -> float:
        """Return the seconds between two states of a progress bar."""
        output = self.outputs.get(stream)
        return PLAIN_INTERVAL_S if output is None else output.bar_interval_s

    def write(self, lines: Sequence[bytes], stream: int) -> None:
        """Write complete lines."""
        if (output := self.outputs.get(stream)) is not None:
            try:
                output.write(lines)
            except OSError:  # the terminal or the pipe was closed: trials go on
                del self.outputs[stream]

    def draw(self, bar: bytes, stream: int) -> None:
        """Show a state of a progress bar, or remove the bar if `bar` is empty."""
        if (output := self.outputs.get(stream)) is not None:
            try:
                output.draw(bar)
            except OSError:
                del self.outputs[stream]

    def close(self) -> None:
        """Remove what is not part of the output."""
        for stream, output in list(self.outputs.items()):
            try:
                output.close()
            except OSError:
                del self.outputs[stream]


def make_sink(style: DisplayStyle) -> Sink:
    """Return the sink for this process's standard output and standard error."""
    terminals = [stream for stream in (OUT, ERR) if style.draws and stream not in style.tagged and os.isatty(stream)]
    lines = SlotLines(terminals[0]) if terminals else None
    outputs: dict[int, Output] = {}
    for stream in (OUT, ERR):
        if stream in style.tagged:
            outputs[stream] = TaggedOutput(stream, style.slot)
        elif stream in terminals and lines is not None:
            outputs[stream] = TerminalOutput(style.slot, lines)
        else:
            outputs[stream] = PlainOutput(stream)
    return Sink(outputs)
