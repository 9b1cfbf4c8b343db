"""Read what was logged: projects, runs, points, sweeps, trials and nodes, as rows or as pandas frames.

from lightning_sweeps import Api

for run in Api().runs("digits", filter="state = finished", columns=["name", "summary.val/loss"]):
    print(run["id"], run["summary.val/loss"])
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from lightning_sweeps import messages as m
from lightning_sweeps.client import Client
from lightning_sweeps.client.connection import connect
from lightning_sweeps.client.download_blobs import fetch_content
from lightning_sweeps.core.paths import inside
from lightning_sweeps.errors import UsageError

if TYPE_CHECKING:
    import pandas

PAGE_RUNS = 500
PAGE_POINTS = 50_000
PAGE_MEDIA = 1000

Row = dict[str, Any]
RUN_COLUMNS = (
    *("name", "project", "group", "rank", "state", "reason", "created", "ended", "duration", "rows", "host"),
    *("sweep", "trial", "tags", "config", "summary"),
)


class Rows:
    """Rows that are fetched page by page while one iterates; a second iteration fetches them again."""

    def __init__(self, pages: Callable[[], Iterator[Sequence[Row]]]) -> None:
        self._pages = pages

    def __iter__(self) -> Iterator[Row]:
        for page in self._pages():
            yield from page

    def frame(self) -> pandas.DataFrame:
        """Return all rows as a pandas data frame.

        Raises:
            UsageError: pandas is not installed.
        """
        try:
            import pandas
        except ModuleNotFoundError as error:
            raise UsageError("data frames need pandas", hint='pip install "lightning-sweeps[frames]"') from error
        return pandas.DataFrame(list(self))


class Api:
    """What a server knows, to be read. One connection; use it in one thread, close it or use `with`.

    Args:
        client: default: the server that the settings name, or this machine's own.

    Every method raises what `Client` raises: `ServerUnreachable`, `Unauthorized`, `NotFound`, `ServerRefused`.
    """

    def __init__(self, client: Client | None = None) -> None:
        self._client = client or connect()

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Api:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def projects(self) -> list[str]:
        return self._client.projects()

    def runs(
        self,
        project: str | None = None,
        *,
        filter: str = "",  # noqa: A002  the word of the runs table
        sort: Sequence[str] = (),
        columns: Sequence[str] = RUN_COLUMNS,
    ) -> Rows:
        """Return the runs of a project, or of all, newest first.

        Args:
            filter: an expression of the filter language (docs/api.md).
            sort: columns to sort by; a leading `-` turns the order around.
            columns: what each row holds besides `id`, for example `config.lr`, `summary.val/loss`.
        """
        keys = [m.SortKey(name.removeprefix("-"), name.startswith("-")) for name in sort]

        def pages() -> Iterator[Sequence[Row]]:
            offset = 0
            while True:
                query = m.RunsQuery(project, filter, keys, list(columns), PAGE_RUNS, offset)
                page = self._client.query_runs(query).rows
                yield page
                offset += len(page)
                if len(page) < PAGE_RUNS:
                    return

        return Rows(pages)

    def group(self, name: str, *, project: str | None = None) -> Rows:
        """Return the runs of one group: the ranks of one job."""
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return self.runs(project, filter=f'group = "{quoted}"', sort=["rank"])

    def run(self, run_id: str) -> m.Run:
        return self._client.run(run_id)

    def keys(self, owner_id: str) -> list[m.SeriesInfo]:
        """Return the logged keys of a run, or the sampled ones of a node, each in numbers."""
        return self._client.keys(owner_id)

    def points(
        self, owner_id: str, key: str, *, x: str = "step", low: float | None = None, high: float | None = None
    ) -> Rows:
        """Return every stored value of a series, or those between two places of an axis, exactly as logged.

        Non-finite values are floats here, not words.
        """

        def pages() -> Iterator[Sequence[Row]]:
            offset = 0
            while True:
                page = self._client.points(owner_id, key, x=x, low=low, high=high, offset=offset, limit=PAGE_POINTS)
                yield [asdict(point) | {"value": float(point.value)} for point in page]
                offset += len(page)
                if len(page) < PAGE_POINTS:
                    return

        return Rows(pages)

    def chart(self, query: m.SeriesQuery) -> m.SeriesAnswer:
        """Return many series, or groups of series, at the width of a chart."""
        return self._client.query_series(query)

    def media(self, run_id: str, *, key: str | None = None, step: int | None = None) -> Rows:
        """Return the files that a run has logged: images, sounds, tables; their contents come with `content`."""

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
        return self._client.media_keys(run_id)

    def content(self, digest: str) -> bytes:
        """Return a content whole, as logged.

        Raises:
            NotFound: the server does not have it (yet).
        """
        return b"".join(self._client.blob(digest))

    def artifacts(self, project: str | None = None, *, name: str | None = None, kind: str | None = None) -> Rows:
        """Return versions of artifacts, the newest of each name first."""

        def pages() -> Iterator[Sequence[Row]]:
            yield [asdict(each) for each in self._client.artifacts(project=project, name=name, kind=kind)]

        return Rows(pages)

    def run_artifacts(self, run_id: str) -> list[m.ArtifactUse]:
        """Return the artifacts that a run has made and used."""
        return self._client.artifact_uses(run_id)

    def download_artifact(self, artifact_id: str, folder: str | Path) -> Path:
        """Write the files of one version of an artifact into `folder` and return it; each is checked.

        Raises:
            NotFound: there is no such version, or the server does not have one of its files yet.
            UsageError: it names a path that leads out of `folder`.
            OSError: a file cannot be written.
        """
        listed = self._client.artifact_files(artifact_id)
        targets = [Path(folder) / inside(file.path) for file in listed]
        for file, target in zip(listed, targets, strict=True):
            fetch_content(self._client, file.digest, target)
        return Path(folder)

    def sweeps(self, project: str | None = None) -> list[m.Sweep]:
        return self._client.sweeps(project=project)

    def sweep(self, sweep_id: str) -> m.Sweep:
        return self._client.sweep(sweep_id)

    def trials(self, sweep_id: str) -> Rows:
        """Return a sweep's trials, each with its parameters as `params.<name>`."""

        def pages() -> Iterator[Sequence[Row]]:
            yield [_trial(trial) for trial in self._client.trials(sweep_id)]

        return Rows(pages)

    def nodes(self) -> list[m.Node]:
        return self._client.nodes()


def _trial(trial: m.Trial) -> Row:
    row = asdict(trial)
    params = row.pop("params")
    return row | {f"params.{name}": value for name, value in _leaves(params)}


def _leaves(values: Row, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
