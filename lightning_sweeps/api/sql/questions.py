"""The method of `Api` that asks in SQL."""

from __future__ import annotations

from collections.abc import Sequence

from lightning_sweeps.api.rows import Rows
from lightning_sweeps.api.sql.source import Source
from lightning_sweeps.api.sql.statement import TIMEOUT_S, run_statement
from lightning_sweeps.client import Client


class SqlQuestions:
    """The part of `Api` that asks in SQL."""

    @property
    def _client(self) -> Client:
        raise NotImplementedError

    def sql(
        self,
        statement: str,
        *,
        project: str | None = None,
        filter: str = "",  # noqa: A002  named like the field of the HTTP API
        keys: Sequence[str] = (),
        timeout_s: float = TIMEOUT_S,
    ) -> Rows:
        """Run a `SELECT` statement over runs, sweeps and series.

        `lightning-sweeps docs how-to/sql` describes the tables.
        Those that the statement reads are filled with what the API key may read, and SQLite runs the statement in
        this process. Neither changes anything.

        Args:
            statement: One statement in SQLite's dialect, for example `select state, count(*) from runs group by state`.
            project: Only runs and sweeps of this project; default: all projects.
            filter: Only runs that match this expression. `lightning-sweeps docs http-api` describes the language.
            keys: Only `series` and `points` of these metrics; default: of all.
            timeout_s: How long SQLite may work on the statement, in seconds.

        Returns:
            The rows. A column whose name was there before gets a number: `id`, `id_2`.

        Raises:
            UsageError: the statement is not valid, does more than read, takes too long, or reads too many points.

        Example:
            >>> api.sql("select state, count(*) from runs group by state").frame()  # doctest: +SKIP
        """
        source = Source(self._client, project, filter, keys)
        rows = run_statement(statement, source, timeout_s=timeout_s)
        return Rows(lambda: iter([rows]))
