"""Reads projects, runs, series, media, artifacts, sweeps, trials and nodes from a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from lightning_sweeps import messages as m
from lightning_sweeps.api.edits import Edits
from lightning_sweeps.api.export import EXPORTED_COLUMNS, RUN_COLUMNS, download_files, values_of, whole_run
from lightning_sweeps.api.rows import Row, Rows, with_parameter_columns
from lightning_sweeps.api.sql.questions import SqlQuestions
from lightning_sweeps.api.wait import warn
from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import connect
from lightning_sweeps.client.download_blobs import download_blob
from lightning_sweeps.client.runs import PAGE_RUNS
from lightning_sweeps.client.up_to_date import catch_up
from lightning_sweeps.core.paths import Home, inside
from lightning_sweeps.errors import NotFound
from lightning_sweeps.exporters import EXPORTERS
from lightning_sweeps.exporters.exporter import ExportedFile, ExportedRun, ExportedRuns
from lightning_sweeps.exporters.whole_export import export_whole

PAGE_MEDIA = 1000


class Api(Edits, SqlQuestions):
    """Reads what a server stores, and edits runs.

    An instance has one connection. Use it in one thread, and close it or use it in a `with` statement. Methods that
    return `Rows` send their requests when you iterate.

    Args:
        client: The connection to use; default: the server of the settings, otherwise the server of this machine.

    Raises:
        ServerUnreachable: the server does not respond. Every method may raise this.
        Unauthorized: the server does not accept the API key. Every method may raise this.
        ServerRefused: the server rejected the request. Every method may raise this.

    Example:
        >>> from lightning_sweeps import Api
        >>> with Api() as api:  # doctest: +SKIP
        ...     for run in api.runs("digits", filter="state = finished", columns=["name", "summary.val/loss"]):
        ...         print(run["id"], run["summary.val/loss"])
    """

    def __init__(self, client: Client | None = None) -> None:
        self._connection = client or connect()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @property
    def _client(self) -> Client:
        """The connection, once the server has what the programs on this machine have logged until now."""
        missing = catch_up()
        if missing.sizes:
            warn(str(missing))
        return self._connection

    def __enter__(self) -> Api:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def projects(self) -> list[str]:
        """Return the names of all projects."""
        return self._client.projects()

    def project(self, name: str) -> m.ProjectPage:
        """Return the page of a project: what people wrote, pinned and chose there. `edit_project` edits it.

        Raises:
            NotFound: there is no such project.
        """
        return self._client.project(name)

    def runs(
        self,
        project: str | None = None,
        *,
        filter: str = "",  # noqa: A002  named like the field of the HTTP API
        sort: Sequence[str] = (),
        columns: Sequence[str] = RUN_COLUMNS,
    ) -> Rows:
        """Return runs, newest first.

        Args:
            project: Name of the project; default: all projects.
            filter: An expression such as `state = failed and config.lr < 0.1`. `lightning-sweeps docs http-api`
                describes the language.
            sort: Columns to sort by. A leading `-` reverses the order.
            columns: Columns of each row besides `id`, for example `config.lr` or `summary.val/loss`.

        Returns:
            One row for each run.

        Raises:
            ServerRefused: the filter or a column is not valid (on iteration).

        Example:
            >>> frame = api.runs("digits", sort=["summary.val/loss"]).frame()  # doctest: +SKIP
        """
        keys = [m.SortKey(name.removeprefix("-"), name.startswith("-")) for name in sort]
        query = m.RunsQuery(project, filter, keys, list(columns), PAGE_RUNS)
        return Rows(lambda: self._client.all_runs(query))

    def group(self, name: str, *, project: str | None = None) -> Rows:
        """Return the runs of one group, that is, the ranks of one job.

        Args:
            name: Name of the group.
            project: Name of the project; default: all projects.

        Returns:
            One row for each run, sorted by rank.
        """
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return self.runs(project, filter=f'group = "{quoted}"', sort=["rank"])

    def run(self, run_id: str) -> m.RunDetails:
        """Return one run.

        Raises:
            NotFound: there is no such run.
        """
        return self._client.run(run_id)

    def keys(self, owner_id: str) -> list[m.SeriesInfo]:
        """Return the series of a run or a node.

        Args:
            owner_id: Id of a run, id of a node, or `process:RUN` for the system metrics of a run's processes.

        Returns:
            For each series its key, count, first and last step, last value, minimum, maximum and mean.
        """
        return self._client.keys(owner_id)

    def points(
        self, owner_id: str, key: str, *, x: str = "step", low: float | None = None, high: float | None = None
    ) -> Rows:
        """Return the values of a key exactly as they were logged: numbers, or texts and lists.

        Args:
            owner_id: Id of a run or a node, as in `keys`.
            key: The logged key.
            x: The axis of `low` and `high`: `step`, `time`, `relative` (seconds since the run started) or `key:<name>`.
            low: Smallest x; default: no limit.
            high: Largest x; default: no limit.

        Returns:
            One row for each value, with `journal`, `sequence`, `step`, `time`, `value` (a float, which may be NaN or
            infinite) and `is_abandoned` (logged after the checkpoint from which a later attempt continued). A key
            without numbers has texts and lists as `value`, and no `is_abandoned`; see `values`.

        Example:
            >>> frame = api.points("RUN", "train/loss").frame()  # doctest: +SKIP
        """

        def pages() -> Iterator[Sequence[Row]]:
            client = self._client
            if _has_only_texts(client, owner_id, key):
                yield from ([row] for row in self.values(owner_id, key))
                return
            for page in client.all_points(owner_id, key, x=x, low=low, high=high):
                yield [asdict(point) | {"value": float(point.value)} for point in page]

        return Rows(pages)

    def values(self, run_id: str, key: str | None = None) -> Rows:
        """Return the texts, lists and integers beyond 2**53 that a run logged, in the order in which they arrived.

        Args:
            run_id: Id of the run.
            key: Only values of this key; default: all keys.

        Returns:
            One row for each value, with `journal`, `sequence`, `step`, `time`, `key` and `value`.
        """
        return Rows(lambda: ([row] for row in values_of(self._client, run_id, key)))

    def chart(self, query: m.SeriesQuery) -> m.SeriesAnswer:
        """Return many series, or groups of series, downsampled to the width of a chart.

        Args:
            query: The lines, the axis and the number of points.

        Returns:
            Lines and groups of lines, as columns with one entry for each bucket.

        Raises:
            ServerRefused: the query requests too many points, or its axis is not valid.
        """
        return self._client.query_series(query)

    def media(self, run_id: str, *, key: str | None = None, step: int | None = None) -> Rows:
        """Return the media files that a run logged: images, audio, video, tables.

        Args:
            run_id: Id of the run.
            key: Only files of this key.
            step: Only files of this step.

        Returns:
            One row for each file, oldest first. Pass its `digest` to `content` to get the file.
        """

        def pages() -> Iterator[Sequence[Row]]:
            after = 0
            while True:
                page = self._client.media(run_id, key=key, step=step, after=after, limit=PAGE_MEDIA)
                yield [asdict(entry) for entry in page]
                if len(page) < PAGE_MEDIA:
                    return
                after = page[-1].id

        return Rows(pages)

    def media_keys(self, run_id: str) -> list[m.MediaKey]:
        """Return the keys under which a run logged media files."""
        return self._client.media_keys(run_id)

    def content(self, digest: str) -> bytes:
        """Return the content of a media file or of a file of an artifact.

        Args:
            digest: SHA-256 of the content, as `media` returns it.

        Raises:
            NotFound: the server does not have this content. Its upload may still be running.
        """
        return b"".join(self._client.blob(digest))

    def artifacts(self, project: str | None = None, *, name: str | None = None, kind: str | None = None) -> Rows:
        """Return artifact versions, the newest of each name first.

        Args:
            project: Only artifacts of this project.
            name: Only artifacts of this name.
            kind: Only artifacts of this kind, for example `model`.

        Returns:
            One row for each version.
        """

        def pages() -> Iterator[Sequence[Row]]:
            yield [asdict(each) for each in self._client.artifacts(project=project, name=name, kind=kind)]

        return Rows(pages)

    def run_artifacts(self, run_id: str) -> list[m.ArtifactUse]:
        """Return the artifacts that a run created (`output`) and used (`input`)."""
        return self._client.artifact_uses(run_id)

    def download_artifact(self, artifact_id: str, folder: str | Path) -> Path:
        """Write the files of an artifact version into a folder and check their digests.

        Args:
            artifact_id: Id of the version.
            folder: Where to write; created if it does not exist.

        Returns:
            The folder.

        Raises:
            NotFound: there is no such version, or one of its files is not uploaded yet.
            UsageError: the artifact contains a path outside `folder`.
            OSError: a file cannot be written.
        """
        listed = self._client.artifact_files(artifact_id)
        targets = [Path(folder) / inside(file.path) for file in listed]
        for file, target in zip(listed, targets, strict=True):
            download_blob(self._client, file.digest, target)
        return Path(folder)

    def export(
        self,
        folder: str | Path,
        *,
        format: str = "csv",  # noqa: A002  named like the option of the command
        project: str | None = None,
        filter: str = "",  # noqa: A002  named like the field of the HTTP API
        keys: Sequence[str] = (),
        include_points: bool = True,
        include_files: bool = True,
    ) -> list[ExportedFile]:
        """Write runs, everything that they logged, what they printed, their media and artifacts to files.

        Args:
            folder: Where to write; created if it does not exist.
            format: Name of an exporter: `csv`, `json`, `parquet`, or one of an installed package.
            project: Only runs of this project; default: all projects.
            filter: Only runs that match this expression. `lightning-sweeps docs http-api` describes the language.
            keys: Only values of these keys; default: all keys.
            include_points: Whether to write what they logged besides the runs themselves.
            include_files: Whether to write the contents of media and artifacts.

        Returns:
            The files that were written, with the number of rows in each.

        Raises:
            UsageError: there is no such format, or a library that it needs is not installed.
            OSError: a file cannot be written.
            FormatFailed: the exporter raised something else. The files of an earlier export are unchanged.
        """
        exporter = EXPORTERS.get(format)()
        rows = self.runs(project, filter=filter, columns=EXPORTED_COLUMNS)
        runs = [whole_run(self._client, row, keys) if include_points else ExportedRun(row, ()) for row in rows]
        Path(folder).mkdir(parents=True, exist_ok=True)
        files = export_whole(exporter, ExportedRuns(("id", *EXPORTED_COLUMNS), runs, include_points), Path(folder))
        if include_points and include_files:
            home = Home(Path(folder))
            count = download_files(self._client, runs, home)
            files += [ExportedFile(home.media, count, "files")] if count else []
        return files

    def sweeps(self, project: str | None = None) -> list[m.Sweep]:
        """Return the sweeps of a project, or all sweeps, newest first."""
        return self._client.sweeps(project=project)

    def sweep(self, sweep_id: str) -> m.Sweep:
        """Return a sweep with its counts and its best trial.

        Raises:
            NotFound: there is no such sweep.
        """
        return self._client.sweep(sweep_id)

    def trials(self, sweep_id: str) -> Rows:
        """Return the trials of a sweep.

        Args:
            sweep_id: Id of the sweep.

        Returns:
            One row for each trial, in the order of their numbers. Parameters are columns `params.<name>`.

        Raises:
            NotFound: there is no such sweep (on iteration).
        """

        def pages() -> Iterator[Sequence[Row]]:
            for page in self._client.trial_pages(sweep_id):
                yield [with_parameter_columns(asdict(trial)) for trial in page]

        return Rows(pages)

    def sweep_points(self, sweep_id: str) -> Rows:
        """Return the points of a sweep: each parameter set with the value and spread of its `repeats` trials.

        Args:
            sweep_id: Id of the sweep.

        Returns:
            One row for each point, in the order of their numbers. Parameters are columns `params.<name>`.

        Raises:
            NotFound: there is no such sweep (on iteration).
        """

        def pages() -> Iterator[Sequence[Row]]:
            yield [with_parameter_columns(asdict(point)) for point in self._client.sweep_points(sweep_id)]

        return Rows(pages)

    def nodes(self) -> list[m.Node]:
        """Return the machines that have sent system metrics."""
        return self._client.nodes()


def _has_only_texts(client: Client, owner_id: str, key: str) -> bool:
    """Return whether a run logged this key, but no number under it."""
    with suppress(NotFound):
        return all(known.key != key for known in client.keys(owner_id, search=key)) and any(
            known.key == key for known in client.value_keys(owner_id)
        )
    return False
