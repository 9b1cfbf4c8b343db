"""Operations of projects, runs, console lines and nodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from lightning_sweeps import messages as m
from lightning_sweeps.client.transport import Transport

PAGE_RUNS = 500


class RunRoutes(Transport):
    """Operations of projects, runs, console lines and nodes."""

    def projects(self) -> list[str]:
        """Return the names of all projects."""
        return self._get("/api/projects", list[str])

    def project(self, name: str) -> m.ProjectPage:
        """Return the page of a project."""
        return self._get(f"/api/projects/{quote(name, safe='')}/page", m.ProjectPage)

    def edit_project(self, name: str, edit: m.ProjectEdit) -> m.ProjectPage:
        """Edit the page of a project.

        Raises:
            ServerRefused: status 409; somebody has edited it since the version of the edit.
        """
        return self._post(f"/api/projects/{quote(name, safe='')}/page", m.ProjectPage, edit)

    def runs(self, **filters: str | int | None) -> m.RunList:
        """Return runs, newest first.

        Args:
            filters: `project`, `group`, `sweep`, `trial`, `state`, `shown`, `limit`, `offset`, `cursor`.
        """
        return self._get("/api/runs", m.RunList, params=filters)

    def query_runs(self, query: m.RunsQuery) -> m.RunsPage:
        """Return a page of the runs table: filtered, sorted, with the chosen columns."""
        return self._post("/api/runs/query", m.RunsPage, query)

    def all_runs(self, query: m.RunsQuery) -> Iterator[list[dict[str, Any]]]:
        """Yield the rows of all pages of a table. A run that arrives meanwhile moves no other run to another page."""
        following: m.RunsQuery | None = query
        while following is not None:
            page = self.query_runs(following)
            yield page.rows
            following = None if page.next_page is None else replace(following, offset=0, cursor=page.next_page)

    def changes(self, *, since: float | None = None, project: str | None = None) -> m.Changes:
        """Return what changed since the cursor of an earlier response. Without a cursor, return only a new cursor."""
        return self._get("/api/changes", m.Changes, params={"since": since, "project": project})

    def run(self, run_id: str) -> m.RunDetails:
        """Return a run."""
        return self._get(f"/api/runs/{run_id}", m.RunDetails)

    def label_run(
        self,
        run_id: str,
        *,
        tags: list[str] | None = None,
        notes: str | None = None,
        name: str | None = None,
        config: dict[str, Any] | None = None,
    ) -> m.RunDetails:
        """Replace the tags, notes or name of a run, or add to its configuration; None leaves them unchanged."""
        return self._post(f"/api/runs/{run_id}/labels", m.RunDetails, m.RunLabels(tags, notes, name, config))

    def change_runs(self, wanted: m.RunsChange) -> m.RunsChanged:
        """Move runs to the trash, the archive or another project, or back; or preview this."""
        return self._post("/api/runs/change", m.RunsChanged, wanted)

    def rename_project(self, project: str, name: str) -> list[str]:
        """Give a project another name, and return the names of all projects."""
        return self._post(f"/api/projects/{quote(project, safe='')}/rename", list[str], m.ProjectRename(name))

    def trash(self) -> m.Trash:
        """Return what is in the trash."""
        return self._get("/api/trash", m.Trash)

    def empty_trash(self) -> m.TrashEmptied:
        """Delete for good some of what is in the trash. Repeat the call until nothing remains."""
        return self._post("/api/trash/empty", m.TrashEmptied)

    def journals(self, run_id: str) -> list[m.JournalInfo]:
        """Return the journals of the processes that logged to a run."""
        return self._get(f"/api/runs/{run_id}/journals", list[m.JournalInfo])

    def value_keys(self, run_id: str) -> list[m.LoggedValueKey]:
        """Return the keys under which a run logged text, lists or integers beyond 2**53."""
        return self._get(f"/api/runs/{run_id}/value-keys", list[m.LoggedValueKey])

    def values(self, run_id: str, *, key: str | None = None, after: int = 0, limit: int = 1000) -> list[m.LoggedValue]:
        """Return logged texts, lists and integers beyond 2**53, in the order in which they arrived.

        Args:
            key: only values of this key.
            after: only values with a higher id.
            limit: maximum number of values.
        """
        params = {"key": key, "after": after, "limit": limit}
        return self._get(f"/api/runs/{run_id}/values", list[m.LoggedValue], params=params)

    def close_run(self, run_id: str) -> m.RunDetails:
        """End a run whose process is dead, although nobody saw its end. If it logs again, it is running again."""
        return self._post(f"/api/runs/{run_id}/close", m.RunDetails)

    def console(self, run_id: str, *, last: int = 200, after: int = 0, find: str = "") -> list[m.ConsoleLine]:
        """Return the last console lines of a run, oldest first.

        Args:
            last: number of lines.
            after: only lines with a higher id.
            find: only lines that contain this text.
        """
        params = {"last": last, "after": after, "find": find}
        return self._get(f"/api/runs/{run_id}/console", list[m.ConsoleLine], params=params)

    def console_after(self, run_id: str, *, after: int, limit: int) -> list[m.ConsoleLine]:
        """Return the first console lines with a higher id than `after`, oldest first."""
        return self._get(f"/api/runs/{run_id}/console/after/{after}", list[m.ConsoleLine], params={"limit": limit})

    def group_console(self, project: str, group: str, *, last: int = 200, find: str = "") -> list[m.ConsoleLine]:
        """Return the last console lines of all ranks of a group, sorted by time."""
        params = {"project": project, "group": group, "last": last, "find": find}
        return self._get("/api/console", list[m.ConsoleLine], params=params)

    def nodes(self) -> list[m.Node]:
        """Return all nodes."""
        return self._get("/api/nodes", list[m.Node])

    def nodes_now(self) -> list[m.NodeStatus]:
        """Return every node with its newest sample, its runs and its agents."""
        return self._get("/api/nodes/now", list[m.NodeStatus])
