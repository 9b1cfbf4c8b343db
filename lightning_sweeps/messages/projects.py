"""Messages about projects: the page that people write, and edits of it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PinnedView:
    """A view of the dashboard: its name, and its address from the first `/` on, for example `/runs?project=digits`."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Report:
    """A page that people write: its name, and its text in Markdown with live panels."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """What people wrote on the page of a project.

    Attributes:
        name: name of the project.
        description: what the project is about, in Markdown.
        notes: notes, in Markdown.
        runs: ids of the pinned runs.
        views: the pinned views.
        columns: columns of the project's runs table; empty: the dashboard chooses.
        metric: the metric that is shown first; empty: the dashboard chooses.
        version: number of edits.
        edited: when the page was edited last.
        edited_by: name of the API key that did it.
        reports: the reports of the project.
    """

    name: str
    description: str
    notes: str
    runs: list[str]
    views: list[PinnedView]
    columns: list[str]
    metric: str
    version: int
    edited: float | None
    edited_by: str | None
    reports: list[Report] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ProjectEdit:
    """New values for the page of a project; None leaves a value unchanged. The values are those of `ProjectPage`.

    Attributes:
        version: version of the page that was edited. The server rejects the edit if the page has another one by now.
    """

    version: int
    description: str | None = None
    notes: str | None = None
    runs: list[str] | None = None
    views: list[PinnedView] | None = None
    columns: list[str] | None = None
    metric: str | None = None
    reports: list[Report] | None = None
