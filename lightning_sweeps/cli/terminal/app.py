"""Shows pictures in a terminal, and turns keys into places. What a page shows is decided in `picture.py`."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from lightning_sweeps.cli.terminal.feed import Feed
from lightning_sweeps.cli.terminal.location import Location, Page, Snapshot
from lightning_sweeps.cli.terminal.picture import MARK, Look, Picture, draw
from lightning_sweeps.cli.terminal.window import first_visible, highlighted, moved
from lightning_sweeps.errors import NotFound

INTERVAL_S = 1.0
"""How often the server is asked what has changed."""
PAGES: dict[str, Page] = {"h": "sweeps", "s": "sweeps", "r": "runs", "n": "nodes"}
"""Pages by the key after `g`, as in the dashboard."""

HELP = """\
g s  g r  g n   go to sweeps, runs, machines
j k  ↓ ↑        next, previous row
Enter           open the row
Esc             back, or close what is open
/               search
x               on a trial: draw its curve too
o               trials: the newest first, or the best first
← →             previous, next metric
t               light or dark
?               show these keys
q               quit"""


class TopApp(App[None]):
    """The dashboard in a terminal.

    Args:
        feed: reads from the server.
        place: the first page.
        is_ascii: whether to draw with ASCII characters only.
    """

    CSS = """
    Screen { layout: vertical; }
    Static { height: auto; }
    #title { height: 1; text-style: bold; }
    #table { height: 1fr; }
    #find { display: none; height: 1; border: none; padding: 0; }
    #find.open { display: block; }
    #keys { height: 1; text-style: dim; }
    """
    AUTO_FOCUS = ""  # else keys go to the closed field of the search
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit"),
        Binding("j,down", "move(1)", "Next row"),
        Binding("k,up", "move(-1)", "Previous row"),
        Binding("pagedown", "move(10)", "Ten rows down"),
        Binding("pageup", "move(-10)", "Ten rows up"),
        Binding("enter", "open", "Open the row"),
        Binding("escape", "close", "Back"),
        Binding("slash", "find", "Search"),
        Binding("x", "compare", "Draw the curve too"),
        Binding("o", "order", "Order"),
        Binding("left", "metric(-1)", "Previous metric"),
        Binding("right", "metric(1)", "Next metric"),
        Binding("t", "light", "Light or dark"),
        Binding("question_mark", "keys", "Keys"),
    ]

    def __init__(self, feed: Feed, place: Location, *, is_ascii: bool = False) -> None:
        super().__init__()
        self._feed = feed
        self._place = place
        self._look = Look(is_ascii=is_ascii)
        self._before: list[Location] = []
        self._snapshot = Snapshot("", 0.0, "reading")
        self._picture = Picture("")
        self._at: int | None = None
        self._key = ""
        self._first = 0
        self._is_after_g = False
        self._wake = asyncio.Event()

    def compose(self) -> ComposeResult:
        """Yield the parts of the screen."""
        for part in ("title", "table", "chart", "output"):
            yield Static(id=part, markup=False)
        yield Input(id="find", placeholder="search", compact=True)
        yield Static(id="keys", markup=False)

    def on_mount(self) -> None:
        """Start to read."""
        self.set_focus(None)
        self.run_worker(self._read(), name="feed", exit_on_error=True)

    async def _read(self) -> None:
        while True:
            self._wake.clear()
            place = self._place
            try:
                self._snapshot = await asyncio.to_thread(self._feed.read, place)
            except NotFound as error:
                self.notify(error.message, severity="warning", markup=False)
                self._before, self._place = [], Location()
                continue
            self._show()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), INTERVAL_S)

    def on_resize(self, event: events.Resize) -> None:
        """Draw again for the new size."""
        self._look = replace(self._look, width=event.size.width, height=event.size.height)
        self._show()

    def _show(self) -> None:
        self._picture = picture = draw(self._snapshot, self._place, self._look)
        self._at = highlighted(picture.rows, self._key, last=self._at or 0)
        self._highlight()
        self._text("title", picture.title)
        self._text("chart", "\n".join(picture.chart))
        self._text("output", "\n".join(picture.output))
        self._text("keys", picture.keys)
        for part, lines in (("chart", picture.chart), ("output", picture.output)):
            self.query_one(f"#{part}", Static).display = bool(lines)
        self.query_one("#table", Static).display = self._place.page != "run"

    def _highlight(self) -> None:
        """Show the visible rows, and choose the place of the highlighted one."""
        picture, at = self._picture, self._at
        others = len(picture.chart) + len(picture.output) + 3 + self.query_one("#find").has_class("open")
        height = max(1, self._look.height - others)
        self._first = first_visible(at, self._first, height, len(picture.lines))
        text = Text(picture.heading, style="bold")
        for number, line in enumerate(picture.lines[self._first : self._first + height], start=self._first):
            shown = MARK + line[len(MARK) :] if number == at else line
            text.append(f"\n{shown}", style="reverse" if number == at else "not bold")
        self.query_one("#table", Static).update(text)
        if at is None:
            return
        row = picture.rows[at]
        self._key = row.key
        if row.chosen is not None and row.chosen != self._place:
            self._place = row.chosen
            self._wake.set()

    def _text(self, part: str, text: str) -> None:
        self.query_one(f"#{part}", Static).update(Text(text))

    def _go(self, place: Location) -> None:
        if place.page == self._place.page == "run":
            return
        self._before.append(self._place)
        self._set(place, key="")

    def _set(self, place: Location, *, key: str) -> None:
        self._place, self._key, self._at, self._first = place, key, None, 0
        self._look = replace(self._look, find="")
        self._wake.set()
        self._show()

    def on_key(self, event: events.Key) -> None:
        """Follow `g` and a second key to a page."""
        is_after_g, self._is_after_g = self._is_after_g, event.key == "g"
        if is_after_g and event.key in PAGES:
            event.stop()
            event.prevent_default()
            self._before = []
            self._set(Location(PAGES[event.key]), key="")

    def on_click(self, event: events.Click) -> None:
        """Highlight the row under the mouse."""
        number = self._first + event.screen_y - 2  # below the title and the heading
        rows = self._picture.rows
        is_row = event.widget is self.query_one("#table") and 0 <= number < len(rows)
        if is_row and rows[number].chosen is not None:
            self._at = number
            self._highlight()

    def action_move(self, steps: int) -> None:
        """Highlight another row."""
        self._at = moved(self._picture.rows, self._at, steps)
        self._highlight()

    def action_open(self) -> None:
        """Open the highlighted row."""
        opened = self._picture.rows[self._at].opened if self._at is not None else None
        if opened is not None:
            self._go(opened)

    def action_close(self) -> None:
        """Close the search, or return to the page before."""
        if self._look.find:
            self._look = replace(self._look, find="")
            self._show()
        elif self._before:
            place = self._before.pop()
            self._set(place, key=self._place.sweep if place.page == "sweeps" else self._place.trial or self._place.run)

    def action_find(self) -> None:
        """Open the search."""
        field = self.query_one("#find", Input)
        field.add_class("open")
        field.value = self._look.find
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search while a person types."""
        self._look = replace(self._look, find=event.value)
        self._show()

    def on_input_submitted(self) -> None:
        """Close the field and keep the search."""
        self._close_find()

    def on_input_blurred(self) -> None:
        """Close the field if a person goes elsewhere."""
        self._close_find()

    def _close_find(self) -> None:
        self.query_one("#find").remove_class("open")
        self.set_focus(None)
        self._show()

    def action_compare(self) -> None:
        """Draw the curve of the highlighted trial too, or no longer."""
        place = self._place
        if place.page == "sweep" and place.trial:
            others = tuple(trial for trial in place.compared if trial != place.trial)
            added = () if len(others) < len(place.compared) else (place.trial,)
            self._place = replace(place, compared=(*others, *added))
            self._wake.set()
            self._show()

    def action_order(self) -> None:
        """Sort trials by their objective, or no longer."""
        self._look = replace(self._look, is_best_first=not self._look.is_best_first)
        self._show()

    def action_metric(self, steps: int) -> None:
        """Draw another metric."""
        names = [info.key for info in self._snapshot.keys]
        if self._snapshot.metric in names:
            metric = names[(names.index(self._snapshot.metric) + steps) % len(names)]
            self._place = replace(self._place, metric=metric)
            self._wake.set()

    def action_light(self) -> None:
        """Change between light and dark colours."""
        self.theme = "textual-light" if self.theme == "textual-dark" else "textual-dark"

    def action_keys(self) -> None:
        """Show the keys."""
        self.push_screen(KeysScreen())


class KeysScreen(ModalScreen[None]):
    """Lists the keys."""

    CSS = """
    KeysScreen { align: center middle; }
    KeysScreen Static { width: auto; padding: 1 2; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,enter", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        """Yield the list."""
        yield Static(HELP, markup=False)
