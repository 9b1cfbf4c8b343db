"""`lightning_sweeps.view(...)`: a live view of the dashboard in a notebook's cell.

What the cell's output holds opens the view once, within minutes, and only for reading: a notebook that is saved, sent
around or committed gives nobody a way in. It keeps a few lines of text of how things stood.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, Protocol
from urllib.parse import quote, unquote, urlsplit

from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import connect
from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.messages import Run

HEIGHT_PX = 640
MOST_VALUES = 6
MOST_RANKS = 16
STYLE = "width:100%;border:1px solid rgba(128,128,128,.35);border-radius:8px"
SANDBOX = "allow-scripts allow-same-origin allow-downloads allow-popups allow-popups-to-escape-sandbox"


class HasId(Protocol):
    @property
    def id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class View:
    """A place in the dashboard; a notebook shows it where it is the value of a cell, or by `IPython.display.display`.

    Every time it is shown, the server is asked for a new ticket. Raises what `Client` raises.
    """

    path: str
    """Path and query of the dashboard's address."""
    height_px: int = HEIGHT_PX
    at: str = ""
    """The server's address for the browser; empty: the one that this process uses."""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Return what a notebook shows: the view, and below it what remains of it in a saved notebook."""
        with connect() as client:
            base = self.at or client.url
            ticket = client.view_ticket()
            title, lines = _standing(client, self.path)
        link = base + self.path
        source = f"{base}{ticket.path}{self.path.removeprefix('/')}#{ticket.ticket}"
        kept = "<br>".join(escape(line) for line in lines)
        details = f"<details><summary>when this cell ran</summary>{kept}</details>" if lines else ""
        html = (
            f'<iframe src="{escape(source)}" title="{escape(title)}" height="{self.height_px}" style="{STYLE}"'
            f' sandbox="{SANDBOX}" referrerpolicy="no-referrer"></iframe>'
            f'<p><a href="{escape(link)}" target="_blank" rel="noreferrer">{escape(title)}</a> in the dashboard</p>'
            f"{details}"
        )
        return {"text/html": html, "text/plain": "\n".join([f"{title}: {link}", *lines])}


def view(what: str | HasId = "/", *, height_px: int = HEIGHT_PX, at: str = "") -> View:
    """Return a live view of a run, a sweep, a group, or any other place of the dashboard, for a notebook's cell.

    Args:
        what: the id of a sweep or a run, something that has one (a run, `Api().sweep(id)`), or an address of the
            dashboard, as its pages have it: `/groups/digits/<group>?view=Pace`, also with the server in front.
        height_px: of the frame.
        at: the server's address as the *browser* reaches it, where that is not how this process does:
            `http://127.0.0.1:8800` behind `ssh -L 8800:127.0.0.1:8800 host`.

    Raises:
        NotFound: the server knows no sweep and no run of this id.
        UsageError: `at`, or the address, is none.
        ServerError: the server cannot be reached.
    """
    place = what if isinstance(what, str) else what.id
    if "/" not in place:
        place = _place_of(place)
    parts = urlsplit(place)
    if parts.netloc and not at:
        at = f"{parts.scheme}://{parts.netloc}"
    base = urlsplit(at)
    if at and (base.scheme not in ("http", "https") or not base.netloc or base.path.strip("/")):
        raise UsageError(f"`{at}` is no address of a server", hint="for example `http://127.0.0.1:8800`")
    if not parts.path.startswith("/") or (parts.scheme and not parts.netloc):
        raise UsageError(f"`{place}` is no address of the dashboard", hint="for example `/runs?find=digits`")
    query = f"?{parts.query}" if parts.query else ""
    return View(parts.path + query, height_px, at.rstrip("/"))


def _place_of(given: str) -> str:
    with connect() as client:
        try:
            return f"/sweeps/{quote(client.sweep(given).id, safe='')}"
        except NotFound:
            pass  # then it is a run's
        try:
            return f"/runs/{quote(client.run(given).id, safe='')}"
        except NotFound:
            raise NotFound(
                f"the server knows no sweep and no run `{given}`", hint="`lightning-sweeps runs` lists them"
            ) from None


def _standing(client: Client, path: str) -> tuple[str, list[str]]:
    """Return what a place is called, and how it stands in a few lines."""
    kind, *names = [unquote(part) for part in urlsplit(path).path.strip("/").split("/")]
    if kind == "sweeps" and len(names) == 1:
        sweep = client.sweep(names[0])
        counts = ", ".join(f"{count} {state}" for state, count in sweep.counts.items())
        best = sweep.best
        found = [] if best is None else [f"best {sweep.metric}: {_short(best.objective)} with {_pairs(best.params)}"]
        return f"sweep {sweep.name or sweep.id}", [f"{sweep.state}; trials: {counts or 'none'}", *found]
    if kind == "runs" and len(names) == 1:
        run = client.run(names[0])
        return f"run {run.name}", _of_run(run)
    if kind == "groups" and len(names) == 2:
        runs = sorted(client.runs(project=names[0], group=names[1], limit=MOST_RANKS).runs, key=lambda run: run.rank)
        return f"group {names[1]}", [f"rank {run.rank}: {'; '.join(_of_run(run))}" for run in runs]
    return "dashboard", []


def _of_run(run: Run) -> list[str]:
    ended = f"{run.state}{f' ({run.reason})' if run.reason else ''}, {run.rows} rows"
    values = {name: value for name, value in run.summary.items() if isinstance(value, int | float)}
    return [ended, _pairs(values)] if values else [ended]


def _pairs(values: dict[str, Any]) -> str:
    shown = [f"{name} {_short(value)}" for name, value in list(values.items())[:MOST_VALUES]]
    return ", ".join([*shown, "…"] if len(values) > MOST_VALUES else shown)


def _short(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)
