"""Changes runs on a server: to the trash and back, the archive, other projects, and their labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lightning_sweeps import messages as m
from lightning_sweeps.client import Client


class Edits:
    """The methods of `Api` that change runs."""

    @property
    def _client(self) -> Client:
        raise NotImplementedError

    def delete_runs(
        self,
        ids: Iterable[str] = (),
        *,
        project: str | None = None,
        filter: str = "",  # noqa: A002  named like the field of the HTTP API
        with_running: bool = False,
        preview: bool = False,
    ) -> m.RunsChanged:
        """Move runs to the trash. The server deletes them for good after a week (`lightning-sweeps docs server`).

        Args:
            ids: Ids of runs; empty: all that meet the other conditions, of which at least one must be given.
            project: Only runs of this project.
            filter: Only runs that match, for example `state = failed and created < -30d`.
            with_running: True: runs that are running too.
            preview: True: change nothing, and return what would be deleted.

        Returns:
            The number of runs and rows, and the ids of the first 1,000 runs.

        Raises:
            ServerRefused: no condition is given, a run is unknown, or the filter is not valid.

        Example:
            >>> api.delete_runs(project="digits", filter="state = failed")  # doctest: +SKIP
        """
        return self._change("delete", ids, project, filter, with_running=with_running, is_preview=preview)

    def restore_runs(
        self,
        ids: Iterable[str] = (),
        *,
        project: str | None = None,
        filter: str = "",  # noqa: A002
    ) -> m.RunsChanged:
        """Bring runs back from the trash. The arguments are those of `delete_runs`."""
        return self._change("restore", ids, project, filter)

    def archive_runs(
        self,
        ids: Iterable[str] = (),
        *,
        project: str | None = None,
        filter: str = "",  # noqa: A002
        undo: bool = False,
    ) -> m.RunsChanged:
        """Hide runs from lists, or show them again with `undo`. The other arguments are those of `delete_runs`."""
        return self._change("unarchive" if undo else "archive", ids, project, filter)

    def move_runs(
        self,
        to_project: str,
        ids: Iterable[str] = (),
        *,
        project: str | None = None,
        filter: str = "",  # noqa: A002
    ) -> m.RunsChanged:
        """Move runs to another project, created if it is new. The other arguments are those of `delete_runs`."""
        return self._change("move", ids, project, filter, to_project=to_project)

    def rename_runs(
        self,
        name: str,
        ids: Iterable[str] = (),
        *,
        project: str | None = None,
        group: str | None = None,
        filter: str = "",  # noqa: A002
    ) -> m.RunsChanged:
        """Give runs one name, for example those of a group.

        A run whose name ends with its rank, such as `base-rank1`, keeps that end.

        Args:
            name: The new name.
            ids: As for `delete_runs`.
            project: As for `delete_runs`.
            group: Only runs of this group.
            filter: As for `delete_runs`.
        """
        return self._change("rename", ids, project, filter, group=group, to_name=name)

    def edit_run(
        self,
        run_id: str,
        *,
        name: str | None = None,
        notes: str | None = None,
        tags: Iterable[str] | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> m.RunDetails:
        """Set the name, notes or tags of a run, or add to its configuration; None leaves a value unchanged.

        Args:
            run_id: The run.
            name: The name.
            notes: The notes.
            tags: All tags.
            config: Nested values to add to the configuration, or to replace in it.

        Raises:
            NotFound: there is no such run.
            ServerRefused: a value is too long.
        """
        return self._client.label_run(
            run_id,
            name=name,
            notes=notes,
            tags=None if tags is None else list(tags),
            config=None if config is None else dict(config),
        )

    def edit_project(
        self,
        page: m.ProjectPage,
        *,
        description: str | None = None,
        notes: str | None = None,
        runs: Iterable[str] | None = None,
        views: Mapping[str, str] | None = None,
        columns: Iterable[str] | None = None,
        metric: str | None = None,
    ) -> m.ProjectPage:
        """Edit the page of a project; None leaves a value unchanged.

        Args:
            page: The page as `Api.project` returned it. Nothing is changed if somebody has edited it since.
            description: What the project is about, in Markdown.
            notes: Notes, in Markdown.
            runs: Ids of all pinned runs.
            views: All pinned views: the address of each, by its name.
            columns: Columns of the project's runs table.
            metric: The metric that is shown first.

        Returns:
            The page after the edit.

        Raises:
            NotFound: there is no such project or run.
            ServerRefused: somebody has edited the page since (status 409), a value is too long, or an address is not
                one of the dashboard.

        Example:
            >>> page = api.project("digits")  # doctest: +SKIP
            >>> api.edit_project(page, description="# Digits", metric="val/loss")  # doctest: +SKIP
        """
        edit = m.ProjectEdit(
            version=page.version,
            description=description,
            notes=notes,
            runs=None if runs is None else list(runs),
            views=None if views is None else [m.PinnedView(*view) for view in views.items()],
            columns=None if columns is None else list(columns),
            metric=metric,
        )
        return self._client.edit_project(page.name, edit)

    def _change(
        self,
        action: m.RunAction,
        ids: Iterable[str],
        project: str | None,
        where: str,
        *,
        group: str | None = None,
        **options: Any,
    ) -> m.RunsChanged:
        chosen = m.RunChoice(list(ids), project, group, filter=where)
        return self._client.change_runs(m.RunsChange(chosen, action, **options))
