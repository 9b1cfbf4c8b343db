"""Projects, runs, their consoles, and the nodes that they ran on."""

from __future__ import annotations

from lightning_sweeps import messages as m
from lightning_sweeps.client.transport import Transport


class RunRoutes(Transport):
    def projects(self) -> list[str]:
        return self._get("/api/projects", list[str])

    def runs(self, **filters: str | int | None) -> m.RunList:
        """List runs, newest first; filters: project, group, sweep, trial, state, limit, offset."""
        return self._get("/api/runs", m.RunList, params=filters)

    def query_runs(self, query: m.RunsQuery) -> m.RunsPage:
        """Return a page of the runs table: filtered, sorted, with chosen columns."""
        return self._post("/api/runs/query", m.RunsPage, query)

    def changes(self, *, since: float | None = None, project: str | None = None) -> m.Changes:
        """Return what changed since the cursor of an earlier answer; without one, a cursor to begin with."""
        return self._get("/api/changes", m.Changes, params={"since": since, "project": project})

    def run(self, run_id: str) -> m.Run:
        return self._get(f"/api/runs/{run_id}", m.Run)

    def label_run(self, run_id: str, *, tags: list[str] | None = None, notes: str | None = None) -> m.Run:
        """Give a run other tags or notes; None leaves what is there."""
        return self._post(f"/api/runs/{run_id}/labels", m.Run, m.RunLabels(tags, notes))

    def console(self, run_id: str, *, last: int = 200, after: int = 0, find: str = "") -> list[m.ConsoleLine]:
        """Return the last console lines, oldest first: with an id above `after`, that hold the text `find`."""
        params = {"last": last, "after": after, "find": find}
        return self._get(f"/api/runs/{run_id}/console", list[m.ConsoleLine], params=params)

    def group_console(self, project: str, group: str, *, last: int = 200, find: str = "") -> list[m.ConsoleLine]:
        """Return the last console lines of every rank of a group, by their time."""
        params = {"project": project, "group": group, "last": last, "find": find}
        return self._get("/api/console", list[m.ConsoleLine], params=params)

    def nodes(self) -> list[m.Node]:
        return self._get("/api/nodes", list[m.Node])

    def nodes_now(self) -> list[m.NodeStatus]:
        """Return who runs what where: every node with its newest sample, its runs and its agents."""
        return self._get("/api/nodes/now", list[m.NodeStatus])
