"""Shows a live view of the dashboard in a notebook cell.

The output of the cell contains a ticket that opens the view once, within minutes, and only for reading. A notebook that
is saved, shared or committed therefore grants no access. It keeps a few lines of text with the state at that time.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from lightning_sweeps.api.wait import HasId, warn
from lightning_sweeps.client import Client
from lightning_sweeps.client.up_to_date import connect_up_to_date
from lightning_sweeps.errors import NotFound, UsageError
from lightning_sweeps.messages import RunDetails

HEIGHT_PX = 640
MOST_VALUES = 6
MOST_RANKS = 16
STYLE = "width:100%;border:1px solid rgba(128,128,128,.35);border-radius:8px"
SANDBOX = "allow-scripts allow-same-origin allow-downloads allow-popups allow-popups-to-escape-sandbox"


@dataclass(frozen=True, slots=True)
class View:
    """A page of the dashboard that a notebook shows as the value of a cell or by `IPython.display.display`.

    Each time the view is shown, it requests a new ticket from the server.

    Attributes:
        path: Path and query of the page's URL.
        height_px: Height of the frame in pixels.
        at: URL at which the browser reaches the server; empty: the URL that this process uses.
    """

    path: str
    height_px: int = HEIGHT_PX
    at: str = ""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Return the output of the cell: the view, and below it the text that a saved notebook keeps."""
        with connect_up_to_date(warn) as client:
            ticket = client.view_ticket()
            base = self.at or ticket.url or client.url
            title, lines = _title_and_state(client, self.path)
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
    """Return a live view of a run, a sweep, a group or any other page of the dashboard, for a notebook cell.

    Args:
        what: Id of a sweep or a run; an object with such an `id`, for example a run or `Api().sweep(id)`; or the URL
            of a page of the dashboard, with or without the server: `/groups/digits/<group>?view=Pace`.
        height_px: Height of the frame in pixels.
        at: URL at which the *browser* reaches the server, if it differs from the one that the server knows: for
            example `http://127.0.0.1:8800` with `ssh -L 8800:127.0.0.1:8800 host`, or the address of a proxy with the
            path of the server's `--root-path`, which may begin with `/` if the notebook has the same host.

    Returns:
        A view. The notebook shows it if it is the value of a cell.

    Raises:
        NotFound: the server has no sweep and no run with this id.
        UsageError: `at` or the URL is not valid.
        ServerError: the server cannot be reached.

    Example:
        >>> import lightning_sweeps as ls
        >>> ls.view("1a2b3c4d5e", height_px=800)  # doctest: +SKIP
    """
    place = what if isinstance(what, str) else what.id
    if "/" not in place:
        place = _place_of(place)
    parts = urlsplit(place)
    if parts.netloc and not at:
        at = f"{parts.scheme}://{parts.netloc}"
    base = urlsplit(at)
    is_address = base.scheme in ("http", "https") and bool(base.netloc)
    is_beside = not base.scheme and not base.netloc and at.startswith("/")
    if at and (not (is_address or is_beside) or base.query or base.fragment):
        raise UsageError(
            f"`{at}` is not the URL of a server", hint="for example `http://127.0.0.1:8800` or `/user/ada/proxy/8800`"
        )
    if not parts.path.startswith("/") or (parts.scheme and not parts.netloc):
        raise UsageError(f"`{place}` is not a page of the dashboard", hint="for example `/runs?find=digits`")
    query = f"?{parts.query}" if parts.query else ""
    return View(parts.path + query, height_px, at.rstrip("/"))


def _place_of(given: str) -> str:
    with connect_up_to_date(warn) as client:
        try:
            return f"/sweeps/{quote(client.sweep(given).id, safe='')}"
        except NotFound:
            pass  # it may be the id of a run
        try:
            return f"/runs/{quote(client.run(given).id, safe='')}"
        except NotFound:
            raise NotFound(
                f"the server has no sweep and no run `{given}`", hint="`lightning-sweeps runs` lists them"
            ) from None


def _title_and_state(client: Client, path: str) -> tuple[str, list[str]]:
    """Return the title of a page, and its current state in a few lines."""
    kind, *names = [unquote(part) for part in urlsplit(path).path.strip("/").split("/")]
    if kind == "sweeps" and len(names) == 1:
        sweep = client.sweep(names[0])
        counts = ", ".join(f"{count} {state}" for state, count in sweep.counts.items())
        value = sweep.best.objective if sweep.best and not sweep.best_point else None
        value = sweep.best_point.value if sweep.best_point else value
        best = sweep.best
        found = [] if best is None else [f"best {sweep.metric}: {_short(value)} with {_pairs(best.params)}"]
        return f"sweep {sweep.name or sweep.id}", [f"{sweep.state}; trials: {counts or 'none'}", *found]
    if kind == "runs" and len(names) == 1:
        run = client.run(names[0])
        return f"run {run.name}", _of_run(run)
    if kind == "groups" and len(names) == 2:
        runs = sorted(client.runs(project=names[0], group=names[1], limit=MOST_RANKS).runs, key=lambda run: run.rank)
        return f"group {names[1]}", [f"rank {run.rank}: {'; '.join(_of_run(run))}" for run in runs]
    return "dashboard", []


def _of_run(run: RunDetails) -> list[str]:
    ended = f"{run.state}{f' ({run.reason})' if run.reason else ''}, {run.rows} rows"
    values = {name: value for name, value in run.summary.items() if isinstance(value, int | float)}
    return [ended, _pairs(values)] if values else [ended]


def _pairs(values: dict[str, Any]) -> str:
    shown = [f"{name} {_short(value)}" for name, value in list(values.items())[:MOST_VALUES]]
    return ", ".join([*shown, "…"] if len(values) > MOST_VALUES else shown)


def _short(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)
