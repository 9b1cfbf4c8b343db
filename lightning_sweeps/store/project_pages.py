"""Stores the pages of projects: what people write, pin, and choose for everybody."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from sqlalchemy import Connection, Row, Select, select, update

from lightning_sweeps.errors import NotFound, ServerRefused, UsageError
from lightning_sweeps.messages import PinnedView, ProjectEdit, ProjectPage, Report
from lightning_sweeps.store import schema
from lightning_sweeps.store.column_values import plain, text

MAX_TEXT_LENGTH = 100_000
MAX_PINS = 100
MAX_REPORTS = 50
MAX_REPORTS_LENGTH = 500_000
"""Of the texts of all reports together: they are read with the page."""
MAX_COLUMNS = 100
MAX_NAME_LENGTH = 200
MAX_KEY_LENGTH = 600
MAX_ADDRESS_LENGTH = 8_000
ADDRESS = re.compile(r"/(?![/\\])[^\s\\\x00-\x1f]*")
"""An address on this server. `//host` is one of another server."""

_project = schema.project
_run = schema.run
_EMPTY: dict[str, Any] = {
    "description": "",
    "notes": "",
    "runs": [],
    "views": [],
    "columns": [],
    "metric": "",
    "reports": [],
}
_SELECT: Select[Any] = select(
    _project.c.name,
    *(_project.c[name] for name in ("id", "page", "page_version", "page_edited", "page_edited_by")),
)


def get_page(connection: Connection, name: str) -> ProjectPage:
    """Return the page of a project; it is empty until somebody edits it.

    Raises:
        NotFound: there is no such project.
    """
    return _message(_found(connection, name, _SELECT))


def edit_page(connection: Connection, name: str, wanted: ProjectEdit, *, by: str, now: float) -> ProjectPage:
    """Edit the page of a project.

    Args:
        connection: a transaction that writes.
        name: name of the project.
        wanted: the new values.
        by: name of the API key.
        now: seconds since the epoch.

    Raises:
        NotFound: there is no such project.
        ServerRefused: status 409; somebody else has edited the page since it was read.
        UsageError: a value is too long, an address is not one of the dashboard, or a run is not of the project.
    """
    row = _found(connection, name, _SELECT.with_for_update())
    known = _message(row)
    if wanted.version != known.version:
        raise _conflict(known, wanted.version)
    _check(wanted)
    if wanted.runs is not None:
        _check_runs(connection, row, set(wanted.runs) - set(known.runs))
    given = {key: value for key, value in asdict(wanted).items() if key in _EMPTY and value is not None}
    page = _EMPTY | (row.page or {}) | plain(given)
    page["runs"] = list(dict.fromkeys(page["runs"]))
    values = {"page": page, "page_version": known.version + 1, "page_edited": now, "page_edited_by": by}
    connection.execute(update(_project).where(_project.c.id == row.id).values(**values))
    return get_page(connection, name)


def follow_rename(connection: Connection, old: str, new: str) -> None:
    """Replace the old name of a renamed project in the addresses of its pinned views."""
    row = _found(connection, new, _SELECT.with_for_update())
    if row.page is None:
        return
    views = [view | {"address": renamed_address(view["address"], old, new)} for view in row.page["views"]]
    connection.execute(update(_project).where(_project.c.id == row.id).values(page=row.page | {"views": views}))


def renamed_address(address: str, old: str, new: str) -> str:
    """Return an address of the dashboard with another name of a project."""
    parts = urlsplit(address)
    words = parts.path.split("/")
    if len(words) > 2 and words[1] in ("groups", "projects") and unquote(words[2]) == old:
        words[2] = quote(new, safe="")
    given = parse_qsl(parts.query, keep_blank_values=True)
    query = [(key, new if (key, value) == ("project", old) else value) for key, value in given]
    changed = parts._replace(path="/".join(words))
    return (changed if query == given else changed._replace(query=urlencode(query))).geturl()


def _found(connection: Connection, name: str, query: Select[Any]) -> Row[Any]:
    row = connection.execute(query.where(_project.c.name == name)).one_or_none()
    if row is None:
        raise NotFound(f"there is no project `{name}`", hint="GET /api/projects lists the projects")
    return row


def _message(row: Row[Any]) -> ProjectPage:
    page = _EMPTY | (row.page or {})
    views = [PinnedView(**view) for view in page["views"]]
    reports = [Report(**report) for report in page["reports"]]
    written = page | {"views": views, "reports": reports}
    return ProjectPage(
        name=row.name, **written, version=row.page_version or 0, edited=row.page_edited, edited_by=row.page_edited_by
    )


def _conflict(known: ProjectPage, version: int) -> ServerRefused:
    return ServerRefused(
        f"`{known.edited_by}` has edited the page of the project `{known.name}` meanwhile: it has version"
        f" {known.version}, the edit is of version {version}",
        status=409,
        hint="read the page again, and repeat the edit",
    )


def _check(wanted: ProjectEdit) -> None:
    """Check the sizes of all given values, and the addresses.

    Raises:
        UsageError: one of them is not allowed.
    """
    for what, given in (("description", wanted.description), ("notes", wanted.notes)):
        _check_length(what, given or "", MAX_TEXT_LENGTH)
    _check_count("pinned runs", wanted.runs, MAX_PINS)
    _check_count("pinned views", wanted.views, MAX_PINS)
    _check_count("columns", wanted.columns, MAX_COLUMNS)
    for key in (*(wanted.columns or ()), wanted.metric or ""):
        _check_length("name of a column or metric", key, MAX_KEY_LENGTH)
    _check_reports(wanted.reports or [])
    for view in wanted.views or ():
        _check_length("name of a view", view.name, MAX_NAME_LENGTH)
        _check_length("address of a view", view.address, MAX_ADDRESS_LENGTH)
        if not view.name.strip() or ADDRESS.fullmatch(view.address) is None:
            raise UsageError(
                f"the view `{view.name}` has the address `{view.address[:100]}`, allowed: a name, and an address of the"
                " dashboard that begins with `/`"
            )


def _check_reports(reports: list[Report]) -> None:
    _check_count("reports", reports, MAX_REPORTS)
    names = [report.name for report in reports]
    for name in names:
        _check_length("name of a report", name, MAX_NAME_LENGTH)
        if not name.strip() or names.count(name) > 1:
            raise UsageError(f"a report has the name `{name}`, allowed: a name that no other report of the project has")
    for report in reports:
        _check_length("text of a report", report.text, MAX_TEXT_LENGTH)
    whole = sum(len(report.text) for report in reports)
    if whole > MAX_REPORTS_LENGTH:
        raise UsageError(
            f"the reports of the project have {whole} characters together, allowed: {MAX_REPORTS_LENGTH}",
            hint="delete some, or keep old ones outside",
        )


def _check_length(what: str, given: str, allowed: int) -> None:
    if len(given) > allowed:
        raise UsageError(f"the {what} has {len(given)} characters, allowed: {allowed}")


def _check_count(what: str, given: Collection[object] | None, allowed: int) -> None:
    if given is not None and len(given) > allowed:
        raise UsageError(f"there are {len(given)} {what}, allowed: {allowed}")


def _check_runs(connection: Connection, row: Row[Any], run_ids: Collection[str]) -> None:
    """Check that runs belong to the project. Those that are pinned already may have been moved or deleted."""
    wanted = sorted({text(run_id) for run_id in run_ids})
    known = set(connection.scalars(select(_run.c.id).where(_run.c.id.in_(wanted), _run.c.project_id == row.id)))
    for run_id in wanted:
        if run_id not in known:
            raise NotFound(
                f"there is no run `{run_id[:100]}` in the project `{row.name}`",
                hint=f"`lightning-sweeps runs --project {row.name}` lists its runs",
            )
